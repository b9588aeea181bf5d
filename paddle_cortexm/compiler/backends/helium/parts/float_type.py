"""The two float precisions of the kernels: names, lanes and what app/runtime/helium/float_type.h says of them."""

from __future__ import annotations

from dataclasses import dataclass

from paddle_cortexm.compiler.tensor import Tensor


@dataclass(frozen=True)
class FloatType:
    """The precision of a layer's kernel. lanes: elements of a vector; run: vectors of channels whose weights are packed
    together."""

    dtype: str
    suffix: str  # of the C names
    lanes: int
    run: int
    pixels: int  # computed together

    @property
    def bytes(self) -> int:
        return 16 // self.lanes

    @property
    def assertions(self) -> tuple[str, ...]:
        """What packing assumes of float_type.h."""
        return f"HELIUM_FLOAT_LANES == {self.lanes}", f"HELIUM_FLOAT_RUN_VECTORS == {self.run}"

    @property
    def header(self) -> str:
        return f"kernels_{self.suffix}.h"

    def source(self, name: str) -> str:
        """The C file that compiles a kernel for this precision."""
        return f"app/runtime/helium/{name}_{self.suffix}.c"


FLOAT_TYPES = {"float32": FloatType("float32", "f32", 4, 1, 4), "float16": FloatType("float16", "f16", 8, 2, 3)}


def float_type(tensor: Tensor) -> FloatType:
    return FLOAT_TYPES[tensor.dtype]
