"""A Paddle inference program (legacy `.pdmodel`) as plain data; its parameters are read by parameter_file.py."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.parameter_file import ParameterFileError, StoredParameter, read_parameters
from paddle_cortexm.errors import UserError

Array = NDArray[np.generic]
Shape = tuple[int, ...]
BOOKKEEPING = {"op_callstack", "op_namescope", "op_role", "op_role_var", "op_device", "with_quant_attr"}


@dataclass(frozen=True)
class PaddleOperator:
    """One operator: slot name -> tensor names, and its attributes. Shapes and layouts are Paddle's (NCHW, OIHW)."""

    kind: str
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, tuple[str, ...]]
    attributes: dict[str, Any]

    def input(self, slot: str) -> str:
        return self.inputs[slot][0]

    def has_input(self, slot: str) -> bool:
        return bool(self.inputs.get(slot))

    @property
    def output(self) -> str:
        """The result; the other slots (`XShape`, `MeanOut`, ...) are by-products that inference does not read."""
        return next(self.outputs[slot][0] for slot in ("Out", "Output", "Y", *self.outputs) if self.outputs.get(slot))

    def reads(self, tensor: str) -> bool:
        return any(tensor in names for names in self.inputs.values())

    def mistake(self, problem: str) -> UserError:
        """The error for something in this operator that cannot be compiled."""
        return UserError(f"{self.kind} (tensor '{self.output}'): {problem}")


@dataclass(frozen=True)
class PaddleProgram:
    """Operators in order, parameters and shapes (NCHW, batch 1) by tensor name, one input and one output."""

    operators: tuple[PaddleOperator, ...]
    parameters: dict[str, Array]
    shapes: dict[str, Shape]
    input: str
    output: str

    def producer(self, tensor: str) -> PaddleOperator | None:
        return next((op for op in self.operators if op.output == tensor), None)

    def readers(self, tensor: str) -> list[PaddleOperator]:
        return [op for op in self.operators if op.reads(tensor)]

    def is_read_once(self, tensor: str) -> bool:
        return tensor != self.output and len(self.readers(tensor)) == 1

    def replacing(self, replacements: dict[str, tuple[PaddleOperator, ...]], **changes: Any) -> PaddleProgram:
        """The program with some operators, named by their output, replaced by others (or by none)."""
        operators = tuple(new for op in self.operators for new in replacements.get(op.output, (op,)))
        return replace(self, operators=operators, **changes)

    def without(self, gone: PaddleOperator, source: str) -> PaddleProgram:
        """The program without one operator; whoever read its result reads `source`."""

        def rename(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(source if name == gone.output else name for name in names)

        operators = tuple(
            replace(op, inputs={slot: rename(names) for slot, names in op.inputs.items()})
            for op in self.operators
            if op is not gone
        )
        return replace(self, operators=operators, output=rename((self.output,))[0])


def read_program(folder: Path, stem: str = "model") -> PaddleProgram:
    """Read `stem`.pdmodel and `stem`.pdiparams, as paddle.jit.save and save_inference_model write them.

    Raises UserError for a missing or damaged file, several inputs or outputs, or an input without a fixed size.
    """
    path = folder / f"{stem}.pdmodel"
    if not path.is_file():
        raise UserError(f"{path}: missing{_newer_format(path)}. Run ./02_quantize.py, which writes it")
    os.environ.setdefault("FLAGS_enable_pir_api", "0")
    from paddle.base import core

    try:
        description = core.ProgramDesc(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path}: not a Paddle program. Write it again: ./02_quantize.py --force") from error
    block = description.block(0)  # lives as long as the description
    operators = [_operator(block.op(i)) for i in range(block.op_size())]
    source, result = _ends(path, operators)
    _infer_shapes(path, block, source)
    variables = {variable.name(): variable for variable in block.all_vars()}
    stored = [StoredParameter(n, tuple(v.shape()), _dtype(v)) for n, v in variables.items() if _is_parameter(v)]
    parameters = _parameters(path.with_suffix(".pdiparams"), stored)
    kept = tuple(op for op in operators if op.kind not in ("feed", "fetch"))
    names = {name for op in kept for group in (*op.inputs.values(), *op.outputs.values()) for name in group}
    shapes = {name: tuple(variables[name].shape()) for name in names if name in variables}
    return PaddleProgram(kept, parameters, shapes, source, result)


def _newer_format(path: Path) -> str:
    if not path.with_suffix(".json").is_file():
        return ""
    return f" ({path.stem}.json is Paddle's newer format; save with FLAGS_enable_pir_api=0 in the environment)"


def _parameters(path: Path, stored: list[StoredParameter]) -> dict[str, Array]:
    """A program without parameters has no file for them."""
    if not path.is_file() and stored:
        raise UserError(f"{path}: missing; it holds the weights. Run ./02_quantize.py, which writes it")
    try:
        return read_parameters(path, stored) if stored else {}
    except ParameterFileError as error:
        raise UserError(f"{path}: {error}. Write it again: ./02_quantize.py --force") from error


def _operator(op: Any) -> PaddleOperator:
    return PaddleOperator(
        op.type(),
        {slot: tuple(op.input(slot)) for slot in op.input_names()},
        {slot: tuple(op.output(slot)) for slot in op.output_names()},
        {name: op.attr(name) for name in op.attr_names() if name not in BOOKKEEPING},
    )


def _ends(path: Path, operators: list[PaddleOperator]) -> tuple[str, str]:
    """Names of the one input and the one output."""
    inputs = [op.output for op in operators if op.kind == "feed"]
    outputs = [op.input("X") for op in operators if op.kind == "fetch"]
    if len(inputs) != 1 or len(outputs) != 1:
        raise UserError(f"{path}: a classifier has one input and one output, this program has {inputs} and {outputs}")
    return inputs[0], outputs[0]


def _infer_shapes(path: Path, block: Any, source: str) -> None:
    """Let Paddle work out every shape again for batch 1."""
    variable = block.find_var(source.encode())
    shape = list(variable.shape())
    if len(shape) != 4 or min(shape[1:]) < 1:
        raise UserError(
            f"{path}: input '{source}' is {shape}; it must be (batch, channels, height, width), all but the "
            f"batch known: save with an InputSpec of that shape"
        )
    if _dtype(variable) != np.float32:
        raise UserError(f"{path}: input '{source}' is {_dtype(variable)}; a program in float32 is needed")
    variable.set_shape([1, *shape[1:]])
    for index in range(block.op_size()):
        op = block.op(index)
        if op.type() not in ("feed", "fetch"):
            op.infer_shape(block)


def _is_parameter(variable: Any) -> bool:
    from paddle.base.core import VarDesc

    return variable.persistable() and variable.type() == VarDesc.VarType.DENSE_TENSOR


def _dtype(variable: Any) -> np.dtype[Any]:
    from paddle.base.data_feeder import convert_dtype

    return np.dtype(convert_dtype(variable.dtype()))
