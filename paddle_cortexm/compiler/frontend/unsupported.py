"""Everything in a Paddle program that cannot be imported, not only the first: by operator, problem and tensors.

What is missing is replaced by zeros of the right shape, so that the import goes on behind it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from tvm import relax

from paddle_cortexm.compiler.frontend.exported.read import read_program
from paddle_cortexm.compiler.frontend.imports import OPERATORS, SIMPLIFIED, check_operator
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram
from paddle_cortexm.compiler.frontend.paddle.simplify import simplify
from paddle_cortexm.errors import UserError

UNKNOWN = "this operator is not supported"
MOST_NAMED = 3  # tensors with the same problem
Found = list[tuple[PaddleOperator, str]]


def unsupported_in(folder: Path, stem: str = "model") -> tuple[str, ...]:
    """What load_graph would refuse of the program `stem` in the folder, a line a problem; empty for a good one."""
    program = read_program(folder, stem)
    checked = [(op, _problem(op, check_operator)) for op in program.operators]
    found = [(op, problem) for op, problem in checked if problem]
    try:
        program = simplify(program)
    except UserError as error:  # it does not go on behind its first
        return (*_lines(found), str(error))
    known = {op.output for op, _ in found}
    found += [(op, problem) for op, problem in _refused_by_imports(program) if op.output not in known]
    return _lines(found)


def _refused_by_imports(program: PaddleProgram) -> Found:
    found: Found = []

    def attempt(builder: RelaxBuilder, op: PaddleOperator) -> None:
        problem = _problem(op, lambda op: OPERATORS[op.kind](builder, op)) if op.kind in OPERATORS else UNKNOWN
        if problem:
            found.append((op, problem))
            made = [name for names in op.outputs.values() for name in names if name in program.shapes]
            for name in made:
                builder.emit(name, relax.op.zeros(builder.relax_shape(name), "float32"))

    RelaxBuilder(program).build({op.kind: attempt for op in program.operators})
    return found


def _problem(op: PaddleOperator, check: Callable[[PaddleOperator], None]) -> str:
    """What the check says of the operator, without its name; '' when it says nothing."""
    try:
        check(op)
    except UserError as error:
        known = op.kind in OPERATORS or op.kind in SIMPLIFIED
        return str(error).removeprefix(f"{op.kind} (tensor '{op.output}'): ") if known else UNKNOWN
    return ""


def _lines(found: Iterable[tuple[PaddleOperator, str]]) -> tuple[str, ...]:
    """A line an operator and problem: it names the first layers, and counts the others."""
    together: dict[tuple[str, str], list[str]] = {}
    for op, problem in found:
        name = f"{op.parameter} ({op.output})" if op.parameter else op.output
        together.setdefault((op.kind, problem), []).append(name)
    return tuple(
        f"{kind}: {problem}; layers {', '.join(names[:MOST_NAMED])}"
        + (f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else "")
        for (kind, problem), names in together.items()
    )
