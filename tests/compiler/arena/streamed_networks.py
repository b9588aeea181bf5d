"""Random small networks, and their generated C run on the host between guard bytes."""

from __future__ import annotations

import ctypes
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.emit import ModelFacts, emit_model
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation, Table
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.conversion import Dequantise, Quantise
from paddle_cortexm.compiler.operators.movement.concat import Concat, IntegerConcat, Run
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool, MaxPool
from paddle_cortexm.compiler.operators.weights.convolution import Convolution, IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import (
    DepthwiseConvolution,
    IntegerDepthwiseConvolution,
)
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected
from paddle_cortexm.compiler.tensor import DataType, Grid
from paddle_cortexm.host.compiler import float16_flags, host_compiler
from paddle_cortexm.paths import HOST_HEADERS, REPOSITORY
from paddle_cortexm.settings.image_input import ImageInput
from tests.compiler.backends.helium.examples.layers import bytes_of, some_add, some_requantisation
from tests.compiler.graphs import GraphBuilder

GUARD_BYTES = 256
FLAGS = ("-O1", "-std=c11", "-fPIC", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror")
DEFINITION = '__attribute__((section(".arena"), aligned(16))) uint8_t model_arena[MODEL_ARENA_BYTES];'
GUARDED = """#include "model.h"
/* The arena inside a larger array, as a symbol of its own. */
__attribute__((aligned(16))) uint8_t guarded[{guard} + MODEL_ARENA_BYTES + {guard}];
__asm__(".globl model_arena\\n.set model_arena, guarded + {guard}");
"""


class RandomNetwork:
    """Blocks as MobileNetV2 and PPLCNet have them, with random shapes, weights and scales; int8 or in floats, or, after
    `converted`, both."""

    def __init__(self, seed: int, height: int, width: int, channels: int = 3, dtype: DataType = "int8") -> None:
        self.random = np.random.default_rng(seed)
        self.builder = GraphBuilder((1, height, width, channels), dtype)
        self.last = "image"

    @property
    def is_int8(self) -> bool:
        return self.builder.dtype == "int8"

    def convolution(
        self, channels: int, kernel: int, stride: int, padding: tuple[int, int, int, int], groups: int = 1
    ) -> None:
        depth = self.builder.tensors[self.last].shape[3] // groups
        window, shape = Window((kernel, kernel), (stride, stride), padding), (channels, kernel, kernel, depth)
        if not self.is_int8:
            self._add(Convolution(self._floats(*shape), self._floats(channels), window, groups=groups))
            return
        weight = np.maximum(bytes_of(self.random, *shape), -127)
        scale = some_requantisation(self.random, channels, kernel * kernel * depth)
        operator = IntegerConvolution(weight, self._bias(channels), window, self._zero_point(), scale, groups=groups)
        self._add(operator)

    def depthwise(self, kernel: int, stride: int, padding: tuple[int, int, int, int], dilation: int = 1) -> None:
        channels = self.builder.tensors[self.last].shape[3]
        window = Window((kernel, kernel), (stride, stride), padding, (dilation, dilation))
        shape = (kernel, kernel, channels)
        if not self.is_int8:
            self._add(DepthwiseConvolution(self._floats(*shape), self._floats(channels), window))
            return
        weight = np.maximum(bytes_of(self.random, *shape), -127)
        scale = some_requantisation(self.random, channels, kernel * kernel)
        operator = IntegerDepthwiseConvolution(weight, self._bias(channels), window, self._zero_point(), scale)
        self._add(operator)

    def fully_connected(self, channels: int) -> None:
        """Of the whole image, in floats."""
        depth = int(np.prod(self.builder.tensors[self.last].shape))
        self._add(FullyConnected(self._floats(channels, depth), self._floats(channels)))

    def max_pool(self, kernel: int, stride: int) -> None:
        window = Window((kernel, kernel), (stride, stride))
        self._add(IntegerMaxPool(window) if self.is_int8 else MaxPool(window))

    def table(self) -> None:
        self._add(Table(bytes_of(self.random, 256), "hard_swish") if self.is_int8 else Activation("hard_swish"))

    def add(self, name: str) -> None:
        """Add an earlier tensor of the same shape and type."""
        self._add(some_add(self.random) if self.is_int8 else Add(), name)

    def concat(self, *names: str) -> None:
        """Parts of the last and of earlier tensors of the same size and type behind each other."""
        widths = [self.builder.tensors[name].shape[3] for name in (self.last, *names)]
        starts = [int(self.random.integers(0, width)) for width in widths]
        runs = tuple(Run(i, start, width - start) for i, (start, width) in enumerate(zip(starts, widths, strict=True)))
        tables = (None, *(bytes_of(self.random, 256) for _ in names))
        self._add(IntegerConcat(runs, tables) if self.is_int8 else Concat(runs), *names)

    def converted(self) -> None:
        """From int8 to float32 or back."""
        grid = Grid(0.05, self._zero_point())
        self.builder.dtype = "float32" if self.is_int8 else "int8"
        self._add(Quantise(grid) if self.is_int8 else Dequantise(grid))

    def same_size(self) -> list[str]:
        """Earlier tensors that the last one can be concatenated with."""
        last = self.builder.tensors[self.last]
        alike = [n for n, t in self.builder.tensors.items() if (t.shape[:3], t.dtype) == (last.shape[:3], last.dtype)]
        return [name for name in alike if name != self.last]

    def same_shape(self) -> list[str]:
        """Earlier tensors that can be added to the last one."""
        last = self.builder.tensors[self.last]
        alike = [n for n, t in self.builder.tensors.items() if (t.shape, t.dtype) == (last.shape, last.dtype)]
        return [name for name in alike if name != self.last]

    @property
    def height(self) -> int:
        return self.builder.tensors[self.last].shape[1]

    def _floats(self, *shape: int) -> NDArray[np.float32]:
        depth = max(1, int(np.prod(shape[1:])))
        return (self.random.standard_normal(shape) / depth**0.5).astype(np.float32)

    def _bias(self, channels: int) -> NDArray[np.int32]:
        return self.random.integers(-2000, 2000, channels).astype(np.int32)

    def _zero_point(self) -> int:
        return int(self.random.integers(-128, 128))

    def _add(self, operator: Operator, *more: str) -> None:
        shape = operator.output_shape([self.builder.tensors[self.last].shape])
        name = f"t{len(self.builder.layers)}"
        self.last = self.builder.add(name, operator, self.last, *more, shape=shape)


@cache
def kernel_objects() -> tuple[TemporaryDirectory[str], tuple[str, ...]]:
    """The kernels and app/runtime/stream.c's neighbours, compiled once in a test run: (the folder, which goes at the
    end of the process, the object files)."""
    folder = TemporaryDirectory()
    sources = sorted((REPOSITORY / "app/runtime/helium").glob("*.c"))
    includes = [f"-I{REPOSITORY / header}" for header in HOST_HEADERS]
    command = [host_compiler(float16=True), *float16_flags(), *FLAGS, *includes, "-c", *map(str, sources)]
    subprocess.run(command, check=True, cwd=folder.name)
    return folder, tuple(str(path) for path in sorted(Path(folder.name).glob("*.o")))


def image_of(graph: Graph, seed: int = 2) -> NDArray[np.generic]:
    """A random input of the graph's shape and type."""
    source, random = graph.tensors[graph.input], np.random.default_rng(seed)
    if source.dtype == "int8":
        return random.integers(-128, 128, source.shape, dtype=np.int8)
    return random.standard_normal(source.shape).astype(source.dtype)


def run_guarded(model: KernelGraph, plan: MemoryPlan, image: NDArray[np.generic]) -> bytes:
    """The network's output from its generated C; the arena begins as noise and the bytes around it must stay.

    Raises AssertionError when a guard byte changed.
    """
    with TemporaryDirectory() as folder:
        return _run_guarded(Path(folder), model, plan, image)


def _run_guarded(folder: Path, model: KernelGraph, plan: MemoryPlan, image: NDArray[np.generic]) -> bytes:
    size = model.graph.tensors[model.graph.input].shape[1:3]
    emit_model(folder, model, plan, ModelFacts("test", ImageInput(size, size)))
    source = (folder / "model.c").read_text()
    assert DEFINITION in source
    (folder / "model.c").write_text(source.replace(DEFINITION, ""))
    (folder / "guarded.c").write_text(GUARDED.format(guard=GUARD_BYTES))
    sources = [*(str(folder / name) for name in ("model.c", "model_weights.c", "guarded.c"))]
    sources += [str(REPOSITORY / "app/runtime/stream.c"), *kernel_objects()[1]]
    includes = [f"-I{path}" for path in (folder, *(REPOSITORY / header for header in HOST_HEADERS))]
    library = folder / "model.so"
    subprocess.run(
        [
            host_compiler(float16=True),
            *float16_flags(),
            *FLAGS,
            "-shared",
            *includes,
            *sources,
            "-lm",
            "-o",
            str(library),
        ],
        check=True,
    )
    loaded = ctypes.CDLL(str(library))
    guarded = (ctypes.c_uint8 * (2 * GUARD_BYTES + plan.arena_bytes)).in_dll(loaded, "guarded")
    noise = np.random.default_rng(1).integers(0, 256, len(guarded), dtype=np.uint8)
    guarded[:] = noise.tolist()
    result = model.graph.tensors[model.graph.output]
    output = np.empty(result.shape, result.dtype)
    assert loaded.model_run(ctypes.c_void_p(image.ctypes.data), ctypes.c_void_p(output.ctypes.data)) == 0
    after = np.frombuffer(guarded, np.uint8)
    assert (after[:GUARD_BYTES] == noise[:GUARD_BYTES]).all(), "bytes before the arena were written"
    assert (after[-GUARD_BYTES:] == noise[-GUARD_BYTES:]).all(), "bytes behind the arena were written"
    return output.tobytes()
