"""What a kernel backend is: it takes a layer and answers with the C that computes it."""

from __future__ import annotations

import re
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

    `body` is the body of `static void <layer>(...)`: C statements which read `input0`, `input1` (typed const
    pointers), write `output`, may use `scratch` (`uint8_t *`, 16-byte aligned, `scratch_bytes` long) and name each
    constant as `{name}` (str.format fields, so braces of C are doubled).
    """

    name: str  # the kernel's C function, for the plan: "helium_pointwise_s8"
    backend: str
    reason: str  # why this kernel, one phrase
    body: str
    constants: tuple[Constant, ...] = ()
    scratch_bytes: int = 0
    header: str | None = None  # header to include, as in "helium.h"
    sources: tuple[str, ...] = ()  # C files to compile, relative to the repository: "app/runtime/helium/pointwise_s8.c"
    functions: str = ""  # complete C functions the body calls (generated code); names start with `{layer}`
    overwrites_input: bool = False  # output may share input0's memory
    row_body: str | None = None  # computes one output row: reads `rows` (const pointers to the window's input rows, all
    # valid) and `residual` (a row of input1), writes `output`, may use `scratch`; None: the layer cannot be streamed
    row_scratch_bytes: int = 0
    # As row_body, for `count` rows one behind the other in memory, those of the input and the residual as well.
    rows_body: str | None = None
    rows_at_once: int = 1  # the most rows that rows_body makes


def c_template(text: str) -> str:
    """Plain C with `$name` where a constant's C name goes, as the str.format template that `Kernel.body` is."""
    doubled = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r"\$(\w+)", r"{\1}", doubled)


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
