"""A Paddle inference program (legacy `.pdmodel` with `.pdiparams`) as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle.base import core
from paddle.base.data_feeder import convert_dtype

from paddle_cortexm.compiler.frontend.paddle.parameter_names import layer_names_of
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.errors import UserError

Array = NDArray[np.generic]
Shape = tuple[int, ...]
PARAMETER_SLOTS = ("Filter", "Y", "W", "Scale", "X")  # where an operator's weights may stand, the likeliest first
BOOKKEEPING = {"op_callstack", "op_namescope", "op_role", "op_role_var", "op_device", "with_quant_attr"}


@dataclass(frozen=True)
class PaddleOperator:
    """One operator: slot name -> tensor names, and its attributes. Shapes and layouts are Paddle's (NCHW, OIHW).
    parameter: what the network calls its weights, also when they have been folded with others; empty without any."""

    kind: str
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, tuple[str, ...]]
    attributes: dict[str, Any]
    parameter: str = ""

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
    try:
        description = core.ProgramDesc(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path}: not a Paddle program. Write it again: ./02_quantize.py --force") from error
    block = description.block(0)  # lives as long as the description
    operators = [_operator(block.op(i)) for i in range(block.op_size())]
    source, result = _ends(path, operators)
    _infer_shapes(path, block, source)
    variables = {variable.name(): variable for variable in block.all_vars()}
    parameters = _parameters(path, [name for name, variable in variables.items() if _is_parameter(variable)])
    titles = layer_names_of(folder, parameters)
    kept = tuple(_with_parameter(op, titles) for op in operators if op.kind not in ("feed", "fetch"))
    names = {name for op in kept for group in (*op.inputs.values(), *op.outputs.values()) for name in group}
    shapes = {name: tuple(variables[name].shape()) for name in names if name in variables}
    return PaddleProgram(kept, parameters, shapes, source, result)


def _newer_format(path: Path) -> str:
    if not path.with_suffix(".json").is_file():
        return ""
    return f" ({path.stem}.json is Paddle's newer format; save with FLAGS_enable_pir_api=0 in the environment)"


def _parameters(path: Path, names: list[str]) -> dict[str, Array]:
    """The program's parameters through Paddle's own loader. path: the .pdmodel. A program without parameters has no
    file for them."""
    weights = path.with_suffix(".pdiparams")
    if not names:
        return {}
    if not weights.is_file():
        raise UserError(f"{weights}: missing; it holds the weights. Run ./02_quantize.py, which writes it")
    with static_mode() as scope:
        executor = paddle.static.Executor(paddle.CPUPlace())
        try:
            program, feeds, fetches = paddle.static.load_inference_model(str(path.with_suffix("")), executor)
            sources = [program.global_block().var(name) for name in feeds]
            stored = len(paddle.static.serialize_persistables(sources, fetches, executor, program=program))
        except Exception:  # Paddle raises whatever its reader does, with its own call stack for a message
            stored = -1
        if stored != weights.stat().st_size:  # Paddle reads a file that ends too early without a word
            raise UserError(
                f"{weights}: does not hold just the weights of {path.name}: it is damaged, or of another program. "
                f"Write it again: ./02_quantize.py --force"
            )
        return {name: np.array(scope.find_var(name).get_tensor()) for name in names}


def _with_parameter(op: PaddleOperator, titles: Mapping[str, str]) -> PaddleOperator:
    """The operator with the name of its weights."""
    inputs = (name for slot in PARAMETER_SLOTS for name in op.inputs.get(slot, ()))
    return replace(op, parameter=next((titles[name] for name in inputs if name in titles), ""))


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
    return variable.persistable() and variable.type() == core.VarDesc.VarType.DENSE_TENSOR


def _dtype(variable: Any) -> np.dtype[Any]:
    return np.dtype(convert_dtype(variable.dtype()))
