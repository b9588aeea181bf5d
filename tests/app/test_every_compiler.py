"""Every compiler of this machine makes programs that give the host's bits; a skipped one says why it is refused.

The clangs, ziglang and gcc are found as stage 4 finds them: on PATH and in the Python environment.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.emit import weights
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.pipeline import CompiledModel, write_model
from paddle_cortexm.compiler.tensor import DataType, Grid
from paddle_cortexm.config import Config
from paddle_cortexm.firmware import isa_proof, toolchains
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.firmware.compiler_check import check_compiler
from paddle_cortexm.firmware.toolchains import Refusal, Toolchain
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.simulator import transcript
from tests.app.conftest import Runner
from tests.compiler.arena.streamed_networks import RandomNetwork

SIZE = 21
TYPES: tuple[DataType, ...] = ("int8", "float32", "float16")


def frames() -> list[NDArray[np.uint8]]:
    return [np.random.default_rng(i).integers(0, 256, (30 + i, 41, 3), dtype=np.uint8) for i in range(2)]


def network(dtype: DataType) -> Graph:
    """Layers of all kinds that differ in their code: depthwise 3 × 3 and 5 × 5, most with a table behind, residuals."""
    blocks = RandomNetwork(2, SIZE, SIZE, dtype=dtype)
    blocks.convolution(16, 3, 2, (1, 1, 1, 1))
    blocks.table()
    for kernel, stride in ((3, 1), (5, 1), (3, 2), (5, 2)):
        begin, padding = blocks.last, kernel // 2
        blocks.convolution(40, 1, 1, (0, 0, 0, 0))
        blocks.table()
        blocks.depthwise(kernel, stride, (padding, padding, padding, padding))
        blocks.table()
        blocks.convolution(16, 1, 1, (0, 0, 0, 0))
        if begin in blocks.same_shape():
            blocks.add(begin)
    graph = blocks.builder.graph()
    scaled = {n: replace(t, grid=Grid(0.05, 3)) if dtype == "int8" else t for n, t in graph.tensors.items()}
    return replace(graph, tensors=scaled)


@pytest.fixture(scope="module", params=TYPES)
def compiled(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Stage 3's folder of the network."""
    folder = tmp_path_factory.mktemp(request.param)
    kernels = select_kernels(network(request.param), backends_named(("helium", "tvm")))
    config = Config.model_validate({"name": request.param, "model": {"backbone": "MobileNetV2", "image_size": SIZE}})
    model = CompiledModel(kernels, plan_arena(kernels, "none"), planned_layers(kernels))
    classes = kernels.graph.tensors[kernels.graph.output].elements
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(weights, "MOST_TEXT", 0)  # every assembler includes the weights, too
        write_model(folder, config, model, [f"label {i}" for i in range(classes)], frames()[0])
    return folder


@pytest.mark.parametrize("compiler", list(toolchains.every(CORSTONE300)), ids=str)
def test_the_program_gives_the_host_s_bits(
    compiler: Toolchain | Refusal, compiled: Path, tmp_path: Path, run: Runner
) -> None:
    if isinstance(compiler, Refusal):
        pytest.skip(f"refused: {compiler}")
    elf = build_program(tmp_path / "objects", compiled, CORSTONE300, compiler)
    host = HostModel(compiled)
    assert min(isa_proof.check_helium(tmp_path / "objects", host.facts.sources, compiler.objdump).values()) > 0
    check_compiler(tmp_path / "objects", compiler)
    said = transcript.parse(run(elf, images=frames()).text).frames
    expected = [host.run(frame) for frame in frames()]
    assert [frame.output for frame in said] == [output.tobytes() for output in expected]
    assert all(len(np.unique(output)) > 50 for output in expected)  # an error in any layer would be seen
