"""A Paddle inference program (legacy .pdmodel and .pdiparams) as plain data."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.errors import UserError

Array = NDArray[np.generic]
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

    def output(self, *slots: str) -> str:
        """The first tensor of the first slot that is there."""
        return next(self.outputs[slot][0] for slot in (*slots, "Out") if self.outputs.get(slot))


@dataclass(frozen=True)
class PaddleProgram:
    """Operators in order, parameters by name, one input (NCHW shape, batch 1) and one output."""

    operators: tuple[PaddleOperator, ...]
    parameters: dict[str, Array]
    input: str
    input_shape: tuple[int, int, int, int]
    output: str


def read_program(folder: Path, stem: str = "model") -> PaddleProgram:
    """Read `stem`.pdmodel and `stem`.pdiparams. Raises UserError when they are missing or have several inputs."""
    for suffix in (".pdmodel", ".pdiparams"):
        if not (folder / f"{stem}{suffix}").is_file():
            raise UserError(f"{folder / (stem + suffix)}: missing; an inference program in the legacy format is needed")
    os.environ.setdefault("FLAGS_enable_pir_api", "0")
    import paddle

    was_dynamic = paddle.in_dynamic_mode()
    paddle.enable_static()
    try:
        scope = paddle.static.Scope()
        with paddle.static.scope_guard(scope):
            executor = paddle.static.Executor(paddle.CPUPlace())
            program, feeds, fetches = paddle.static.load_inference_model(str(folder / stem), executor)
            block = program.global_block()
            parameters = {
                name: np.array(scope.find_var(name).get_tensor())
                for name, variable in block.vars.items()
                if variable.persistable and name not in ("feed", "fetch")
            }
    finally:
        if was_dynamic:
            paddle.disable_static()
    if len(feeds) != 1 or len(fetches) != 1:
        raise UserError(f"{folder / stem}: a classifier has one input and one output, this has {feeds} and {fetches}")
    _, channels, height, width = block.var(feeds[0]).shape
    operators = tuple(_operator(op) for op in block.ops if op.type not in ("feed", "fetch"))
    return PaddleProgram(operators, parameters, feeds[0], (1, channels, height, width), fetches[0].name)


def _operator(op: Any) -> PaddleOperator:
    return PaddleOperator(
        op.type,
        {slot: tuple(op.input(slot)) for slot in op.input_names},
        {slot: tuple(op.output(slot)) for slot in op.output_names},
        {name: op.attr(name) for name in op.attr_names if name not in BOOKKEEPING},
    )
