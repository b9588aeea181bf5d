"""Lowered TIR as plain C11 statements: no packed calls, no TVM headers, exact constants.

TVM's own C printer writes floats with seven digits and wraps functions in its calling convention; this one prints what
a person would write. Parameters keep the names of their buffers; a buffer named in `constants` is printed as `$name`
(a string.Template). Buffers allocated inside become parts of `scratch`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from tvm import IRModule, s_tir, target, tirx, transform

C_TYPES = {
    "float32": "float",
    "int64": "int64_t",
    "int32": "int32_t",
    "int16": "int16_t",
    "int8": "int8_t",
    "uint8": "uint8_t",
}
ALIGNMENT = 16  # bytes, of each buffer in scratch
BINARY = {  # TIR node -> C operator, precedence (higher binds tighter)
    "Mul": ("*", 12),
    "Div": ("/", 12),
    "FloorDiv": ("/", 12),  # only loop indices are floor-divided, and they are not negative
    "Mod": ("%", 12),
    "FloorMod": ("%", 12),
    "Add": ("+", 11),
    "Sub": ("-", 11),
    "RShift": (">>", 10),
    "LShift": ("<<", 10),
    "LT": ("<", 9),
    "LE": ("<=", 9),
    "GT": (">", 9),
    "GE": (">=", 9),
    "EQ": ("==", 8),
    "NE": ("!=", 8),
    "And": ("&&", 4),
    "Or": ("||", 3),
}
CONDITIONAL, UNARY, ATOM = 2, 14, 15
LOOP_NAMES = {"ax0_init": "o", "ax0": "o", "ax1": "ky", "ax2": "kx", "ax3": "k"}  # what compute_at calls them
FUNCTIONS = {
    "erf": "erff",
    "exp": "expf",
    "log": "logf",
    "nearbyint": "nearbyintf",
    "pow": "powf",
    "sqrt": "sqrtf",
    "tanh": "tanhf",
}


@dataclass(frozen=True)
class CStatements:
    """C statements, indented by four spaces, and the scratch bytes they use."""

    text: str
    scratch_bytes: int


def print_c(function: Any, constants: Collection[str] = ()) -> CStatements:
    """A scheduled PrimFunc as C statements. Raises ValueError naming a node that has no C form here."""
    printer = _Printer(frozenset(constants))
    printer.statement(lower(function).body, 1)
    return CStatements("".join(printer.lines), printer.scratch_bytes)


def lower(function: Any) -> Any:
    """Blocks, multi-dimensional buffers and init statements lowered to loops over flat arrays."""
    passes = [
        tirx.transform.BindTarget(target.Target("c")),
        s_tir.transform.CanonicalizeLoop(),
        s_tir.transform.LowerInitBlock(),
        s_tir.transform.PlanAndUpdateBufferAllocationLocation(),
        s_tir.transform.ConvertBlocksToOpaque(),
        s_tir.transform.CompactBufferAllocation(),
        s_tir.transform.LowerMatchBuffer(),
        s_tir.transform.StmtSimplify(),
        s_tir.transform.LowerOpaqueBlock(),
        tirx.transform.FlattenBuffer(),
        tirx.transform.NarrowDataType(32),
        tirx.transform.StmtSimplify(),
        tirx.transform.RemoveNoOp(),
    ]
    module = IRModule({"main": function})
    with transform.PassContext(opt_level=3):
        for step in passes:
            module = step(module)
    return module["main"]


class _Printer:
    def __init__(self, constants: frozenset[str]) -> None:
        self.constants = constants
        self.lines: list[str] = []
        self.scratch_bytes = 0
        self._names: dict[int, str] = {}
        self._taken: set[str] = set()

    def statement(self, node: Any, depth: int) -> None:
        """Append the C lines of a statement."""
        kind = type(node).__name__
        handlers: dict[str, Callable[[Any, int], None]] = {
            "SeqStmt": self._sequence,
            "For": self._for,
            "IfThenElse": self._if,
            "BufferStore": self._store,
            "AllocBuffer": self._allocate,
            "DeclBuffer": lambda node, depth: None,  # another view of the same memory
            "AttrStmt": lambda node, depth: self.statement(node.body, depth),
        }
        if kind not in handlers:
            raise ValueError(f"TIR statement {kind} has no C form: {node}")
        handlers[kind](node, depth)

    def expression(self, node: Any) -> str:
        return self._expression(node)[0]

    def _line(self, depth: int, text: str) -> None:
        self.lines.append(f"{'    ' * depth}{text}\n")

    def _sequence(self, node: Any, depth: int) -> None:
        for part in node.seq:
            self.statement(part, depth)

    def _for(self, node: Any, depth: int) -> None:
        name = self._name(node.loop_var)
        start, extent = self.expression(node.min), self.expression(node.extent)
        end = extent if start == "0" else f"{start} + {extent}"
        self._line(depth, f"for (int32_t {name} = {start}; {name} < {end}; ++{name}) {{")
        self.statement(node.body, depth + 1)
        self._line(depth, "}")

    def _if(self, node: Any, depth: int) -> None:
        self._line(depth, f"if ({self.expression(node.condition)}) {{")
        self.statement(node.then_case, depth + 1)
        if node.else_case is not None:
            self._line(depth, "} else {")
            self.statement(node.else_case, depth + 1)
        self._line(depth, "}")

    def _store(self, node: Any, depth: int) -> None:
        place = f"{self._buffer(node.buffer)}[{self.expression(node.indices[0])}]"
        self._line(depth, f"{place} = {self.expression(node.value)};")

    def _allocate(self, node: Any, depth: int) -> None:
        buffer_type = node.buffer.ty
        dtype = str(buffer_type.dtype)
        size = int(np.prod([int(n) for n in buffer_type.shape])) * np.dtype(dtype).itemsize
        name = self._name(node.buffer)
        pointer = f"({C_TYPES[dtype]} *)(void *)(scratch + {self.scratch_bytes})"
        self._line(depth, f"{C_TYPES[dtype]} *const {name} = {pointer};")
        self.scratch_bytes += -(-size // ALIGNMENT) * ALIGNMENT

    def _name(self, variable: Any) -> str:
        """A C name for a variable, the TIR name where it is free."""
        key = hash(variable)
        if key not in self._names:
            wanted = LOOP_NAMES.get(variable.name, variable.name)
            name, number = wanted, 1
            while name in self._taken:
                name, number = f"{wanted}_{number}", number + 1
            self._taken.add(name)
            self._names[key] = name
        return self._names[key]

    def _buffer(self, buffer: Any) -> str:
        """A parameter's or an allocated buffer's name; flattened views carry the name of what they view."""
        key = hash(buffer)
        if key in self._names:
            return self._names[key]
        name = buffer.name
        root = name.rsplit("_", 1)[0] if name.rsplit("_", 1)[-1].isdigit() else name
        return f"${root}" if root in self.constants else root

    def _expression(self, node: Any) -> tuple[str, int]:
        """C text of an expression and its precedence."""
        kind = type(node).__name__
        if kind in BINARY:
            return self._binary(*BINARY[kind], node.a, node.b)
        if kind in ("Min", "Max"):
            return self._extreme(kind.lower(), node), ATOM
        if kind == "IntImm":
            return (str(int(node.value)), ATOM) if int(node.value) >= 0 else (f"({int(node.value)})", ATOM)
        if kind == "FloatImm":
            return float_constant(float(node.value)), ATOM
        if kind == "Var":
            return self._name(node), ATOM
        if kind in ("TensorLoad", "BufferLoad"):
            return f"{self._buffer(node.source)}[{self.expression(node.indices[0])}]", ATOM
        if kind == "Cast":
            return f"({C_TYPES[_dtype(node)]}){self._wrapped(node.value, UNARY)}", UNARY
        if kind == "Not":
            return f"!{self._wrapped(node.a, UNARY)}", UNARY
        if kind == "Select":
            return self._conditional(node.condition, node.true_value, node.false_value)
        if kind == "Call":
            return self._call(node)
        raise ValueError(f"TIR expression {kind} has no C form: {node}")

    def _wrapped(self, node: Any, least: int) -> str:
        """C text, in parentheses if it binds less tightly than needed."""
        text, precedence = self._expression(node)
        return text if precedence >= least else f"({text})"

    def _binary(self, symbol: str, precedence: int, a: Any, b: Any) -> tuple[str, int]:
        mixed = symbol in ("<<", ">>", "&&", "||")  # compilers warn about other operators inside these
        least = UNARY if mixed and type(a).__name__ not in ("LT", "LE", "GT", "GE", "And") else precedence
        return f"{self._wrapped(a, least)} {symbol} {self._wrapped(b, max(least, precedence + 1))}", precedence

    def _extreme(self, which: str, node: Any) -> str:
        kind = "float" if _dtype(node) == "float32" else "int"
        return f"tvm_{which}_{kind}({self.expression(node.a)}, {self.expression(node.b)})"

    def _conditional(self, condition: Any, yes: Any, no: Any) -> tuple[str, int]:
        parts = [self._wrapped(part, CONDITIONAL + 1) for part in (condition, yes, no)]
        return f"{parts[0]} ? {parts[1]} : {parts[2]}", CONDITIONAL

    def _call(self, node: Any) -> tuple[str, int]:
        name = node.op.name.rsplit(".", 1)[-1]  # "tirx.exp", "prim.if_then_else"
        if name == "if_then_else":
            return self._conditional(*node.args)
        if name == "call_pure_extern":
            function, *arguments = node.args
            return f"{function.value}({', '.join(self.expression(argument) for argument in arguments)})", ATOM
        if name in FUNCTIONS:
            return f"{FUNCTIONS[name]}({', '.join(self.expression(argument) for argument in node.args)})", ATOM
        raise ValueError(f"TIR call {name} has no C form: {node}")


def _dtype(node: Any) -> str:
    return str(node.ty.dtype) if hasattr(node.ty, "dtype") else str(node.dtype)


def float_constant(value: float) -> str:
    """A float32 constant that reads back to the same bits."""
    if np.isinf(value):
        return "INFINITY" if value > 0 else "(-INFINITY)"
    if np.isnan(value):
        return "NAN"
    text = f"{np.float32(value):.9g}"
    text = text if any(c in text for c in ".e") else f"{text}.0"
    return f"{text}f" if value >= 0 else f"({text}f)"
