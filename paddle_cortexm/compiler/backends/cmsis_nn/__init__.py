"""Backend `cmsis-nn`: calls into Arm's CMSIS-NN, an external library found by `host.cmsis_nn.find_library`."""

from __future__ import annotations

from collections.abc import Callable

from paddle_cortexm.compiler.backends.cmsis_nn import calls
from paddle_cortexm.compiler.graph import Graph, Layer, has_wide_tensors
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.pools.average_pool import IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.host.cmsis_nn import find_library, rounds_correctly

CALLS: dict[type, Callable[[Graph, Layer], Kernel | Rejection]] = {
    IntegerConvolution: calls.convolution,
    IntegerDepthwiseConvolution: calls.depthwise,
    IntegerFullyConnected: calls.fully_connected,
    IntegerAdd: calls.add,
    IntegerMultiply: calls.multiply,
    IntegerAveragePool: calls.average_pool,
    IntegerMaxPool: calls.max_pool,
}


class CmsisNnBackend:
    """Arm's kernels, one call a layer. Raises UserError when the library is not on this machine."""

    name = "cmsis-nn"

    def __init__(self) -> None:
        self.rounds_correctly = rounds_correctly(find_library())

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        make = CALLS.get(type(layer.operator))
        if make is None:
            return Rejection(f"CMSIS-NN has no kernel for {type(layer.operator).__name__}")
        if has_wide_tensors(graph, layer):
            return Rejection("the calls to CMSIS-NN are for int8 tensors")
        if isinstance(layer.operator, IntegerConvolution | IntegerDepthwiseConvolution):
            if layer.operator.window.dilation != (1, 1):
                return Rejection("the calls to CMSIS-NN are for windows without dilation")
            if isinstance(layer.operator, IntegerConvolution) and layer.operator.groups > 1:
                return Rejection("the calls to CMSIS-NN are for convolutions of one group")
        epilogue = getattr(layer.operator, "epilogue", None)
        if epilogue is not None and (epilogue.table is not None or epilogue.add is not None):
            return Rejection("CMSIS-NN fuses neither tables nor adds")
        requantisation = getattr(layer.operator, "requantisation", None)
        if not self.rounds_correctly and requantisation is not None and (requantisation.shift >= 0).any():
            return Rejection("a scale of 1/2 or more, which CMSIS-NN before header revision V.22.9.1 may round wrongly")
        return make(graph, layer)
