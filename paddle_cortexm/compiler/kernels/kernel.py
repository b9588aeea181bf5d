"""What a kernel backend is: it takes a layer and answers with the C that computes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer


@dataclass(frozen=True)
class Constant:
    """An array for the weights file. C name: `<layer>_<name>`, 16-byte aligned.

    kind "weights" is large and read once an inference; "hot" (tables, requantisation) is small and read often: the
    memory plan may place the two in different regions.
    """

    name: str
    values: NDArray[np.generic]
    kind: Literal["weights", "hot"] = "weights"


@dataclass(frozen=True)
class Kernel:
    """The C for one layer.

    `body` is the body of `static int <layer>(...)` up to its `return 0`: C statements which read `input0`, `input1`
    (typed const pointers), write `output`, may use `scratch` (`uint8_t *`, 16-byte aligned, `scratch_bytes` long), name
    each constant as `$name` (a string.Template), and return anything but 0 where the layer fails.

    `assertions` are C constant expressions that have to be true in model.c: all that the selector assumes of the
    kernel's header, such as the order of the constants and the size of the scratch: "HELIUM_GROUP == 16".
    """

    name: str  # the kernel's C function, for the plan: "helium_pointwise_s8"
    backend: str
    reason: str  # why this kernel, one phrase
    body: str
    constants: tuple[Constant, ...] = ()
    scratch_bytes: int = 0
    header: str | None = None  # header to include, as in "helium.h"
    sources: tuple[str, ...] = ()  # C files to compile, relative to the repository: "app/runtime/helium/pointwise_s8.c"
    assertions: tuple[str, ...] = ()
    overwrites_input: bool = False  # output may share input0's memory
    row_body: str | None = None  # computes one output row: reads `rows` (const pointers to the window's input rows, all
    # valid), `residual` (a row of input1) and `others` (untyped: of input1, input2, ...), writes `output`, may use
    # `scratch`; None: the layer cannot be streamed
    row_scratch_bytes: int = 0
    # As row_body, for `count` rows one behind the other in memory, those of the input and the residual as well.
    rows_body: str | None = None
    rows_at_once: int = 1  # the most rows that rows_body makes
    # Pixels computed together, of two rows as well where the layer is computed whole: row by row, some are left over.
    pixels_at_once: int = 1


@dataclass(frozen=True)
class KernelGraph:
    """A graph, fused as its kernels allow, and the kernel of every layer by the layer's output."""

    graph: Graph
    kernels: Mapping[str, Kernel]

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.graph.layers

    @property
    def sources(self) -> set[str]:
        """The C files that the kernels are in, relative to the repository."""
        return {path for kernel in self.kernels.values() for path in kernel.sources}

    def kernel_of(self, layer: Layer) -> Kernel:
        return self.kernels[layer.output]


@dataclass(frozen=True)
class Rejection:
    """Why a backend does not take a layer: one phrase for the plan."""

    reason: str


class Backend(Protocol):
    """A source of kernels. `name` is the word used in a config's `kernels:` list."""

    name: str

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        """The kernel for this layer, or why there is none."""
        ...
