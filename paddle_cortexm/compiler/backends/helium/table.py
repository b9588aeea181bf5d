"""Tables: app/runtime/helium/table_s8.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.parts.requantisation import table_constant
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.activation import Table


def select(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The table kernel."""
    assert isinstance(layer.operator, Table)
    output = graph.output_of(layer)
    row = output.shape[-2] * output.shape[-1]
    call = "    helium_table_s8($table, {source}, output, {count});\n"
    return Kernel(
        name="helium_table_s8",
        backend="helium",
        reason="16 look-ups at a time",
        body=call.format(source="input0", count=output.elements),
        constants=(table_constant(layer.operator.table),),
        header="table_s8.h",
        sources=("app/runtime/helium/table_s8.c",),
        overwrites_input=True,
        row_body=call.format(source="rows[0]", count=row),
    )
