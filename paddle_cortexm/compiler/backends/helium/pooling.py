"""Average and max pooling: app/runtime/helium/average_pool_s8.c, max_pool_s8.c; of floats pool_f32.c, pool_f16.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.parts.float_type import FLOAT_TYPES
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.pool import Pool
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.tensor import Tensor

POINTER_BYTES = 8  # on the host; on the target half of it


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an average or max pool of integers or floats."""
    operator = layer.operator
    assert isinstance(operator, Pool)
    source, result, window = graph.inputs_of(layer)[0], graph.output_of(layer), operator.window
    if any(_may_be_empty(source, result, window, axis) for axis in range(2)):
        return Rejection("a window without a pixel of the image")
    average = isinstance(operator, IntegerAveragePool | AveragePool)
    return _kernel(source, result, window, "average_pool" if average else "max_pool")


def _kernel(source: Tensor, result: Tensor, window: Window, kind: str) -> Kernel:
    """kind: average_pool or max_pool."""
    fields = {"channels": source.shape[3], **window_fields(source, result, window)}
    parameters = declaration("helium_pool_t", "parameters", fields)
    floats = FLOAT_TYPES.get(source.dtype)
    suffix = floats.suffix if floats else "s8"
    rows = f"    helium_{kind}_row_{suffix}(&parameters, rows, {window.kernel[0]}, output);\n"
    scratch_bytes = POINTER_BYTES * window.kernel[0]
    return Kernel(
        name=f"helium_{kind}_{suffix}",
        backend="helium",
        reason=f"{floats.lanes if floats else 16} channels a vector",
        body=parameters + f"    helium_{kind}_{suffix}(&parameters, input0, output, scratch);\n",
        scratch_bytes=scratch_bytes,
        assertions=(f"HELIUM_POOL_SCRATCH({window.kernel[0]}) <= {scratch_bytes}",),
        header=floats.header if floats else f"{kind}_s8.h",
        sources=(floats.source("pool") if floats else f"app/runtime/helium/{kind}_s8.c",),
        row_body=parameters + rows if _all_rows_inside(source, result, window) else None,
    )


def _last_start(result: Tensor, window: Window, axis: int) -> int:
    """Input row (axis 0) or column (axis 1) where the last window starts."""
    return (result.shape[1 + axis] - 1) * window.stride[axis] - window.padding[axis]


def _may_be_empty(source: Tensor, result: Tensor, window: Window, axis: int) -> bool:
    """Whether the first or the last window lies in the padding altogether."""
    starts_outside = _last_start(result, window, axis) >= source.shape[1 + axis]
    return window.padding[axis] >= window.kernel[axis] or starts_outside


def _all_rows_inside(source: Tensor, result: Tensor, window: Window) -> bool:
    """A row outside the image would be a row of zero points, which must not count: streamed only if there is none."""
    last = _last_start(result, window, 0) + window.kernel[0]
    return window.padding[0] == 0 and last <= source.shape[1]
