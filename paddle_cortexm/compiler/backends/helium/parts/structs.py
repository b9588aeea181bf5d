"""The C of the kernels' parameter structs: `$name` stands for a constant, as in `Kernel.body`."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Tensor

SUFFIXES = {"int8": "s8", "int16": "s16"}  # of the C names, by element type


def initialiser(fields: Mapping[str, object]) -> str:
    """`{.name = value, ...}`; a value that is a mapping itself is the initialiser of a struct inside."""
    values = {name: initialiser(v) if isinstance(v, Mapping) else v for name, v in fields.items()}
    return f"{{{', '.join(f'.{name} = {value}' for name, value in values.items())}}}"


def declaration(c_type: str, name: str, fields: Mapping[str, object]) -> str:
    """The C line that declares a constant struct."""
    return f"    static const {c_type} {name} = {initialiser(fields)};\n"


def window_fields(source: Tensor, result: Tensor, window: Window) -> dict[str, object]:
    """Size of a layer's input and output, and its window: helium_size_t and helium_window_t of helium.h."""
    return {
        "input": {"height": source.shape[1], "width": source.shape[2]},
        "output": {"height": result.shape[1], "width": result.shape[2]},
        "window": {
            "kernel_height": window.kernel[0],
            "kernel_width": window.kernel[1],
            "stride_height": window.stride[0],
            "stride_width": window.stride[1],
            "padding_top": window.padding[0],
            "padding_left": window.padding[1],
            "dilation_height": window.dilation[0],
            "dilation_width": window.dilation[1],
        },
    }
