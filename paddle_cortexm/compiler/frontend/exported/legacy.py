"""Reads Paddle's legacy format: `.pdmodel` with `.pdiparams`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle.base import core
from paddle.base.data_feeder import convert_dtype

from paddle_cortexm.compiler.frontend.exported.opened import Opened, Size, cannot_run, image_shape, sole_input
from paddle_cortexm.compiler.frontend.paddle.program import Array, PaddleOperator, Shape
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.errors import UserError

BOOKKEEPING = {"op_callstack", "op_namescope", "op_role", "op_role_var", "op_device", "with_quant_attr"}
ENDS = ("feed", "fetch")


def open_legacy(path: Path, size: Size | None) -> Opened:
    """path: the .pdmodel. Raises UserError for a missing or damaged file, and for what Paddle itself cannot run."""
    try:
        description = core.ProgramDesc(path.read_bytes())
    except ValueError as error:
        raise UserError(f"{path}: not a Paddle program. Write it again{_again(path)}") from error
    block = description.block(0)  # lives as long as the description
    operators = [_operator(block.op(i)) for i in range(block.op_size())]
    name = sole_input(path, [op.output for op in operators if op.kind == "feed"])
    outputs = tuple(op.input("X") for op in operators if op.kind == "fetch")
    names = [variable.name() for variable in block.all_vars() if _is_parameter(variable)]
    inner = tuple(op for op in operators if op.kind not in ENDS)
    declared = tuple(block.find_var(name.encode()).shape())
    shape = image_shape(path, name, declared, size, channels_last=_is_channels_last(inner, name))
    with static_mode() as scope:
        program = _loaded(path, names)
        parameters = {name: np.array(scope.find_var(name).get_tensor()) for name in names}
        values = _run(path, program, inner, name, shape, outputs)
    return Opened(path, inner, parameters, values, name, outputs)


def _again(path: Path) -> str:
    """What to do about a file of stage 2."""
    return ": ./02_quantize.py --force" if path.stem == "model" else ""


def _loaded(path: Path, names: list[str]) -> paddle.static.Program:
    """The program through Paddle's own loader, its parameters in the present scope. One without parameters has no file
    for them."""
    if not names:
        return paddle.static.deserialize_program(path.read_bytes())
    weights = path.with_suffix(".pdiparams")
    if not weights.is_file():
        raise UserError(f"{weights}: missing; it holds the weights. Write both files again{_again(path)}")
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
            f"Write it again{_again(path)}"
        )
    return program


def _run(
    path: Path,
    program: paddle.static.Program,
    operators: tuple[PaddleOperator, ...],
    name: str,
    shape: Shape,
    outputs: tuple[str, ...],
) -> dict[str, Array]:
    """What the program computes for an image of zeros, for every tensor that is read."""
    block = program.global_block()
    for index in reversed(range(len(block.ops))):
        if block.ops[index].type in ENDS:
            block._remove_op(index)
    source = block.var(name)
    source.desc.set_shape(shape)
    image = np.zeros(shape, convert_dtype(source.dtype))
    read = {tensor for op in operators for names in op.inputs.values() for tensor in names} | set(outputs)
    made = [tensor for op in operators for names in op.outputs.values() for tensor in names]
    wanted = [tensor for tensor in dict.fromkeys(made) if tensor in read and not block.var(tensor).persistable]
    try:
        results = paddle.static.Executor(paddle.CPUPlace()).run(program, feed={name: image}, fetch_list=wanted)
    except Exception as error:  # Paddle's own, of many kinds
        raise cannot_run(path, shape, error) from None
    return {name: image, **{tensor: np.asarray(value) for tensor, value in zip(wanted, results, strict=True)}}


def _operator(op: Any) -> PaddleOperator:
    return PaddleOperator(
        op.type(),
        {slot: tuple(op.input(slot)) for slot in op.input_names()},
        {slot: tuple(op.output(slot)) for slot in op.output_names()},
        {name: op.attr(name) for name in op.attr_names() if name not in BOOKKEEPING},
    )


def _is_channels_last(operators: tuple[PaddleOperator, ...], name: str) -> bool:
    """Whether the image is NHWC: what reads it first, apart from a change of type, brings the channels forward."""
    tensors = {name}
    for op in operators:
        if any(op.reads(tensor) for tensor in tensors):
            if op.kind == "transpose2":
                return list(op.attributes["axis"]) == [0, 3, 1, 2]
            tensors.add(op.output)
    return False


def _is_parameter(variable: Any) -> bool:
    return bool(variable.persistable() and variable.type() == core.VarDesc.VarType.DENSE_TENSOR)
