"""A network of 300 layers as a program on QEMU: a counter each, weights that the assembler includes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.emit.weights import BINARY
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.pipeline import CompiledModel, write_model
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.config import Config
from paddle_cortexm.firmware import size_report
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.simulator import transcript
from paddle_cortexm.target import COUNTER_BYTES
from tests.app.conftest import Runner
from tests.compiler.networks import Network
from tests.firmware.installed import of_kind

SIZE, LAYERS = 16, 300
FRAME = np.random.default_rng(1).integers(0, 256, (12, 11, 3), dtype=np.uint8)


def network() -> Graph:
    """A stem and pointwise layers whose sums just saturate, so that no image fades on its way."""
    chain, random = Network(SIZE), np.random.default_rng(2)
    last = chain.convolution("image", 64, 3, 2)
    while len(chain.builder.layers) < LAYERS:
        last = chain.convolution(last, 64)
    graph = chain.builder.graph()
    layers = []
    for layer in graph.layers:
        assert isinstance(layer.operator, IntegerConvolution)
        weight = random.integers(-127, 128, layer.operator.weight.shape, dtype=np.int8)
        layers.append(replace(layer, operator=replace(layer.operator, weight=weight)))
    tensors = {name: replace(tensor, grid=Grid(0.05, 3)) for name, tensor in graph.tensors.items()}
    return replace(graph, layers=tuple(layers), tensors=tensors)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stage 3's folder of the network."""
    made = tmp_path_factory.mktemp("large")
    selected = select_kernels(network(), backends_named(("helium",)))
    model = CompiledModel(selected, plan_arena(selected, "none"), planned_layers(selected))
    config = Config.model_validate({"name": "large", "model": {"backbone": "MobileNetV2", "image_size": SIZE}})
    classes = selected.graph.tensors[selected.graph.output].elements
    write_model(made, config, model, [f"label {i}" for i in range(classes)], FRAME)
    return made


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_a_network_of_300_layers_gives_the_host_s_bits_and_counts_every_layer(
    tmp_path: Path, folder: Path, run: Runner, kind: str
) -> None:
    assert (folder / BINARY).is_file()
    elf = build_program(tmp_path / "objects", folder, CORSTONE300, of_kind(CORSTONE300, kind))
    said = transcript.parse(run(elf, images=[FRAME]).text)
    expected = HostModel(folder, reference=True).run(FRAME)
    assert len(np.unique(expected)) > 100
    assert said.frames[0].output == expected.tobytes()
    counts = [count for _, count in said.layers]
    assert len(counts) == LAYERS and all(counts) and sum(counts) <= said.frames[0].model
    _, use = size_report.measure(elf, CORSTONE300, Model.read(folder).regions)
    assert use["DDR"].contents["data"] == LAYERS * COUNTER_BYTES


def test_names_sort_as_layers_run(folder: Path) -> None:
    lines = (folder / "model_weights.h").read_text().splitlines()
    names = [line.split()[-1].split("[")[0] for line in lines if line.startswith("extern")]
    assert names[0].startswith("layer_000_") and names[-1].startswith(f"layer_{LAYERS - 1}_")
    assert [name[:9] for name in names] == sorted(name[:9] for name in names)
