"""The C of model_run and model_run_rows: the layers in order, streamed segments among them."""

from __future__ import annotations

from string import Template

from paddle_cortexm.compiler.arena.plan import MemoryPlan, scratch_name
from paddle_cortexm.compiler.c_text import element_type
from paddle_cortexm.compiler.emit.names import layer_function_name
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.tensor import Tensor

WHOLE_INPUT = Template("""int model_run(const model_input_t *input, model_output_t *output)
{
$steps}

int model_run_rows(const model_rows_t *input, model_output_t *output)
{
    model_input_t *image = AT(model_input_t, $offset);
    for (uint32_t row = 0; row < MODEL_INPUT_HEIGHT; row++) {
        input->make_row(input->context, row, image->data + row * MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS);
    }
    model_layer_done(MODEL_INPUT_ROW);
    return model_run(image, output);
}
""")
STREAMED_INPUT = Template("""int model_run_rows(const model_rows_t *input, model_output_t *output)
{
$steps}

static void copy_row(const void *image, uint32_t row, model_input_element_t *output)
{
    const uint32_t count = MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS;
    memcpy(output, ((const model_input_t *)image)->data + row * count, count * sizeof *output);
}

int model_run(const model_input_t *input, model_output_t *output)
{
    const model_rows_t rows = {copy_row, input};
    return model_run_rows(&rows, output);
}
""")


def run_functions(graph: Graph, plan: MemoryPlan) -> str:
    """model_run for a whole image and model_run_rows for one made row by row."""
    segment_at = {segment.first: number for number, segment in enumerate(plan.segments)}
    streamed = {i for segment in plan.segments for i in segment.layers}
    steps = []
    for i, layer in enumerate(graph.layers):
        if i in segment_at:
            rows = "input" if graph.input in plan.segments[segment_at[i]].rows else "NULL"
            steps.append(f"    stream_run(&segment_{segment_at[i]}, {rows});\n")
        elif i not in streamed:
            steps.append(_call(graph, plan, i, layer))
    steps.append(f"    memcpy(output->data, AT(uint8_t, {plan.offsets[graph.output]}), sizeof output->data);\n")
    steps.append("    return 0;\n")
    if graph.input in plan.rolling:
        return STREAMED_INPUT.substitute(steps="".join(steps))
    return WHOLE_INPUT.substitute(steps="".join(steps), offset=plan.offsets[graph.input])


def _call(graph: Graph, plan: MemoryPlan, number: int, layer: Layer) -> str:
    """One layer's call. Tensors stand at their offsets in the arena; the input is read where the caller has it."""

    def address_of(tensor: Tensor) -> str:
        if tensor.name == graph.input:
            return "input->data"
        return f"AT({element_type(tensor)}, {plan.offsets[tensor.name]})"

    scratch = scratch_name(layer.output)
    arguments = [address_of(tensor) for tensor in (*graph.inputs_of(layer), graph.output_of(layer))]
    arguments.append(f"AT(uint8_t, {plan.offsets[scratch]})" if scratch in plan.offsets else "NULL")
    call = f"{layer_function_name(graph, number)}({', '.join(arguments)})"
    return f"    if ({call} != 0) {{\n        return {number + 1};\n    }}\n    model_layer_done({number});\n"
