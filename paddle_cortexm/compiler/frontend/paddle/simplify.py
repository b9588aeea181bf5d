"""Rewrites on the Paddle program before the import: what is one factor and one offset a channel is folded, what does
nothing goes."""

from __future__ import annotations

from paddle_cortexm.compiler.frontend.paddle.assignment import as_concats
from paddle_cortexm.compiler.frontend.paddle.channel_affine import dropout_factor, name_affines
from paddle_cortexm.compiler.frontend.paddle.crops import fold_crops
from paddle_cortexm.compiler.frontend.paddle.folding import RESHAPES, fold_affines
from paddle_cortexm.compiler.frontend.paddle.movement import plan_movement
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram


def simplify(program: PaddleProgram) -> PaddleProgram:
    """The program without batch norm, dropout and constant factors; same results."""
    program = _remove_identities(program)
    program = name_affines(plan_movement(as_concats(program)))
    return fold_affines(fold_crops(fold_affines(program)))  # a bias in front of a crop, a batch norm behind it


def _remove_identities(program: PaddleProgram) -> PaddleProgram:
    for op in program.operators:
        if _is_identity(program, op):
            current = program.producer(op.output)
            assert current is not None, "an operator leaves only when it is its turn"
            program = program.without(current, current.input("X"))
    return program


def _is_identity(program: PaddleProgram, op: PaddleOperator) -> bool:
    match op.kind:
        case "assign":
            return True
        case "dropout":
            return dropout_factor(op) == 1.0
        case "scale":
            return (op.attributes["scale"], op.attributes["bias"]) == (1.0, 0.0)
    return op.kind in RESHAPES and program.shapes[op.output] == program.shapes[op.input("X")]
