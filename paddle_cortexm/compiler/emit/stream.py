"""The C of a streamed segment: a function a layer that makes one row, and the tables of app/runtime/stream.c."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_cortexm.compiler.arena.plan import MemoryPlan, outside_name, scratch_name
from paddle_cortexm.compiler.arena.rows import Segment, row_bytes, row_layer
from paddle_cortexm.compiler.c_text import element_type
from paddle_cortexm.compiler.graph import Graph, Layer, last_readers
from paddle_cortexm.compiler.kernels.kernel import Kernel

STREAM_SOURCE = "app/runtime/stream.c"


def row_function(
    graph: Graph, layer: Layer, kernel: Kernel, name: str, constants: Mapping[str, str], at_once: int
) -> str:
    """The C function that makes one row of a layer, or up to `at_once` rows; constants: C names for the fields of the
    kernel's row_body."""
    template = kernel.rows_body if at_once > 1 else kernel.row_body
    assert template is not None, f"{layer.output} cannot be streamed"
    inputs, output = graph.inputs_of(layer), graph.output_of(layer)
    element = element_type(inputs[0])
    access = row_layer(graph, layer).accesses[0]
    window = range(access.kernel + (at_once - 1) * access.stride)
    body = template.format(**constants).strip("\n")
    residual = "    (void)second;\n"
    if len(inputs) > 1:
        residual = f"    const {element_type(inputs[1])} *residual = second;\n"
    return (
        f"static void {name}(const void *const window[], const void *second, int32_t count, void *result, "
        f"uint8_t *scratch)\n{{\n    const {element} *const rows[] = {{{', '.join(f'window[{k}]' for k in window)}}};\n"
        f"{residual}    {element_type(output)} *output = result;\n    (void)count;\n    (void)scratch;\n{body}\n}}\n"
    )


def segment_tables(
    graph: Graph, kernels: Mapping[str, Kernel], plan: MemoryPlan, number: int, names: Mapping[str, str]
) -> str:
    """`segment_NUMBER` with its tensors and layers. names: the C function of each layer, without `_row`."""
    segment = plan.segments[number]
    layers = [graph.layers[i] for i in segment.layers]
    tensors = list(dict.fromkeys([n for layer in layers for n in layer.inputs] + [layers[-1].output]))
    place = {name: i for i, name in enumerate(tensors)}
    rows = "".join(_tensor_entry(graph, plan, segment, name) for name in tensors)
    entries = "".join(_layer_entry(graph, segment, i, place, names) for i in segment.layers)
    head = f"/* Layers {segment.first} to {segment.last}, row by row: "
    head += f"{_shape(graph, layers[0].inputs[0])} -> {_shape(graph, layers[-1].output)} */\n"
    fields = {
        "tensors": f"segment_{number}_tensors",
        "layers": f"segment_{number}_layers",
        "layer_count": str(len(layers)),
        "tensor_count": str(len(tensors)),
        "input": str(place[graph.input]) if graph.input in segment.rows else "STREAM_NONE",
        "scratch": _address(plan, scratch_name(layers[0].output)),
        "outside": _address(plan, outside_name(layers[0].output)),
    }
    values = "".join(f"    .{name} = {value},\n" for name, value in fields.items())
    return (
        f"{head}static const stream_tensor_t segment_{number}_tensors[] = {{\n"
        f"    /* data, bytes a row, height, rows kept, rows available */\n{rows}}};\n"
        f"static const stream_layer_t segment_{number}_layers[] = {{\n"
        f"    /* make_rows, number, input, residual, output, kernel, stride, padding, rows at once, deepest reader, "
        f"outside value */\n"
        f"{entries}}};\nstatic const stream_segment_t segment_{number} = {{\n{values}}};\n"
    )


def _tensor_entry(graph: Graph, plan: MemoryPlan, segment: Segment, name: str) -> str:
    height = graph.tensors[name].shape[1]
    made_inside = name in segment.rows or name == graph.layers[segment.last].output
    values = [row_bytes(graph, name), height, segment.rows.get(name, height), 0 if made_inside else height]
    return f"    {{{_address(plan, name)}, {', '.join(map(str, values))}}}, /* {name} */\n"


def _layer_entry(
    graph: Graph, segment: Segment, number: int, place: Mapping[str, int], names: Mapping[str, str]
) -> str:
    layer = graph.layers[number]
    access = row_layer(graph, layer).accesses[0]
    residual = str(place[layer.inputs[1]]) if len(layer.inputs) > 1 else "STREAM_NONE"
    deepest = min(last_readers(graph)[layer.output], segment.last) - segment.first
    values = [number, place[layer.inputs[0]], residual, place[layer.output], access.kernel, access.stride]
    values += [access.padding, segment.at_once.get(layer.output, 1), deepest]
    values += [getattr(layer.operator, "input_zero_point", 0)]
    return f"    {{{names[layer.output]}_row, {', '.join(map(str, values))}}},\n"


def _address(plan: MemoryPlan, name: str) -> str:
    return f"AT(uint8_t, {plan.offsets[name]})" if name in plan.offsets else "NULL"


def _shape(graph: Graph, tensor: str) -> str:
    return "x".join(map(str, graph.tensors[tensor].shape[1:]))
