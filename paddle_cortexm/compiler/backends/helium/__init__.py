"""Backend `helium`: the kernels in app/runtime/helium, portable C and Helium (MVE) vector code that give the same bits.

`SELECTORS` says which module answers for an operator type. A module's `select(graph, layer)` packs the layer's
constants and returns its Kernel, or a Rejection with the reason.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.activation import Activation, Table
from paddle_cortexm.compiler.operators.add import Add, IntegerAdd
from paddle_cortexm.compiler.operators.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.operators.convolution import Convolution, IntegerConvolution
from paddle_cortexm.compiler.operators.depthwise_convolution import DepthwiseConvolution, IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.fully_connected import FullyConnected, IntegerFullyConnected
from paddle_cortexm.compiler.operators.max_pool import IntegerMaxPool, MaxPool
from paddle_cortexm.compiler.operators.multiply import IntegerMultiply, Multiply

# The module of this package that takes an operator. Modules are imported when first needed.
SELECTORS: dict[type, str] = {
    IntegerConvolution: "convolution",
    IntegerFullyConnected: "fully_connected",
    IntegerDepthwiseConvolution: "depthwise",
    IntegerAdd: "elementwise",
    IntegerMultiply: "elementwise",
    IntegerAveragePool: "pooling",
    IntegerMaxPool: "pooling",
    Table: "table",
    Convolution: "float_matrix",
    DepthwiseConvolution: "float_depthwise",
    FullyConnected: "float_matrix",
    Add: "float_elementwise",
    Multiply: "float_elementwise",
    AveragePool: "pooling",
    MaxPool: "pooling",
    Activation: "float_elementwise",
}


class HeliumBackend:
    """The project's own kernels: int8 and float, for Cortex-M55 and Cortex-M85."""

    name = "helium"

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        """The kernel for this layer, or why there is none."""
        operator = type(layer.operator)
        module = SELECTORS.get(operator)
        path = f"{__name__}.{module}"
        if module is None or find_spec(path) is None:
            return Rejection(f"helium has no kernel for {operator.__name__}")
        answer: Kernel | Rejection = import_module(path).select(graph, layer)
        return answer
