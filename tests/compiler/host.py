"""Compile a small graph with given backends, build the C for the host, run it."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.arena.plan import plan_memory
from paddle_cortexm.compiler.emit import ModelFacts, emit_model
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import Backend
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.pipeline import CompiledModel
from paddle_cortexm.host.compiler import float16_flags, host_compiler
from paddle_cortexm.host.model import HOST_FLAGS
from paddle_cortexm.paths import HOST_HEADERS, REPOSITORY
from paddle_cortexm.settings.image_input import ImageInput


def compile_graph(folder: Path, graph: Graph, backends: Sequence[Backend]) -> CompiledModel:
    """Select, plan and emit the graph into folder/model."""
    network = select_kernels(graph, backends)
    plan = plan_memory(network)
    layers = planned_layers(network)
    (folder / "model").mkdir()
    size = graph.tensors[graph.input].shape[1:3]
    facts = ModelFacts("test", ImageInput(size, size))
    emit_model(folder / "model", network, plan, facts)
    return CompiledModel(network, plan, layers)


def run_graph(
    folder: Path, graph: Graph, backends: Sequence[Backend], image: NDArray[np.generic]
) -> NDArray[np.generic]:
    """The graph's output for one image, computed by the generated C."""
    model = compile_graph(folder, graph, backends)
    sources = {str(REPOSITORY / path) for path in model.network.sources}
    sources |= {str(folder / "model" / name) for name in ("model.c", "model_weights.c")}
    includes = [f"-I{path}" for path in (folder / "model", *(REPOSITORY / header for header in HOST_HEADERS))]
    library = folder / "model.so"
    command = [
        host_compiler(float16=True),
        *float16_flags(),
        *HOST_FLAGS,
        *includes,
        *sorted(sources),
        "-lm",
        "-o",
        str(library),
    ]
    subprocess.run(command, check=True)
    result = graph.tensors[graph.output]
    output = np.empty(result.shape, result.dtype)
    source = np.ascontiguousarray(image)
    run = ctypes.CDLL(str(library)).model_run
    assert run(ctypes.c_void_p(source.ctypes.data), ctypes.c_void_p(output.ctypes.data)) == 0
    return output
