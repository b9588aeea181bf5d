"""A product's geometry as app/runtime/helium/product.h has it."""

from __future__ import annotations

from paddle_cortexm.compiler.operators.tokens.product import AnyProduct
from paddle_cortexm.compiler.operators.tokens.view import View


def geometry_fields(operator: AnyProduct) -> dict[str, object]:
    """The fields of helium_product_t."""
    groups, heads, rows, columns = operator.sizes
    sizes = {"groups": groups, "heads": heads, "rows": rows, "columns": columns, "depth": operator.depth}
    views = {"first": operator.first, "second": operator.second, "result": operator.result}
    return {**sizes, **{name: _view_fields(view) for name, view in views.items()}}


def _view_fields(view: View) -> dict[str, int]:
    """The fields of helium_view_t."""
    group, head, row, column = view.strides
    return {"offset": view.offset, "group": group, "head": head, "row": row, "column": column}
