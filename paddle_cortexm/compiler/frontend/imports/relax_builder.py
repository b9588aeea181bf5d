"""A simplified Paddle program -> a Relax module, NHWC from the start.

Every Relax variable has the name of the Paddle tensor it stands for. A vector (1, C) is one in Relax too; any other
tensor is (1, H, W, C) there, as frontend/paddle/layouts.py says. A flattened image keeps its elements in HWC order;
whoever reads it reorders its weights.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tvm
from numpy.typing import NDArray
from tvm import relax

from paddle_cortexm.compiler.frontend.paddle.layouts import shape_in_graph
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram, Shape


class RelaxBuilder:
    """The module under construction: Relax variables by Paddle tensor name."""

    def __init__(self, program: PaddleProgram) -> None:
        _, channels, height, width = program.shapes[program.input]
        self.program = program
        self.source = relax.Var(program.input, relax.TensorType((1, height, width, channels), "float32"))
        self._builder = relax.BlockBuilder()
        self._variables: dict[str, Any] = {program.input: self.source}
        self._flattened: dict[str, Shape] = {}

    def build(self, operators: dict[str, Any]) -> tvm.IRModule:
        """The module with one function `main`. operators: Paddle operator name -> function(builder, operator)."""
        with self._builder.function("main", [self.source]):
            with self._builder.dataflow():
                for op in self.program.operators:
                    operators[op.kind](self, op)
            self._builder.emit_func_output(self._variables[self.program.output])
        return self._builder.get()

    def emit(self, tensor: str, expression: Any, flattened: Shape | None = None) -> Any:
        """Bind the expression to a variable named after a Paddle tensor (BlockBuilder.emit would drop the dots).

        flattened: (C, H, W) when the tensor is a vector that holds an image in HWC order.
        """
        value = self._builder.normalize(expression)
        kind = relax.Var if tensor == self.program.output else relax.DataflowVar
        variable = kind(tensor, value.ty)
        self._builder.emit_normalized(relax.VarBinding(variable, value))
        self._variables[tensor] = variable
        if flattened is not None:
            self._flattened[tensor] = flattened
        return variable

    def value(self, tensor: str) -> Any:
        return self._variables[tensor]

    def shape(self, tensor: str) -> Shape:
        """Paddle's shape: NCHW, batch 1."""
        return self.program.shapes[tensor]

    def is_vector(self, tensor: str) -> bool:
        """Whether it is (1, C), in Paddle and in Relax."""
        return len(self.shape(tensor)) == 2 and self.shape(tensor)[0] == 1

    def relax_shape(self, tensor: str) -> Shape:
        shape = self.shape(tensor)
        return shape if self.is_vector(tensor) else shape_in_graph(shape, self.channels_last(tensor))

    def relax_shape_of(self, tensor: str) -> Shape:
        """As it was emitted."""
        return tuple(int(n) for n in self.value(tensor).ty.shape)

    def channels_last(self, tensor: str) -> bool:
        return tensor in self.program.channels_last

    def is_constant(self, tensor: str) -> bool:
        return tensor in self.program.parameters

    def parameter(self, op: PaddleOperator, slot: str) -> NDArray[np.float32]:
        """A constant input, float32. Raises UserError when the program computes it."""
        name = op.input(slot)
        if not self.is_constant(name):
            raise op.mistake(f"its {slot} '{name}' must be a constant")
        values = self.program.parameters[name]
        if values.dtype not in (np.float32, np.float64):
            raise op.mistake(f"its {slot} '{name}' is {values.dtype}; save the program in float32")
        return values.astype(np.float32)

    def flattened(self, tensor: str) -> Shape | None:
        """(C, H, W) of the image a vector was flattened from, None for a plain vector."""
        return self._flattened.get(tensor)

    def in_element_order(self, tensor: str, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Values along the first axis, one an element of a flattened image in Paddle's order (CHW), in HWC order."""
        image = self.flattened(tensor)
        if image is None:
            return values
        rest = values.shape[1:]
        return np.ascontiguousarray(values.reshape(*image, *rest).swapaxes(0, 1).swapaxes(1, 2).reshape(-1, *rest))


def constant(values: NDArray[np.float32]) -> Any:
    return relax.const(np.ascontiguousarray(values, np.float32))
