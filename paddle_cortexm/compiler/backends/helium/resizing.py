"""Resizing: app/runtime/helium/resize_s8.c; of floats resize_f32.c, resize_f16.c."""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.backends.helium.parts.float_type import FLOAT_TYPES
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.resize.resize import WEIGHT_BITS, AnyResize


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a resizing of integers or floats."""
    operator, source, result = layer.operator, graph.inputs_of(layer)[0], graph.output_of(layer)
    assert isinstance(operator, AnyResize)
    floats = FLOAT_TYPES.get(source.dtype)
    sides = {"row": operator.rows, "column": operator.columns}
    weights = {k: side.weight.astype(floats.dtype) if floats else side.integer_weight for k, side in sides.items()}
    fields = {
        "channels": source.shape[3],
        "input_width": source.shape[2],
        "output": {"height": result.shape[1], "width": result.shape[2]},
        "rows": "$rows",
        "columns": "$columns",
    }
    name = f"resize_{floats.suffix if floats else 's8'}"
    call = f"    helium_{name}(&parameters, $row_weights, $column_weights, input0, output);\n"
    return Kernel(
        name=f"helium_{name}",
        backend="helium",
        reason=f"{floats.lanes if floats else 8} channels a vector",
        body=declaration("helium_resize_t", "parameters", fields) + call,
        constants=(
            *(Constant(f"{k}s", side.pairs.astype(np.int32), "hot") for k, side in sides.items()),
            *(Constant(f"{k}_weights", values, "hot") for k, values in weights.items()),
        ),
        header=floats.header if floats else "resize_s8.h",
        sources=(f"app/runtime/helium/{name}.c",),
        assertions=() if floats else (f"HELIUM_RESIZE_ONE == {1 << WEIGHT_BITS}",),
    )
