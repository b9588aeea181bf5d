"""QAT: trains, freezes batch norm, calibrates again, resumes; what it makes is what the integers compute."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.artefacts.quantisation import Recipe
from paddle_cortexm.compiler.integers.fake_quantisation import run_fake_quantised
from paddle_cortexm.config import Config, Quantise
from paddle_cortexm.data.datasets import HeldFrames
from paddle_cortexm.data.pixels import HeldPixels
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.quantisation.post_training import Quantised, quantise_with
from paddle_cortexm.quantisation.qat import train_on_grid
from paddle_cortexm.training.batches import Batches
from paddle_cortexm.training.checkpoint import Checkpoint, Epoch
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.loop import Material
from tests.quantisation.small_graphs import SIZE, block

TABLE = normalisation_table((0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
PIXEL_RANGE = (float(TABLE.min()), float(TABLE.max()))
CONFIG = Config.model_validate(
    {
        "name": "block",
        "model": {"backbone": "none"},
        "data": {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25)},
        "train": {
            "batch_size": 32,
            "optimiser": "adamw",
            "label_smoothing": 0,
            "crop_scale": (1, 1),
            "colour_jitter": 0,
        },
    }
)

SMALL = CONFIG.model_copy(update={"model": CONFIG.model.model_copy(update={"image_size": SIZE})})  # as no config may be


def pixels(count: int) -> HeldPixels:
    """Images whose class is their brightest colour (of 3)."""
    random = np.random.default_rng(6)
    targets = np.arange(count) % 3
    images = random.integers(0, 120, (count, SIZE, SIZE, 3))
    images[np.arange(count), :, :, targets] += 60
    return HeldPixels(images.astype(np.uint8), targets, np.arange(count))


def normalised(images: np.ndarray) -> np.ndarray:
    return TABLE[np.arange(3), images].astype(np.float32)


def trained(folder: Path, epochs: int, *, wide: bool = False) -> tuple[Quantised, list[Epoch], np.ndarray]:
    """Train the block; its quantised form, the epochs, and the network's logits for the images. wide: of 16 bits."""
    seen = pixels(256)
    start = quantise_with(Recipe(algorithm="mse"), block(), normalised(seen.images[:64]), lambda *_: {}, PIXEL_RANGE)
    if wide:
        start = replace(start, ranges=start.ranges | {"logits": start.ranges["logits"].model_copy(update={"bits": 16})})
    frames = HeldFrames(seen.targets, tuple(seen.images))
    material = Material(Batches(frames, SMALL, Group()), seen, TABLE)
    settings = (CONFIG.train, Quantise(method="qat", algorithm="mse", epochs=epochs, learning_rate=0.01))
    checkpoint = Checkpoint(folder, "test")
    made, known, answer = train_on_grid(
        start, material, settings, normalised(seen.images[:64]), PIXEL_RANGE, checkpoint, quiet=True
    )
    return made, known, answer(normalised(seen.images).transpose(0, 3, 1, 2))


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Quantised, list[Epoch], np.ndarray]:
    return trained(tmp_path_factory.mktemp("checkpoint"), 4)


def test_training_learns(run: tuple[Quantised, list[Epoch], np.ndarray]) -> None:
    _, epochs, _ = run
    assert epochs[-1].validation_top1 > 0.9 and epochs[-1].loss < epochs[0].loss


def test_ranges_are_calibrated_again(run: tuple[Quantised, list[Epoch], np.ndarray]) -> None:
    made, _, _ = run
    assert {entry.source for entry in made.ranges.values()} == {"qat-mse"}


def test_the_deployed_weights_give_the_networks_answers(run: tuple[Quantised, list[Epoch], np.ndarray]) -> None:
    made, _, logits = run
    inputs = normalised(pixels(256).images)
    got = run_fake_quantised(made.deployed.graph, made.grids, inputs)["logits"].reshape(len(inputs), -1)
    steps = np.abs(got - logits) / made.grids["logits"].scale
    assert np.mean(steps < 1.01) > 0.95


def test_an_interrupted_run_goes_on_with_the_ranges_it_had(tmp_path: Path) -> None:
    first, _, _ = trained(tmp_path, 4)
    again, epochs, _ = trained(tmp_path, 4)  # all four epochs come from the checkpoint
    assert len(epochs) == 4
    assert again.ranges == first.ranges and again.grids == first.grids


def test_tensors_of_16_bits_keep_them(tmp_path: Path) -> None:
    made, _, _ = trained(tmp_path, 1, wide=True)
    assert {name for name, entry in made.ranges.items() if entry.bits == 16} == {"logits"}
    assert {name for name, grid in made.grids.items() if grid.dtype == "int16"} == {"logits"}
