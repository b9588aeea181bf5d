"""A program with int16 tensors and int16 logits on QEMU: the host's bits, and scores from its logits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.pipeline import CompiledModel, write_model
from paddle_cortexm.compiler.reference import run_integers
from paddle_cortexm.config import Config
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.simulator import transcript
from paddle_cortexm.simulator.verdict import compare
from tests.app.conftest import Runner
from tests.compiler.graphs import dequantised
from tests.compiler.wide_networks import BLOCK_OUTPUTS, LOGITS, float_images, wide_blocks

SIZE = 32
ARENAS = ("none", "minimum")


def frames() -> list[NDArray[np.uint8]]:
    return [np.random.default_rng(i).integers(0, 256, (SIZE + i, SIZE, 3), dtype=np.uint8) for i in range(2)]


@pytest.fixture(scope="module")
def graph() -> Graph:
    return wide_blocks(size=SIZE)


@pytest.fixture(scope="module")
def folders(graph: Graph, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Stage 3's folders: whole tensors, and rows of them."""
    network = select_kernels(graph, backends_named(("helium", "tvm")))
    config = Config.model_validate({"name": "wide", "model": {"backbone": "MobileNetV2", "image_size": SIZE}})
    labels = [f"label {i}" for i in range(graph.tensors[graph.output].elements)]
    made = {arena: tmp_path_factory.mktemp(arena) for arena in ARENAS}
    for arena, folder in made.items():
        plan = plan_arena(network, arena)  # type: ignore[arg-type]
        write_model(folder, config, CompiledModel(network, plan, planned_layers(network)), labels, frames()[0])
    return made


def test_the_host_s_tensors_are_the_references(graph: Graph, folders: dict[str, Path]) -> None:
    model, seen = HostModel(folders["none"]), {}
    grid = graph.tensors[graph.input].grid
    assert grid is not None
    image = grid.integers(float_images(1, size=SIZE))
    names = [layer.name for layer in model.facts.layers]
    model.on_layer(lambda number: seen.update({names[number]: model.tensor(names[number])}))
    model.run_input(image)
    model.on_layer(None)
    expected = run_integers(graph, image)
    for name in (*BLOCK_OUTPUTS, LOGITS):
        assert seen[name].dtype == np.int16
        np.testing.assert_array_equal(seen[name], expected[name])


@pytest.mark.parametrize("arena", ARENAS)
def test_the_target_s_logits_are_the_host_s(
    arena: str, graph: Graph, folders: dict[str, Path], tmp_path: Path, run: Runner
) -> None:
    elf = build_program(tmp_path / "objects", folders[arena], CORSTONE300, toolchains.choose(CORSTONE300, None))
    said = transcript.parse(run(elf, images=frames()).text).frames
    assert len(said) == len(frames())
    for frame, image in zip(said, frames(), strict=True):
        logits = HostModel(folders[arena]).run(image)
        assert logits.dtype == np.int16
        assert compare(frame.output, logits, "int8").passed
        real = dequantised(logits, graph.tensors[LOGITS].grid).reshape(-1)
        assert frame.class_number == real.argmax()
        assert frame.score == pytest.approx(1 / np.exp(real - real.max()).sum(), abs=1e-3)


def test_streaming_takes_rows_of_int16_too(folders: dict[str, Path]) -> None:
    rolling = {name: HostModel(folders["minimum"]).facts.tensors[name].rolling_rows for name in BLOCK_OUTPUTS}
    assert any(rolling.values())
