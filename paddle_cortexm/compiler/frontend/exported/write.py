"""Writes a program in Paddle's legacy format, which Paddle's executor, PaddleSlim and `read_program` take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
from paddle.base.framework import OpProtoHolder

from paddle_cortexm.artefacts.quantisation import ParameterNames
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode

IN_PLACE = {"MeanOut": "Mean", "VarianceOut": "Variance"}  # of batch norm: statistics that inference leaves alone


def write_program(program: PaddleProgram, folder: Path, stem: str = "model") -> None:
    """Write `stem`.pdmodel and .pdiparams, for any number of images at a time, and parameters.json."""
    with static_mode() as scope:
        made = paddle.static.Program()
        with paddle.static.program_guard(made):
            source = paddle.static.data(program.input, [None, *program.shapes[program.input][1:]], "float32")
        block = made.global_block()
        for name, values in program.parameters.items():
            block.create_var(name=name, shape=values.shape, dtype=str(values.dtype), persistable=True)
            scope.var(name).get_tensor().set(np.ascontiguousarray(values), paddle.CPUPlace())
        for op in program.operators:
            _append(block, op, program)
        executor = paddle.static.Executor(paddle.CPUPlace())
        result = block.var(program.output)
        paddle.static.save_inference_model(str(folder / stem), [source], [result], executor, program=made)
    ParameterNames(names=_names(program)).write(folder)


def _append(block: Any, op: PaddleOperator, program: PaddleProgram) -> None:
    outputs = {slot: list(names) for slot, names in op.outputs.items() if names}
    known = {slot.name for slot in OpProtoHolder.instance().get_op_proto(op.kind).outputs}
    outputs = {slot: names for slot, names in outputs.items() if slot in known}
    for slot in OpProtoHolder.instance().get_op_proto(op.kind).outputs:
        if slot.name in IN_PLACE and op.has_input(IN_PLACE[slot.name]):
            outputs[slot.name] = [op.input(IN_PLACE[slot.name])]
        elif slot.name not in outputs and not slot.dispensable:
            outputs[slot.name] = [f"{op.output}.{slot.name}"]
    for names in outputs.values():
        for name in names:
            if not block.has_var(name):
                block.create_var(name=name, dtype="float32")
    inputs = {slot: list(names) for slot, names in op.inputs.items() if names}
    block.append_op(type=op.kind, inputs=inputs, outputs=outputs, attrs=_attributes(op, program))


def _attributes(op: PaddleOperator, program: PaddleProgram) -> dict[str, Any]:
    """A reshape's target was worked out for one image: its first dimension grows with the images."""
    if op.kind == "reshape2":
        return {"shape": [-1, *program.shapes[op.output][1:]]}
    return dict(op.attributes)


def _names(program: PaddleProgram) -> dict[str, str]:
    """For each parameter of a layer that has a name, what the layer is called."""
    return {
        name: op.parameter
        for op in program.operators
        if op.parameter
        for names in op.inputs.values()
        for name in names
        if name in program.parameters
    }
