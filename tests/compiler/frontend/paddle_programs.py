"""Paddle programs as plain data, written by hand."""

from __future__ import annotations

from typing import Any

import numpy as np

from paddle_cortexm.compiler.frontend.paddle.channel_affine import AFFINE
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator, PaddleProgram


def operator(kind: str, output: str, slot: str = "Out", attributes: dict[str, Any] | None = None, **inputs: str) -> Any:
    """inputs: slot = tensor."""
    return PaddleOperator(kind, {k: (v,) for k, v in inputs.items()}, {slot: (output,)}, attributes or {})


def convolution(output: str, source: str, padding: int = 0) -> PaddleOperator:
    """Reads the parameter OUTPUT.w."""
    attributes = {"groups": 1, "padding_algorithm": "EXPLICIT", "paddings": [padding, padding]}
    return operator("conv2d", output, "Output", attributes, Input=source, Filter=f"{output}.w")


def affine(output: str, source: str) -> PaddleOperator:
    """Reads the parameters OUTPUT.gain and OUTPUT.offset."""
    return operator(AFFINE, output, X=source, Gain=f"{output}.gain", Offset=f"{output}.offset")


def program(*operators: PaddleOperator, shapes: dict[str, tuple[int, ...]], **parameters: Any) -> PaddleProgram:
    """From `image` to the last operator's output. parameters: by name, _ for the dot in it."""
    named = {name.replace("_", "."): np.asarray(values) for name, values in parameters.items()}
    return PaddleProgram(operators, named, shapes, "image", operators[-1].output)
