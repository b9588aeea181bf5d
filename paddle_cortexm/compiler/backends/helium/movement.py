"""Concat, split, crop, chosen pixels and reshapes: app/runtime/helium/concat.c, crop.c and pixels.c. What is moved is
bytes, whatever the type."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from paddle_cortexm.compiler.backends.helium.parts.requantisation import table_constant
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration, initialiser
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.movement.concat import AnyConcat, IntegerConcat, Run
from paddle_cortexm.compiler.operators.movement.crop import Crop
from paddle_cortexm.compiler.operators.movement.pixels import Pixels
from paddle_cortexm.compiler.operators.parts.base import Int8Array
from paddle_cortexm.compiler.tensor import BYTES_OF

MOST_SHUFFLED = 256  # bytes of a pixel: a byte says which
SHORT_RUN = 6  # bytes: longer runs are quicker one by one


def concat(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a concat or of chosen channels."""
    operator, result = layer.operator, graph.output_of(layer)
    assert isinstance(operator, AnyConcat)
    size = BYTES_OF[result.dtype]
    tables = operator.tables if isinstance(operator, IntegerConcat) else (None,) * operator.input_count
    if not any(table is not None for table in tables) and _is_shuffle(graph, layer, operator, size):
        return _shuffle(graph, layer, operator, size)
    runs = ", ".join(_run(run, tables[run.input], size) for run in operator.runs)
    widths = ", ".join(str(size * tensor.shape[-1]) for tensor in graph.inputs_of(layer))
    fields = {
        "runs": "runs",
        "run_count": len(operator.runs),
        "pixel_bytes": "pixel_bytes",
        "output_bytes": size * result.shape[-1],
    }
    declarations = f"    static const helium_run_t runs[] = {{{runs}}};\n"
    declarations += f"    static const int32_t pixel_bytes[] = {{{widths}}};\n"
    declarations += declaration("helium_concat_t", "concat", fields)

    def call(inputs: Sequence[str], pixels: int) -> str:
        sources = f"    const void *const inputs[] = {{{', '.join(inputs)}}};\n"
        return f"{declarations}{sources}    helium_concat(&concat, inputs, output, {pixels});\n"

    _, height, width, _ = result.shape
    count = len(layer.inputs)
    converted = sum(table is not None for table in tables)
    return Kernel(
        name="helium_concat",
        backend="helium",
        reason=f"{len(operator.runs)} runs of channels"
        + (f", {converted} inputs to another grid" if converted else ""),
        body=call([f"input{i}" for i in range(count)], height * width),
        constants=tuple(_named(table, i) for i, table in enumerate(tables) if table is not None),
        header="concat.h",
        sources=("app/runtime/helium/concat.c",),
        row_body=call(["rows[0]", *(f"others[{i}]" for i in range(count - 1))], width),
    )


def _is_shuffle(graph: Graph, layer: Layer, operator: AnyConcat, size: int) -> bool:
    """Whether bytes taken one by one are quicker than runs of them."""
    bytes_of_pixel = size * graph.inputs_of(layer)[0].shape[-1]
    made = size * len(operator.channels)
    return operator.input_count == 1 and bytes_of_pixel <= MOST_SHUFFLED and made < SHORT_RUN * len(operator.runs)


def _shuffle(graph: Graph, layer: Layer, operator: AnyConcat, size: int) -> Kernel:
    """The kernel of single channels in any order; none changes its grid."""
    _, height, width, channels = graph.output_of(layer).shape
    order = [size * channel + byte for _, channel in operator.channels for byte in range(size)]
    source_bytes = size * graph.inputs_of(layer)[0].shape[-1]
    fields = {"order": "$order", "input_bytes": source_bytes, "output_bytes": size * channels}
    declared = declaration("helium_shuffle_t", "shuffle", fields)
    call = f"{declared}    helium_shuffle(&shuffle, {{source}}, output, {{pixels}});\n"
    return Kernel(
        name="helium_shuffle",
        backend="helium",
        reason=f"{len(operator.runs)} runs of channels, taken one by one",
        body=_called(call, "input0", height * width),
        constants=(Constant("order", np.array(order, np.uint8), "hot"),),
        header="concat.h",
        sources=("app/runtime/helium/concat.c",),
        row_body=_called(call, "rows[0]", width),
    )


def _called(call: str, source: str, pixels: int) -> str:
    return call.replace("{source}", source).replace("{pixels}", str(pixels))


def _run(run: Run, table: Int8Array | None, size: int) -> str:
    """One run as C; sizes in bytes."""
    fields = {"input": run.input, "start": size * run.start, "bytes": size * run.count}
    return initialiser({**fields, "table": "NULL" if table is None else f"$table{run.input}"})


def _named(table: Int8Array, number: int) -> Constant:
    constant = table_constant(table)
    return Constant(f"table{number}", constant.values, constant.kind)


def crop(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of some rows and columns."""
    operator, source, result = layer.operator, graph.inputs_of(layer)[0], graph.output_of(layer)
    assert isinstance(operator, Crop)
    pixel = BYTES_OF[source.dtype] * source.shape[-1]
    fields = {
        "first_row": operator.rows.start,
        "row_step": operator.rows.step,
        "row_bytes": pixel * source.shape[2],
        "first_column": operator.columns.start,
        "column_step": operator.columns.step,
        "pixel_bytes": pixel,
        "height": result.shape[1],
        "width": result.shape[2],
    }
    parameters = declaration("helium_crop_t", "crop", fields)
    return Kernel(
        name="helium_crop",
        backend="helium",
        reason="copies rows and columns",
        body=f"{parameters}    helium_crop(&crop, input0, output);\n",
        header="crop.h",
        sources=("app/runtime/helium/crop.c",),
        row_body=f"{parameters}    helium_crop_row(&crop, rows[0], output);\n",
    )


def pixels(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of chosen pixels."""
    operator, source = layer.operator, graph.inputs_of(layer)[0]
    assert isinstance(operator, Pixels)
    pixel = BYTES_OF[source.dtype] * source.shape[-1]
    return Kernel(
        name="helium_pixels",
        backend="helium",
        reason="copies pixels",
        body=f"    helium_pixels($chosen, {operator.chosen.size}, {pixel}, input0, output);\n",
        constants=(Constant("chosen", operator.chosen.reshape(-1).astype(np.int32)),),
        header="pixels.h",
        sources=("app/runtime/helium/pixels.c",),
    )


def reshape(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """A copy: a reshape that the graph could not do without."""
    size = graph.output_of(layer).bytes
    body = f"    memcpy(output, input0, {size});\n"
    return Kernel(name="memcpy", backend="helium", reason="the axes are named anew", body=body)
