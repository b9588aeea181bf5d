"""A streamed network as a program on QEMU: the preprocessing makes rows on demand, every layer's share is counted."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.pipeline import CompiledModel, write_model
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.config import Config
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.simulator import transcript
from paddle_cortexm.simulator.transcript import Transcript
from tests.app.conftest import Runner
from tests.compiler.arena.streamed_networks import DEFINITION, RandomNetwork

SIZE = 24
GUARD_BYTES = 256
GUARDED_ARENA = """
static __attribute__((section(".arena"), aligned(16))) uint8_t guarded[{guard} + MODEL_ARENA_BYTES + {guard}];
__asm__(".globl model_arena\\n.set model_arena, guarded + {guard}");
"""
GUARDED_RUN = """
static uint8_t guard_byte(uint32_t i)
{{
    return (uint8_t)(i * 97u + 13u);
}}

/* As the program's model_run_rows, with a last layer that failed where a byte beside the arena changed. */
int model_run_rows(const model_rows_t *input, model_output_t *output)
{{
    uint8_t *const behind = guarded + {guard} + MODEL_ARENA_BYTES;
    for (uint32_t i = 0; i < {guard}; i++) {{
        guarded[i] = behind[i] = guard_byte(i);
    }}
    const int failed = unguarded_run_rows(input, output);
    for (uint32_t i = 0; i < {guard}; i++) {{
        if (guarded[i] != guard_byte(i) || behind[i] != guard_byte(i)) {{
            return MODEL_LAYER_COUNT;
        }}
    }}
    return failed;
}}
"""


def frames() -> list[NDArray[np.uint8]]:
    """Three frames of noise, each of another size."""
    return [np.random.default_rng(i).integers(0, 256, (30 + i, 41, 3), dtype=np.uint8) for i in range(3)]


def network() -> Graph:
    """A stem and two blocks, the second with a residual."""
    blocks = RandomNetwork(seed=3, height=SIZE, width=SIZE)
    blocks.convolution(16, 3, 2, (1, 1, 1, 1))
    for stride in (2, 1):
        begin = blocks.last
        blocks.convolution(48, 1, 1, (0, 0, 0, 0))
        blocks.depthwise(5, stride, (2, 2, 2, 2))
        blocks.convolution(24, 1, 1, (0, 0, 0, 0))
        if begin in blocks.same_shape():
            blocks.add(begin)
    graph = blocks.builder.graph()
    scaled = {name: replace(t, grid=Grid(0.05, 3)) for name, t in graph.tensors.items()}
    return replace(graph, tensors=scaled)


def compiled(folder: Path, arena: str) -> CompiledModel:
    """Stage 3's folder of the network."""
    folder.mkdir()
    selected = select_kernels(network(), backends_named(("helium",)))
    plan = plan_arena(selected, arena)  # type: ignore[arg-type]
    model = CompiledModel(selected, plan, planned_layers(selected))
    config = Config.model_validate({"name": "streamed", "model": {"backbone": "MobileNetV2", "image_size": SIZE}})
    classes = selected.graph.tensors[selected.graph.output].elements
    write_model(folder, config, model, [f"label {i}" for i in range(classes)], frames()[0])
    return model


def put_between_guards(folder: Path, *, broken: bool = False) -> None:
    """Change stage 3's C so that the arena stands between guard bytes, which are checked after each run. broken: the
    model writes one byte too far."""
    text = (folder / "model.c").read_text()
    definition, run = DEFINITION, "int model_run_rows(const model_rows_t *input, model_output_t *output)"
    assert definition in text and run in text
    text = text.replace(definition, GUARDED_ARENA.format(guard=GUARD_BYTES))
    renamed = f"static {run.replace('model_run_rows', 'unguarded_run_rows')}"
    begin = f"{renamed}\n{{\n" + ("    *AT(uint8_t, MODEL_ARENA_BYTES) ^= 1;\n" if broken else "")
    text = text.replace(f"{run}\n{{\n", begin).replace("return model_run_rows(", "return unguarded_run_rows(")
    (folder / "model.c").write_text(text + GUARDED_RUN.format(guard=GUARD_BYTES))
    model = Model.read(folder)
    larger = model.memory.model_copy(update={"arena_bytes": model.memory.arena_bytes + 2 * GUARD_BYTES})
    model.model_copy(update={"memory": larger}).write(folder)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both programs: none/app.elf layer by layer, minimum/app.elf streamed."""
    made = tmp_path_factory.mktemp("streamed")
    for arena in ("none", "minimum"):
        compiled(made / arena, arena)
        build_program(made / f"{arena}_objects", made / arena, CORSTONE300, toolchains.choose(CORSTONE300, None))
    return made


@pytest.mark.parametrize("broken", [False, True])
def test_on_the_target_too_no_byte_beside_the_arena_is_written(tmp_path: Path, run: Runner, broken: bool) -> None:
    compiled(tmp_path / "minimum", "minimum")
    put_between_guards(tmp_path / "minimum", broken=broken)
    elf = build_program(tmp_path / "objects", tmp_path / "minimum", CORSTONE300, toolchains.choose(CORSTONE300, None))
    text = run(elf, images=frames()).text
    if broken:
        assert "error: layer" in text
    else:
        assert len(transcript.parse(text).frames) == len(frames())


def said(folder: Path, arena: str, run: Runner) -> Transcript:
    return transcript.parse(run(folder / f"{arena}_objects" / "app.elf", images=frames()).text)


def test_the_streamed_program_gives_the_host_s_bits_frame_after_frame(folder: Path, run: Runner) -> None:
    whole = HostModel(folder / "none")
    outputs = [frame.output for frame in said(folder, "minimum", run).frames]
    assert outputs == [whole.run(frame).tobytes() for frame in frames()]
    assert HostModel(folder / "minimum").facts.memory.arena_bytes < whole.facts.memory.arena_bytes


def test_rows_are_counted_to_their_layers_and_to_the_preprocessing(folder: Path, run: Runner) -> None:
    whole, streamed = said(folder, "none", run), said(folder, "minimum", run)
    assert [name for name, _ in streamed.layers] == [name for name, _ in whole.layers]
    for (_, plain), (_, by_rows) in zip(whole.layers, streamed.layers, strict=True):
        assert 0.8 * plain < by_rows < 2 * plain  # these rows are short: the calls show
    first = streamed.frames[0]
    assert sum(count for _, count in streamed.layers) <= first.model < 1.02 * sum(c for _, c in streamed.layers)
    assert whole.frames[0].preprocessing < first.preprocessing < 1.2 * whole.frames[0].preprocessing
