"""Backend `helium`: the kernels in app/runtime/helium, portable C and Helium (MVE) vector code that give the same bits.

`SELECTORS` says which module answers for an operator type: its `select(graph, layer)` packs the layer's constants and
returns its Kernel, or a Rejection with the reason.
"""

from __future__ import annotations

from collections.abc import Callable

from paddle_cortexm.compiler.backends.helium import (
    convolution,
    depthwise,
    elementwise,
    fully_connected,
    movement,
    pooling,
    prelu,
    resizing,
    table,
    wide,
)
from paddle_cortexm.compiler.backends.helium.floats import depthwise as float_depthwise
from paddle_cortexm.compiler.backends.helium.floats import elementwise as float_elementwise
from paddle_cortexm.compiler.backends.helium.floats import matrix as float_matrix
from paddle_cortexm.compiler.backends.helium.tokens import floats as float_tokens
from paddle_cortexm.compiler.backends.helium.tokens import integers as tokens
from paddle_cortexm.compiler.graph import Graph, Layer, has_wide_tensors
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Activation, Table
from paddle_cortexm.compiler.operators.elementwise.add import Add, IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.binary import IntegerWithConstant, WithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import Divide, IntegerDivide
from paddle_cortexm.compiler.operators.elementwise.extremum import Extremum, IntegerExtremum
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply, Multiply
from paddle_cortexm.compiler.operators.elementwise.prelu import IntegerPRelu, PRelu
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.movement.concat import Concat, IntegerConcat
from paddle_cortexm.compiler.operators.movement.crop import Crop
from paddle_cortexm.compiler.operators.movement.pixels import Pixels
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.pools.adaptive_pool import AdaptiveAveragePool, IntegerAdaptiveAveragePool
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool, MaxPool
from paddle_cortexm.compiler.operators.resize.resize import IntegerResize, Resize
from paddle_cortexm.compiler.operators.tokens.layer_norm import IntegerLayerNorm, LayerNorm
from paddle_cortexm.compiler.operators.tokens.product import IntegerProduct, Product
from paddle_cortexm.compiler.operators.tokens.softmax import IntegerSoftmax, Softmax
from paddle_cortexm.compiler.operators.weights.convolution import Convolution, IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import (
    DepthwiseConvolution,
    IntegerDepthwiseConvolution,
)
from paddle_cortexm.compiler.operators.weights.fully_connected import FullyConnected, IntegerFullyConnected

Selector = Callable[[Graph, Layer], Kernel | Rejection]
SELECTORS: dict[type, Selector] = {
    IntegerConvolution: convolution.select,
    IntegerFullyConnected: fully_connected.select,
    IntegerDepthwiseConvolution: depthwise.select,
    IntegerAdd: elementwise.select,
    IntegerDivide: elementwise.select,
    IntegerExtremum: elementwise.select,
    IntegerMultiply: elementwise.select,
    IntegerPRelu: prelu.select,
    IntegerWithConstant: elementwise.select,
    IntegerAdaptiveAveragePool: pooling.select,
    IntegerAveragePool: pooling.select,
    IntegerMaxPool: pooling.select,
    IntegerConcat: movement.concat,
    IntegerResize: resizing.select,
    IntegerLayerNorm: tokens.layer_norm,
    IntegerProduct: tokens.product,
    IntegerSoftmax: tokens.softmax,
    Table: table.select,
    Convolution: float_matrix.select,
    DepthwiseConvolution: float_depthwise.select,
    FullyConnected: float_matrix.select,
    Add: float_elementwise.select,
    Subtract: float_elementwise.select,
    Multiply: float_elementwise.select,
    Divide: float_elementwise.select,
    Extremum: float_elementwise.select,
    WithConstant: float_elementwise.select,
    AdaptiveAveragePool: pooling.select,
    AveragePool: pooling.select,
    MaxPool: pooling.select,
    Activation: float_elementwise.activation,
    PRelu: prelu.select,
    Concat: movement.concat,
    Crop: movement.crop,
    LayerNorm: float_tokens.layer_norm,
    Pixels: movement.pixels,
    Product: float_tokens.product,
    Reshape: movement.reshape,
    Softmax: float_tokens.softmax,
    Resize: resizing.select,
}


class HeliumBackend:
    """The project's own kernels: int8 and float, for Cortex-M55 and Cortex-M85."""

    name = "helium"

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        """The kernel for this layer, or why there is none."""
        if has_wide_tensors(graph, layer):
            return wide.select(graph, layer)
        select = SELECTORS.get(type(layer.operator))
        if select is None:
            return Rejection(f"helium has no kernel for {type(layer.operator).__name__}")
        return select(graph, layer)
