"""How the kernels of two operands (app/runtime/helium/broadcast.h) are called: for whole layers, for rows, and with a
constant as the second operand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.tensor import Shape

Select = Callable[[Shape, Shape], Kernel | Rejection]  # of first operand and second -> kernel


@dataclass(frozen=True)
class Broadcast:
    """The fields of helium_broadcast_t, for each of `times` calls; from one to the next the second operand moves on by
    `second_step` elements."""

    count: int
    repeats: int = 1
    step: int = 0
    is_one: bool = False
    times: int = 1
    second_step: int = 0

    def body(self, function: str) -> str:
        """The C that calls function(&parameters, &broadcast, first, second, output)."""
        fields = {"count": self.count, "repeats": self.repeats, "step": self.step, "is_one": int(self.is_one)}
        declared = declaration("helium_broadcast_t", "broadcast", fields)
        if self.times == 1:
            return f"{declared}    {function}(&parameters, &broadcast, input0, input1, output);\n"
        elements = self.count * self.repeats
        return (
            f"{declared}    for (int32_t i = 0; i < {self.times}; i++) {{\n"
            f"        {function}(&parameters, &broadcast, input0 + i * {elements}, input1 + i * {self.second_step}, "
            f"output + i * {elements});\n    }}\n"
        )


def broadcast_of(first: Shape, second: Shape) -> Broadcast:
    """How a second operand goes with a first that has the result's shape."""
    axes = [(length, length == other) for length, other in zip(first[1:], second[1:], strict=True) if length > 1]
    runs = [(varies, prod(n for n, _ in run)) for varies, run in groupby(axes, key=lambda axis: axis[1])]
    match runs:
        case []:
            return Broadcast(1)
        case [(varies, count)]:
            return Broadcast(count, is_one=not varies)
        case [(varies, repeats), (_, count)]:
            return Broadcast(count, repeats, step=int(varies), is_one=varies)
        case [(varies, times), (_, repeats), (_, count)]:  # the inner two are one of the kinds above
            inner = broadcast_of((1, 1, repeats, count), (1, 1, 1, count) if varies else (1, 1, repeats, 1))
            return replace(inner, times=times, second_step=count if varies else 0)
    raise AssertionError(f"{second} broadcast to {first}")


def with_rows(select: Select, first: Shape, second: Shape, result: Shape) -> Kernel | Rejection:
    """The kernel of a whole layer; rows are streamed where the second operand has as many as the first: they are layers
    of one row. A smaller one may be made from this very first operand, and so is whole only after it."""
    if first != result:
        return Rejection("the first operand is broadcast")
    kernel = select(first, second)
    if isinstance(kernel, Rejection) or second[1] != first[1]:
        return kernel
    row = select(_one_row(first), _one_row(second))
    assert isinstance(row, Kernel)
    return replace(kernel, row_body=row.body.replace("input0", "rows[0]").replace("input1", "residual"))


def with_constant(select: Select, first: Shape, operand: Constant, result: Shape) -> Kernel | Rejection:
    """The same with a constant second operand, (1, H, W, C) or broadcast; rows are streamed where it is the same for
    all of them."""
    second = operand.values.shape
    if first != result:
        return Rejection("the constant is larger than the tensor")
    kernel = select(first, second)
    if isinstance(kernel, Rejection):
        return kernel
    place = f"${operand.name}"
    made = replace(kernel, body=kernel.body.replace("input1", place), constants=(*kernel.constants, operand))
    if second[1] > 1:
        return made
    row = select(_one_row(first), second)
    assert isinstance(row, Kernel)
    return replace(made, row_body=row.body.replace("input0", "rows[0]").replace("input1", place))


def _one_row(shape: Shape) -> Shape:
    return (shape[0], 1, *shape[2:])
