"""Products of two computed tensors, as in attention: their operands are taken where they stand.

The heads of attention are split off, transposed and put together again by movement. A product's operands are matrices
inside the tensors before that movement, and its result inside the tensor behind it, wherever the elements are evenly
spaced (operators/tokens/view.py): `strided_product` (attributes first, second and result: views; sizes and depth;
factor) moves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.layouts import shape_in_graph
from paddle_cortexm.compiler.frontend.paddle.moves import Numbers, computing_readers, is_movement, moved_tensor
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram
from paddle_cortexm.compiler.operators.tokens.view import View, view_of

PRODUCT = "strided_product"
SLOTS = ("X", "Y")


@dataclass(frozen=True)
class Moved:
    """A tensor that movement made: the tensor it comes from, and of each of its elements the number that it has there
    in the graph's order."""

    source: str
    numbers: Numbers

    @staticmethod
    def unmoved(program: PaddleProgram, tensor: str) -> Moved:
        shape = program.shapes[tensor]
        height_width_channels = shape_in_graph(shape, tensor in program.channels_last)
        numbers = np.arange(int(np.prod(shape)), dtype=np.int64)
        if len(shape) == 4 and tensor not in program.channels_last:
            return Moved(tensor, numbers.reshape(height_width_channels).transpose(0, 3, 1, 2))
        return Moved(tensor, numbers.reshape(shape))

    @property
    def flat(self) -> Numbers:
        return self.numbers.reshape(1, -1)


@dataclass(frozen=True)
class ProductPlan:
    """planned: strided products by the output that they had; made: tensors behind movement that they make themselves;
    read: (output, operand) of what they read before movement."""

    planned: Mapping[str, PaddleOperator]
    made: Collection[str]
    read: Collection[tuple[str, str]]

    def views(self, op: PaddleOperator, tensor: str) -> bool:
        """Whether the operator takes this operand, which movement made, where it stood before."""
        return (op.output, tensor) in self.read


def is_product(program: PaddleProgram, op: PaddleOperator) -> bool:
    """Of two tensors that are computed."""
    return op.kind == "matmul_v2" and not any(op.input(slot) in program.parameters for slot in SLOTS)


def with_factors(program: PaddleProgram) -> PaddleProgram:
    """The program in which products have the factors (attribute factor) that stand before or behind them."""
    for output in [op.output for op in program.operators if is_product(program, op)]:
        op = program.producer(output)
        assert op is not None
        scales = [s for s in (_scale_behind(program, op), *(_scale_before(program, op, x) for x in SLOTS)) if s]
        factor = float(np.prod([scale.attributes["scale"] for scale in scales]))
        program = program.replacing({output: (replace(op, attributes=op.attributes | {"factor": factor}),)})
        for scale in scales:
            program = program.without(scale, scale.input("X"))
    return program


def _is_factor(op: PaddleOperator) -> bool:
    return op.kind == "scale" and op.attributes["bias"] == 0.0 and not op.has_input("ScaleTensor")


def _scale_behind(program: PaddleProgram, op: PaddleOperator) -> PaddleOperator | None:
    reader = program.readers(op.output)[0] if program.is_read_once(op.output) else None
    return reader if reader is not None and _is_factor(reader) and reader.output != program.output else None


def _scale_before(program: PaddleProgram, op: PaddleOperator, slot: str) -> PaddleOperator | None:
    """The scale that an operand comes from through movement, where nothing else reads it."""
    name = op.input(slot)
    while program.is_read_once(name):
        made = program.producer(name)
        if made is None or _is_factor(made):
            return made
        if not is_movement(program, made):
            return None
        name = moved_tensor(made)
    return None


def plan_products(program: PaddleProgram, moved: Mapping[str, Moved]) -> ProductPlan:
    """Every product of two computed tensors as a strided product."""
    products = [op for op in program.operators if is_product(program, op)]
    operands = {op.output: [_operand(program, moved, op, slot) for slot in SLOTS] for op in products}
    read = {
        (op.output, op.input(slot))
        for op in products
        for slot, (source, _, _) in zip(SLOTS, operands[op.output], strict=True)
        if source != op.input(slot)
    }
    planned, made = dict[str, PaddleOperator](), set[str]()
    for op in products:
        (x, first, depth), (y, second, _) = operands[op.output]
        result, view = _result(program, moved, op, read)
        if result != op.output:
            made.add(result)
        sizes = _matrices(Moved.unmoved(program, op.output).numbers).shape
        views = {"first": first, "second": second, "result": view, "sizes": sizes, "depth": depth}
        attributes = {**views, "factor": op.attributes["factor"]}
        planned[op.output] = PaddleOperator(PRODUCT, {"X": (x,), "Y": (y,)}, {"Out": (result,)}, attributes)
    return ProductPlan(planned, made, read)


def _operand(
    program: PaddleProgram, moved: Mapping[str, Moved], op: PaddleOperator, slot: str
) -> tuple[str, View, int]:
    """The tensor an operand stands in, its rows (of the second: its columns) and their depth."""
    name = op.input(slot)
    for found in (moved.get(name), Moved.unmoved(program, name)):
        if found is None:
            continue
        across = (slot == "Y") != bool(op.attributes.get(f"trans_{slot.lower()}"))
        if found.numbers.ndim < 2 or len(program.shapes[op.output]) > 4:
            raise op.mistake(f"the product of tensors of rank {found.numbers.ndim} is not supported, only 2 to 4")
        numbers = found.numbers.swapaxes(-1, -2) if across else found.numbers
        leading = program.shapes[op.output][:-2]
        view = view_of(_matrices(np.broadcast_to(numbers, (*leading, *numbers.shape[-2:]))))
        if view is not None:
            return found.source, view, numbers.shape[-1]
    raise AssertionError("a tensor that nothing moved is evenly spaced")


def _result(
    program: PaddleProgram, moved: Mapping[str, Moved], op: PaddleOperator, read: Collection[tuple[str, str]]
) -> tuple[str, View]:
    """The tensor a product makes, which is the one behind movement where that is the only one."""
    shape, unmoved = program.shapes[op.output], Moved.unmoved(program, op.output).numbers
    own = view_of(_matrices(unmoved))
    assert own is not None, "a tensor that nothing moved is evenly spaced"
    used = [name for name, tensor in moved.items() if tensor.source == op.output and _is_used(program, name)]
    if len(used) != 1 or _is_used(program, op.output) or moved[used[0]].numbers.size != unmoved.size:
        return op.output, own
    behind = used[0]
    if any((reader.output, behind) in read for reader in program.readers(behind)):
        return op.output, own  # another product, which reads it before it is moved
    places = np.empty(unmoved.size, np.int64)
    places[moved[behind].numbers.reshape(-1)] = Moved.unmoved(program, behind).numbers.reshape(-1)
    view = view_of(_matrices(places[unmoved].reshape(shape)))
    return (op.output, own) if view is None else (behind, view)


def _is_used(program: PaddleProgram, tensor: str) -> bool:
    """By anything but movement."""
    return tensor == program.output or bool(computing_readers(program, tensor))


def _matrices(numbers: NDArray[Any]) -> NDArray[Any]:
    """With four axes."""
    return numbers.reshape((1,) * (4 - numbers.ndim) + numbers.shape)
