"""Random small networks, and their generated C run on the host between guard bytes."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.base import Kernel
from paddle_cortexm.compiler.emit import ModelFacts, emit_model
from paddle_cortexm.compiler.graph import (
    Graph,
    IntegerConvolution,
    IntegerDepthwiseConvolution,
    IntegerMaxPool,
    Table,
    Window,
)
from paddle_cortexm.compiler.memory import MemoryPlan
from paddle_cortexm.simulate import HEADERS, host_compiler
from paddle_cortexm.stage import REPOSITORY
from tests.compiler.graphs import GraphBuilder
from tests.helium.layers import bytes_of, some_add, some_requantisation

GUARD_BYTES = 256
FLAGS = ("-O1", "-std=c11", "-fPIC", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
DEFINITION = '__attribute__((section(".arena"), aligned(16))) uint8_t model_arena[MODEL_ARENA_BYTES];'
GUARDED = """#include "model.h"
/* The arena inside a larger array, as a symbol of its own. */
__attribute__((aligned(16))) uint8_t guarded[{guard} + MODEL_ARENA_BYTES + {guard}];
__asm__(".globl model_arena\\n.set model_arena, guarded + {guard}");
"""


class RandomNetwork:
    """Blocks as MobileNetV2 and PPLCNet have them, with random shapes, weights and scales."""

    def __init__(self, seed: int, height: int, width: int, channels: int = 3) -> None:
        self.random = np.random.default_rng(seed)
        self.builder = GraphBuilder((1, height, width, channels), "int8")
        self.last = "image"

    def convolution(self, channels: int, kernel: int, stride: int, padding: tuple[int, int, int, int]) -> None:
        depth = self.builder.tensors[self.last].shape[3]
        weight = np.maximum(bytes_of(self.random, channels, kernel, kernel, depth), -127)
        scale = some_requantisation(self.random, channels, kernel * kernel * depth)
        window = Window((kernel, kernel), (stride, stride), padding)
        self._add(IntegerConvolution(weight, self._bias(channels), window, self._zero_point(), scale), channels)

    def depthwise(self, kernel: int, stride: int, padding: tuple[int, int, int, int]) -> None:
        channels = self.builder.tensors[self.last].shape[3]
        weight = np.maximum(bytes_of(self.random, kernel, kernel, channels), -127)
        scale = some_requantisation(self.random, channels, kernel * kernel)
        window = Window((kernel, kernel), (stride, stride), padding)
        operator = IntegerDepthwiseConvolution(weight, self._bias(channels), window, self._zero_point(), scale)
        self._add(operator, channels)

    def max_pool(self, kernel: int, stride: int) -> None:
        self._add(IntegerMaxPool(Window((kernel, kernel), (stride, stride))))

    def table(self) -> None:
        self._add(Table(bytes_of(self.random, 256)))

    def add(self, name: str) -> None:
        """Add an earlier tensor of the same shape."""
        self._add(some_add(self.random), None, name)

    def same_shape(self) -> list[str]:
        """Earlier tensors that can be added to the last one."""
        shape = self.builder.tensors[self.last].shape
        return [n for n, t in self.builder.tensors.items() if t.shape == shape and n != self.last]

    @property
    def height(self) -> int:
        return self.builder.tensors[self.last].shape[1]

    def _bias(self, channels: int) -> NDArray[np.int32]:
        return self.random.integers(-2000, 2000, channels).astype(np.int32)

    def _zero_point(self) -> int:
        return int(self.random.integers(-128, 128))

    def _add(self, operator: object, channels: int | None = None, *more: str) -> None:
        _, height, width, depth = self.builder.tensors[self.last].shape
        window = getattr(operator, "window", Window())
        top, left, bottom, right = window.padding
        rows = (height + top + bottom - window.kernel[0]) // window.stride[0] + 1
        columns = (width + left + right - window.kernel[1]) // window.stride[1] + 1
        shape = (1, rows, columns, channels or depth)
        name = f"t{len(self.builder.layers)}"
        self.last = self.builder.add(name, operator, self.last, *more, shape=shape)  # type: ignore[arg-type]


@cache
def kernel_objects() -> tuple[str, ...]:
    """The int8 kernels, compiled once in a test run."""
    folder = Path(mkdtemp())
    sources = sorted((REPOSITORY / "app/helium").glob("*_s8.c"))
    includes = [f"-I{REPOSITORY / header}" for header in HEADERS]
    subprocess.run([host_compiler(), *FLAGS, *includes, "-c", *map(str, sources)], check=True, cwd=folder)
    return tuple(str(path) for path in sorted(folder.glob("*.o")))


def run_guarded(
    folder: Path, graph: Graph, kernels: Mapping[str, Kernel], plan: MemoryPlan, image: NDArray[np.int8]
) -> bytes:
    """The network's output from its generated C; the arena begins as noise and the bytes around it must stay.

    Raises AssertionError when a guard byte changed.
    """
    folder.mkdir()
    emit_model(folder, graph, kernels, plan, ModelFacts("test", graph.tensors[graph.input].shape[1], "int8"))
    source = (folder / "model.c").read_text()
    assert DEFINITION in source
    (folder / "model.c").write_text(source.replace(DEFINITION, ""))
    (folder / "guarded.c").write_text(GUARDED.format(guard=GUARD_BYTES))
    sources = [*(str(folder / name) for name in ("model.c", "model_weights.c", "guarded.c"))]
    sources += [str(REPOSITORY / "app/stream.c"), *kernel_objects()]
    includes = [f"-I{path}" for path in (folder, *(REPOSITORY / header for header in HEADERS))]
    library = folder / "model.so"
    subprocess.run([host_compiler(), *FLAGS, "-shared", *includes, *sources, "-o", str(library)], check=True)
    loaded = ctypes.CDLL(str(library))
    guarded = (ctypes.c_uint8 * (2 * GUARD_BYTES + plan.arena_bytes)).in_dll(loaded, "guarded")
    noise = np.random.default_rng(1).integers(0, 256, len(guarded), dtype=np.uint8)
    guarded[:] = noise.tolist()
    output = np.empty(graph.tensors[graph.output].shape, np.int8)
    assert loaded.model_run(ctypes.c_void_p(image.ctypes.data), ctypes.c_void_p(output.ctypes.data)) == 0
    after = np.frombuffer(guarded, np.uint8)
    assert (after[:GUARD_BYTES] == noise[:GUARD_BYTES]).all(), "bytes before the arena were written"
    assert (after[-GUARD_BYTES:] == noise[-GUARD_BYTES:]).all(), "bytes behind the arena were written"
    return output.tobytes()
