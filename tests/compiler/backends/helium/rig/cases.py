"""A test case of the rig, and the C program that runs many of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.c_text import C_TYPES, value_rows
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel
from paddle_cortexm.compiler.operators.parts.window import Window

Array = NDArray[np.generic]
GUARDED_ENDS = (0x31400000, 0x00080000)  # where the guarded constants end, as in target.c


@dataclass(frozen=True)
class Rows:
    """Run the kernel's `row_body` over all output rows, as row streaming does.

    Inputs and output are (1, H, W, C). outside: what the row of padding is filled with (the input zero point).
    """

    window: Window
    outside: int | float = 0


@dataclass(frozen=True)
class Case:
    """One call of a kernel: its inputs, the shape and type of its output. rows: run `row_body` instead of `body`.
    functions: C in front of the kernel's, for its body to call.

    guarded: on the target inputs start where memory starts and the kernel's first constants end where memory ends
    (otherwise it is the inputs that end there).
    """

    kernel: Kernel
    inputs: tuple[Array, ...]
    output_shape: tuple[int, ...]
    output_dtype: str = "int8"
    rows: Rows | None = None
    functions: str = ""
    guarded: bool = False

    @property
    def guarded_constants(self) -> tuple[Constant, ...]:
        return self.kernel.constants[: len(GUARDED_ENDS)] if self.guarded else ()

    @property
    def output_bytes(self) -> int:
        return int(np.prod(self.output_shape)) * np.dtype(self.output_dtype).itemsize

    @property
    def scratch_bytes(self) -> int:
        """Rounded up to 16: the rig puts the scratch at the end of a memory, and it starts 16-byte aligned."""
        used = self.kernel.scratch_bytes if self.rows is None else self.kernel.row_scratch_bytes
        return -(-used // 16) * 16


def sources_of(cases: Sequence[Case]) -> list[str]:
    """The kernels' C files, each once."""
    return list(dict.fromkeys(source for case in cases for source in case.kernel.sources))


def program(cases: Sequence[Case]) -> str:
    """The C file that defines `rig_cases`."""
    headers = sorted({case.kernel.header for case in cases if case.kernel.header} | {"rig.h"})
    includes = "".join(f'#include "{header}"\n' for header in headers)
    functions = "\n".join(_case(i, case) for i, case in enumerate(cases))
    entries = "".join(f"    {_entry(i, case)},\n" for i, case in enumerate(cases))
    return (
        f"#include <math.h>\n#include <stddef.h>\n#include <string.h>\n\n{includes}\n{functions}\n"
        f"const rig_case_t rig_cases[] = {{\n{entries}}};\nconst uint32_t rig_case_count = {len(cases)};\n"
    )


def _case(number: int, case: Case) -> str:
    """Constants, input data and the function of one case."""
    name, kernel = f"case_{number}", case.kernel
    arrays = [(f"{name}_{c.name}", c.values) for c in kernel.constants if c not in case.guarded_constants]
    arrays += [(f"{name}_input{i}", values) for i, values in enumerate(case.inputs)]
    data = "".join(_array(n, v) for n, v in arrays)
    data += "".join(_guarded(f"{name}_{c.name}", c.values) for c in case.guarded_constants)
    fields = {c.name: f"{name}_{c.name}" for c in kernel.constants}
    body = _row_loop(case, fields) if case.rows else Template(kernel.body).substitute(fields)
    inputs = "".join(
        f"    const {C_TYPES[v.dtype.name]} *input{i} = data{i};\n    (void)input{i};\n"
        for i, v in enumerate(case.inputs)
    )
    unused = "".join(f"    (void)data{i};\n" for i in range(len(case.inputs), 2))
    return (
        f"{data}{case.functions}\n"
        f"static int {name}(const void *data0, const void *data1, void *result, uint8_t *scratch)\n{{\n"
        f"{inputs}{unused}    {C_TYPES[case.output_dtype]} *output = result;\n    (void)output;\n    (void)scratch;\n"
        f"{body}\n    return 0;\n}}\n"
    )


def _array(name: str, values: Array) -> str:
    """A constant array. In no section of its own: the address sanitiser guards only arrays of the usual one."""
    kind = f"__attribute__((aligned(16))) const {C_TYPES[values.dtype.name]}"
    return f"static {kind} {name}[{values.size}] = {{\n{value_rows(values)}}};\n"


def _guarded(name: str, values: Array) -> str:
    """A constant whose address the linker is told (guarded_symbols), and its data; on the host just an array."""
    data = _array(f"{name}_data", values)
    return (
        f"{data}#ifdef __ARM_FEATURE_MVE\nextern const {C_TYPES[values.dtype.name]} {name}[];\n#else\n"
        f"#define {name} {name}_data\n#endif\n"
    )


def guarded_symbols(cases: Sequence[Case]) -> dict[str, int]:
    """The addresses of all guarded constants."""
    return {
        f"case_{i}_{constant.name}": end - constant.values.nbytes
        for i, case in enumerate(cases)
        for constant, end in zip(case.guarded_constants, GUARDED_ENDS, strict=False)
    }


def _row_loop(case: Case, fields: dict[str, str]) -> str:
    """C that calls the row body for every output row, with rows outside the image pointing to a row of padding."""
    assert case.rows is not None
    assert case.kernel.row_body is not None, "this kernel has no row body"
    (_, height, width, channels), window = case.inputs[0].shape, case.rows.window
    row, element = width * channels, C_TYPES[case.inputs[0].dtype.name]
    out_height, out_row = case.output_shape[1], int(np.prod(case.output_shape[2:]))
    has_residual = len(case.inputs) > 1
    residual = f"input1 + y * {int(np.prod(case.inputs[1].shape[2:]))}" if has_residual else "NULL"
    residual_type = C_TYPES[case.inputs[1].dtype.name] if has_residual else element
    return (
        f"    static {element} outside[{row}];\n    for (int i = 0; i < {row}; i++) {{\n"
        f"        outside[i] = {case.rows.outside};\n    }}\n"
        f"    {C_TYPES[case.output_dtype]} *whole_output = output;\n"
        f"    for (int y = 0; y < {out_height}; y++) {{\n"
        f"        const {element} *rows[{window.extent[0]}];\n"
        f"        for (int k = 0; k < {window.extent[0]}; k++) {{\n"
        f"            const int row = y * {window.stride[0]} - {window.padding[0]} + k;\n"
        f"            rows[k] = row >= 0 && row < {height} ? input0 + row * {row} : outside;\n        }}\n"
        f"        const {residual_type} *residual = {residual};\n"
        f"        const void *const others[] = {{residual}};\n        (void)others;\n"
        f"        output = whole_output + y * {out_row};\n"
        f"{Template(case.kernel.row_body).substitute(fields)}\n    }}"
    )


def _entry(number: int, case: Case) -> str:
    name = f"case_{number}"
    inputs = ", ".join(f"{name}_input{i}" for i in range(len(case.inputs)))
    sizes = ", ".join(str(values.nbytes) for values in case.inputs)
    constants = ", ".join(f"{name}_{c.name}_data" for c in case.guarded_constants) or "NULL"
    constant_sizes = ", ".join(str(c.values.nbytes) for c in case.guarded_constants) or "0"
    return (
        f"{{{name}, {{{inputs}}}, {{{sizes}}}, {case.output_bytes}, {case.scratch_bytes}, "
        f"{{{constants}}}, {{{constant_sizes}}}}}"
    )
