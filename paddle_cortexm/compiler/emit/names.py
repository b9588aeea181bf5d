"""What a layer is called in the generated C, and for people who read it."""

from __future__ import annotations

from paddle_cortexm.compiler.c_text import identifier
from paddle_cortexm.compiler.graph import Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel


def layer_function_name(number: int, layer: Layer) -> str:
    """The layer's C function; its constants' names begin with it."""
    return f"layer_{number:02d}_{identifier(layer.output)}"


def layer_title(layer: Layer) -> str:
    """The layer's name in comments and in model_layer_names."""
    return layer.output


def constant_names(number: int, layer: Layer, kernel: Kernel) -> dict[str, str]:
    """The C name of each of the kernel's constants, by the `$name` that its bodies call it."""
    return {constant.name: f"{layer_function_name(number, layer)}_{constant.name}" for constant in kernel.constants}
