"""What layers and their constants are called in the generated C."""

from __future__ import annotations

from paddle_cortexm.compiler.c_text import identifier
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.layer_names import layer_title


def layer_function_name(graph: Graph, number: int) -> str:
    """The C function of a layer, 'layer_12_depthwise_3x3_2_blocks4_0_dw_conv'; its constants' names begin with it. All
    numbers of a model have as many digits, at least two, so that names sort as layers run."""
    title = layer_title(graph, graph.layers[number]).replace("×", "x")
    digits = max(2, len(str(len(graph.layers) - 1)))
    return f"layer_{number:0{digits}d}_{identifier(title)}"


def constant_names(graph: Graph, number: int, kernel: Kernel) -> dict[str, str]:
    """The C name of each of the kernel's constants, by the `$name` that its bodies call it."""
    name = layer_function_name(graph, number)
    return {constant.name: f"{name}_{constant.name}" for constant in kernel.constants}
