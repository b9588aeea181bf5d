"""The C of a streamed segment: a function a layer that makes one row, and the tables of app/runtime/stream.c."""

from __future__ import annotations

from collections.abc import Mapping
from string import Template

from paddle_cortexm.compiler.arena.plan import MemoryPlan, outside_name, scratch_name
from paddle_cortexm.compiler.arena.rows import (
    MOST_OTHERS,
    MOST_TENSORS,
    MOST_WINDOW_ROWS,
    Segment,
    row_bytes,
    row_layer,
)
from paddle_cortexm.compiler.c_text import element_type
from paddle_cortexm.compiler.emit.names import constant_names, layer_function_name
from paddle_cortexm.compiler.graph import Graph, last_readers
from paddle_cortexm.compiler.kernels.kernel import KernelGraph

STREAM_SOURCE = "app/runtime/stream.c"
STREAM_ASSERTIONS = (
    f"STREAM_TENSOR_LIMIT == {MOST_TENSORS}",
    f"STREAM_OTHERS_LIMIT == {MOST_OTHERS}",
    f"STREAM_KERNEL_ROW_LIMIT == {MOST_WINDOW_ROWS}",
)

ROW_FUNCTION = Template("""\
static void $name(const void *const window[], const void *const others[], int32_t count, void *result, uint8_t *scratch)
{
    const $source_element *const rows[] = {$window};
    $residual
    $output_element *output = result;
    (void)count;
    (void)scratch;
$body
}
""")
SEGMENT_TABLES = Template("""\
/* Layers $first to $last, row by row: $shapes */
static const stream_tensor_t segment_${number}_tensors[] = {
    /* data, bytes a row, height, rows kept, rows available */
$tensors};
static const stream_layer_t segment_${number}_layers[] = {
    /* make_rows, number, input, others, how many, output, kernel, stride, padding, rows at once, deepest reader,
     * outside value */
$layers};
${others_table}static const stream_segment_t segment_$number = {
    .tensors = segment_${number}_tensors,
    .layers = segment_${number}_layers,
    .others = $others,
    .layer_count = $layer_count,
    .tensor_count = $tensor_count,
    .input = $input,
    .scratch = $scratch,
    .outside = $outside,
};
""")


def row_function(model: KernelGraph, number: int, at_once: int) -> str:
    """The C function that makes one row of a layer, or up to `at_once` rows."""
    graph, layer = model.graph, model.layers[number]
    kernel = model.kernel_of(layer)
    row_body = kernel.rows_body if at_once > 1 else kernel.row_body
    assert row_body is not None, f"{layer.output} cannot be streamed"
    inputs, access = graph.inputs_of(layer), row_layer(graph, layer).accesses[0]
    window = range(access.kernel + (at_once - 1) * access.stride)
    residual = f"const {element_type(inputs[1])} *residual = others[0];" if "residual" in row_body else "(void)others;"
    return ROW_FUNCTION.substitute(
        name=_row_function_name(graph, number),
        source_element=element_type(inputs[0]),
        window=", ".join(f"window[{k}]" for k in window),
        residual=residual,
        output_element=element_type(graph.output_of(layer)),
        body=Template(row_body).substitute(constant_names(graph, number, kernel)).strip("\n"),
    )


def segment_tables(graph: Graph, plan: MemoryPlan, number: int) -> str:
    """`segment_NUMBER` with its tensors and layers."""
    segment = plan.segments[number]
    layers = [graph.layers[i] for i in segment.layers]
    tensors = list(dict.fromkeys([n for layer in layers for n in layer.inputs] + [layers[-1].output]))
    index_of = {name: i for i, name in enumerate(tensors)}
    others = [index_of[name] for layer in layers for name in layer.inputs[1:]]
    table = f"static const int16_t segment_{number}_others[] = {{{', '.join(map(str, others))}}};\n"
    return SEGMENT_TABLES.substitute(
        first=segment.first,
        last=segment.last,
        shapes=f"{_shape(graph, layers[0].inputs[0])} -> {_shape(graph, layers[-1].output)}",
        number=number,
        tensors="".join(_tensor_entry(graph, plan, segment, name) for name in tensors),
        layers="".join(_layer_entry(graph, segment, i, index_of) for i in segment.layers),
        others_table=table if others else "",
        others=f"segment_{number}_others" if others else "NULL",
        layer_count=len(layers),
        tensor_count=len(tensors),
        input=index_of[graph.input] if graph.input in segment.rows else "STREAM_NONE",
        scratch=_address(plan, scratch_name(layers[0].output)),
        outside=_address(plan, outside_name(layers[0].output)),
    )


def _tensor_entry(graph: Graph, plan: MemoryPlan, segment: Segment, name: str) -> str:
    height = graph.tensors[name].shape[1]
    made_inside = name in segment.rows or name == graph.layers[segment.last].output
    values = [row_bytes(graph, name), height, segment.rows.get(name, height), 0 if made_inside else height]
    return f"    {{{_address(plan, name)}, {', '.join(map(str, values))}}}, /* {name} */\n"


def _row_function_name(graph: Graph, number: int) -> str:
    return f"{layer_function_name(graph, number)}_row"


def _layer_entry(graph: Graph, segment: Segment, number: int, index_of: Mapping[str, int]) -> str:
    layer = graph.layers[number]
    access = row_layer(graph, layer).accesses[0]
    others_before = sum(len(graph.layers[i].inputs) - 1 for i in range(segment.first, number))
    deepest = min(last_readers(graph)[layer.output], segment.last) - segment.first
    values = [number, index_of[layer.inputs[0]], others_before, len(layer.inputs) - 1, index_of[layer.output]]
    values += [access.kernel, access.stride, access.padding, segment.at_once.get(layer.output, 1), deepest]
    values += [layer.operator.outside_value]
    return f"    {{{_row_function_name(graph, number)}, {', '.join(map(str, values))}}},\n"


def _address(plan: MemoryPlan, name: str) -> str:
    return f"AT(uint8_t, {plan.offsets[name]})" if name in plan.offsets else "NULL"


def _shape(graph: Graph, tensor: str) -> str:
    return "x".join(map(str, graph.tensors[tensor].shape[1:]))
