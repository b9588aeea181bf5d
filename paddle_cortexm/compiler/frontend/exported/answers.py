"""Takes off the end of a program what only chooses among the scores: argmax, top-k and what follows them."""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.frontend.exported.opened import reaching
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram

CHOICES = {"arg_max": "argmax", "argsort": "argsort", "top_k": "top-k", "top_k_v2": "top-k"}
PASSED_ON = ("assign", "cast", "flatten_contiguous_range", "reshape2", "scale", "squeeze2", "unsqueeze2")


def without_choice(program: PaddleProgram) -> tuple[PaddleProgram, str]:
    """The program up to its scores, and a note where something was taken off."""
    tensor = program.output
    while (op := _maker(program, tensor)) is not None and op.kind in PASSED_ON:
        tensor = op.input("X")
    if op is None or op.kind not in CHOICES:
        return program, ""
    scores = op.input("X")
    kept = tuple(reaching(program.operators, scores))
    note = (
        f"the program ends in {CHOICES[op.kind]} ('{program.output}'): the scores before it ('{scores}') are deployed"
    )
    return replace(program, operators=kept, output=scores), note


def _maker(program: PaddleProgram, tensor: str) -> PaddleOperator | None:
    """The operator that makes the tensor, also as its second result."""
    return next((op for op in program.operators if any(tensor in names for names in op.outputs.values())), None)
