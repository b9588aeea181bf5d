"""Assignment to some channels (`x[:, a:b] = y`, in a program set_value) as a concat of what stays and what is new."""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram, Shape

ASSIGNMENT = "set_value"


def as_concats(program: PaddleProgram) -> PaddleProgram:
    """The program without assignments. Raises UserError for one that is not of a computed tensor to successive
    channels."""
    for op in [op for op in program.operators if op.kind == ASSIGNMENT]:
        steps, shapes = _concat(program, op)
        program = program.replacing({op.output: steps}, shapes=program.shapes | shapes)
    return program


def _concat(program: PaddleProgram, op: PaddleOperator) -> tuple[tuple[PaddleOperator, ...], dict[str, Shape]]:
    """The operators that replace an assignment, and the shapes of what they make on the way."""
    shape, spans = program.shapes[op.input("Input")], ("axes", "starts", "ends", "steps")
    axes, starts, ends, steps = (op.attributes.get(name) for name in spans)
    if axes != [1] or steps != [1] or not op.has_input("ValueTensor"):
        raise op.mistake(f"only a computed tensor assigned to successive channels is supported, not {op.attributes}")
    first, end = (n + shape[1] if n < 0 else min(n, shape[1]) for n in (starts[0], ends[0]))  # type: ignore[index]
    parts, made, shapes = list[str](), list[PaddleOperator](), dict[str, Shape]()
    for name, low, high in (("before", 0, first), ("", first, end), ("after", end, shape[1])):
        if low == high:
            continue
        if not name:
            parts.append(op.input("ValueTensor"))
            continue
        part = f"{op.output}.{name}"
        attributes = {"axes": [1], "starts": [low], "ends": [high]}
        made.append(PaddleOperator("slice", {"Input": (op.input("Input"),)}, {"Out": (part,)}, attributes))
        shapes[part] = (shape[0], high - low, *shape[2:])
        parts.append(part)
    joined = PaddleOperator("concat", {"X": tuple(parts)}, {"Out": (op.output,)}, {"axis": 1})
    return (*made, replace(joined, parameter=op.parameter)), shapes
