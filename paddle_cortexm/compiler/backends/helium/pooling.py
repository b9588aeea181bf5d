"""Average and max pooling: app/runtime/helium/average_pool_s8.c, max_pool_s8.c; of floats pool_f32.c, pool_f16.c."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from paddle_cortexm.compiler.backends.helium.parts.float_type import FLOAT_TYPES
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, window_fields
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.pool import Pool
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.adaptive_pool import AdaptivePool, spans
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool, IntegerAveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import IntegerMaxPool
from paddle_cortexm.compiler.tensor import Tensor

POINTER_BYTES = 8  # on the host; on the target half of it


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of an average or max pool of integers or floats."""
    operator, source, result = layer.operator, graph.inputs_of(layer)[0], graph.output_of(layer)
    if isinstance(operator, AdaptivePool):
        most = max(end - first for first, end in spans(source.shape[1], result.shape[1]))
        return replace(_kernel(source, result, Window((most, 1)), "average_pool", {"is_adaptive": 1}), row_body=None)
    assert isinstance(operator, Pool)
    window = operator.window
    if any(_may_be_empty(source, result, window, axis) for axis in range(2)):
        return Rejection("a window without a pixel of the image")
    average = isinstance(operator, IntegerAveragePool | AveragePool)
    kernel = _kernel(source, result, window, "average_pool" if average else "max_pool")
    # Elsewhere a row that stands for one outside the image would count.
    rows = isinstance(operator, IntegerMaxPool) or _all_rows_inside(source, result, window)
    return kernel if rows else replace(kernel, row_body=None)


def _kernel(
    source: Tensor, result: Tensor, window: Window, kind: str, more: Mapping[str, object] = MappingProxyType({})
) -> Kernel:
    """kind: average_pool or max_pool. more: fields of helium_pool_t."""
    fields = {"channels": source.shape[3], **window_fields(source, result, window), **more}
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
        row_body=parameters + rows,
    )


def _last_start(result: Tensor, window: Window, axis: int) -> int:
    """Input row (axis 0) or column (axis 1) where the last window starts."""
    return (result.shape[1 + axis] - 1) * window.stride[axis] - window.padding[axis]


def _may_be_empty(source: Tensor, result: Tensor, window: Window, axis: int) -> bool:
    """Whether the first or the last window lies in the padding altogether."""
    starts_outside = _last_start(result, window, axis) >= source.shape[1 + axis]
    return window.padding[axis] >= window.kernel[axis] or starts_outside


def _all_rows_inside(source: Tensor, result: Tensor, window: Window) -> bool:
    last = _last_start(result, window, 0) + window.kernel[0]
    return window.padding[0] == 0 and last <= source.shape[1]
