"""Constants of the float kernels as app/runtime/helium/conv2d_float.h and depthwise_float.h lay them out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.c_text import float_literal
from paddle_cortexm.compiler.graph import Activation, Convolution, DepthwiseConvolution, FullyConnected, Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Rejection
from paddle_cortexm.compiler.tensor import Tensor

Clamp = tuple[float | None, float | None]
OPEN: Clamp = (None, None)
CLAMP_OF: dict[str, Clamp] = {"relu": (0.0, None), "relu6": (0.0, 6.0)}
Weighted = Convolution | DepthwiseConvolution | FullyConnected


@dataclass(frozen=True)
class FloatType:
    """The precision of a layer's kernel. lanes: elements of a vector (HELIUM_FLOAT_LANES); run: vectors of channels
    whose weights are packed together (HELIUM_FLOAT_RUN_VECTORS)."""

    dtype: str
    suffix: str  # of the C names
    lanes: int
    run: int

    @property
    def bytes(self) -> int:
        return 16 // self.lanes

    @property
    def header(self) -> str:
        return f"kernels_{self.suffix}.h"

    def source(self, name: str) -> str:
        """The C file that compiles a kernel for this precision."""
        return f"app/runtime/helium/{name}_{self.suffix}.c"


FLOAT_TYPES = {"float32": FloatType("float32", "f32", 4, 1), "float16": FloatType("float16", "f16", 8, 2)}


def float_type(tensor: Tensor) -> FloatType:
    return FLOAT_TYPES[tensor.dtype]


def packed_vectors(values: NDArray[np.floating], kind: FloatType) -> NDArray[np.floating]:
    """(channels, n) -> (vectors of channels, n, lanes), zeros in the last vector's missing channels."""
    channels, depth = values.shape
    padded = np.zeros((-(-channels // kind.lanes) * kind.lanes, depth), kind.dtype)
    padded[:channels] = values
    return np.ascontiguousarray(padded.reshape(-1, kind.lanes, depth).transpose(0, 2, 1))


def packed_matrix(weight: NDArray[np.floating], kind: FloatType) -> NDArray[np.floating]:
    """Weights (channels, depth) in runs of vectors of channels, the vectors that are left at the end one by one; of a
    run the weights for the first k, then for the second, and so on."""
    vectors = packed_vectors(weight, kind)
    in_runs = len(vectors) // kind.run * kind.run
    runs = vectors[:in_runs].reshape(-1, kind.run, *vectors.shape[1:]).transpose(0, 2, 1, 3)
    return np.concatenate([runs.reshape(-1), vectors[in_runs:].reshape(-1)])


def packed_bias(bias: NDArray[np.floating], kind: FloatType) -> NDArray[np.floating]:
    """The bias, zeros up to whole vectors."""
    return np.pad(bias, (0, -len(bias) % kind.lanes)).astype(kind.dtype)


def weighted_rejection(graph: Graph, layer: Layer) -> Rejection | None:
    """Why the float kernels do not take a convolution or fully connected layer, or None."""
    operator = layer.operator
    assert isinstance(operator, Weighted)
    kind = float_type(graph.output_of(layer))
    limit = float(np.finfo(kind.dtype).max)
    if max(np.abs(operator.weight).max(), np.abs(operator.bias).max()) > limit:
        return Rejection(f"a weight or bias of more than {limit:g}, the largest {kind.dtype}")
    if operator.clamp != OPEN and operator.epilogue.activation is not None:
        return Rejection("the float kernels have one activation, not two")
    if operator.epilogue.add is not None and operator.epilogue.add.clamp != OPEN:
        return Rejection("the float kernels do not clamp after the residual")
    return None


def activation_fields(clamp: Clamp, activation: Activation | None = None) -> dict[str, str]:
    """The fields of helium_activation_t: a clamp, or an activation."""
    if activation is not None and activation.kind not in CLAMP_OF:
        slope, offset = (1 / 6, 0.5) if activation.kind == "hard_swish" else (activation.slope, activation.offset)
        name = f"HELIUM_{activation.kind.upper()}"
        return {"kind": name, "slope": float_literal(slope), "offset": float_literal(offset)}
    low, high = CLAMP_OF[activation.kind] if activation is not None else clamp
    if (low, high) == OPEN:
        return {"kind": "HELIUM_LINEAR"}
    ends = (-np.inf if low is None else low, np.inf if high is None else high)
    return {"kind": "HELIUM_CLAMP", "low": float_literal(ends[0]), "high": float_literal(ends[1])}
