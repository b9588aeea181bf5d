"""QAT: trains, freezes batch norm, calibrates again, resumes; what it makes is what the integers compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.artefacts.quantisation import Recipe
from paddle_cortexm.config import Config, Quantise
from paddle_cortexm.data.datasets import HeldFrames
from paddle_cortexm.data.pixels import HeldPixels
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.quantisation.post_training import PostTraining, Quantised
from paddle_cortexm.quantisation.qat import train_on_grid
from paddle_cortexm.training.batches import Batches
from paddle_cortexm.training.checkpoint import Checkpoint, Epoch
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.loop import Material
from tests.quantisation.small_graphs import SIZE, block

RECIPE = Recipe(algorithm="mse", range_search=True, int16=True)
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


def trained(folder: Path, epochs: int) -> tuple[Quantised, list[Epoch]]:
    """Train the block; its quantised form and the epochs."""
    seen = pixels(256)
    calibration = normalised(seen.images[:64])
    start = PostTraining(block(), calibration, lambda *_: {}, PIXEL_RANGE, quiet=True).quantised(RECIPE)
    frames = HeldFrames(seen.targets, tuple(seen.images))
    material = Material(Batches(frames, SMALL, Group()), seen, TABLE)
    settings = (CONFIG.train, Quantise(method="qat", algorithm="mse", epochs=epochs, learning_rate=0.01))
    checkpoint = Checkpoint(folder, "test")
    return train_on_grid(start, material, settings, calibration, PIXEL_RANGE, checkpoint, quiet=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> tuple[Quantised, list[Epoch]]:
    return trained(tmp_path_factory.mktemp("checkpoint"), 4)


def test_training_learns(run: tuple[Quantised, list[Epoch]]) -> None:
    _, epochs = run
    assert epochs[-1].validation_accuracy > 0.9 and epochs[-1].loss < epochs[0].loss


def test_ranges_are_calibrated_again(run: tuple[Quantised, list[Epoch]]) -> None:
    made, _ = run
    assert {entry.source for entry in made.ranges.values()} == {"qat-mse"}


def test_an_interrupted_run_goes_on_with_the_ranges_it_had(tmp_path: Path) -> None:
    first, _ = trained(tmp_path, 4)
    again, epochs = trained(tmp_path, 4)  # all four epochs come from the checkpoint
    assert len(epochs) == 4
    assert again.ranges == first.ranges and again.grids == first.grids


def test_what_had_16_bits_keeps_them(run: tuple[Quantised, list[Epoch]]) -> None:
    made, _ = run
    assert made.ranges["logits"].bits == 16 and made.grids["logits"].dtype == "int16"


class Brightest(paddle.nn.Layer):
    """A teacher that is sure of the brightest colour's class, whatever the labels say."""

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        shares = paddle.nn.functional.one_hot(images.mean(axis=[2, 3]).argmax(axis=1), 5)
        return 10 * shares


def test_a_teacher_s_answers_are_learned_where_they_are_all_that_counts(tmp_path: Path) -> None:
    seen = pixels(256)
    wrong = HeldPixels(seen.images, (seen.targets + 1) % 3, seen.indices)
    calibration = normalised(seen.images[:64])
    start = PostTraining(block(), calibration, lambda *_: {}, PIXEL_RANGE, quiet=True).quantised(RECIPE)
    material = Material(Batches(HeldFrames(wrong.targets, tuple(wrong.images)), SMALL, Group()), seen, TABLE)
    settings = (CONFIG.train, Quantise(method="qat", epochs=4, learning_rate=0.01, distillation=1))
    checkpoint = Checkpoint(tmp_path, "test")
    _, epochs = train_on_grid(
        start, material, settings, calibration, PIXEL_RANGE, checkpoint, teacher=Brightest(), quiet=True
    )
    assert epochs[-1].validation_accuracy > 0.9


def test_classes_have_the_weights_of_section_train(tmp_path: Path) -> None:
    """With the weight of two classes at zero, only the third is ever answered."""
    seen = pixels(256)
    calibration = normalised(seen.images[:64])
    start = PostTraining(block(), calibration, lambda *_: {}, PIXEL_RANGE, quiet=True).quantised(RECIPE)
    material = Material(Batches(HeldFrames(seen.targets, tuple(seen.images)), SMALL, Group()), seen, TABLE)
    weighted = CONFIG.train.model_copy(update={"class_weights": (0.0, 0.0, 1.0, 1.0, 1.0)})
    settings = (weighted, Quantise(method="qat", epochs=4, learning_rate=0.01))
    made, _ = train_on_grid(
        start, material, settings, calibration, PIXEL_RANGE, Checkpoint(tmp_path, "test"), quiet=True
    )
    answers = made.logits(normalised(seen.images)).argmax(axis=1)
    assert np.mean(answers == 2) > 0.9
