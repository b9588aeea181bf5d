"""model.h, model.c and the weights: one short function a layer, constants in a file of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.c_text import (
    GENERATED,
    array_declaration,
    array_definition,
    element_type,
    float_literal,
    folded,
    identifier,
    string_literal,
)
from paddle_cortexm.compiler.emit.model_run import run_functions
from paddle_cortexm.compiler.emit.stream import row_function, segment_tables
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel
from paddle_cortexm.compiler.tensor import Tensor

SECTIONS = {"weights": ".model_weights", "hot": ".model_hot"}


@dataclass(frozen=True)
class ModelFacts:
    """What the header says besides the graph: the config's name, the preprocessing's resize (pixels), precision."""

    name: str
    resize: int
    precision: str  # int8, fp16 or fp32


def emit_model(folder: Path, graph: Graph, kernels: Mapping[str, Kernel], plan: MemoryPlan, facts: ModelFacts) -> None:
    """Write model.h, model.c, model_weights.h and model_weights.c into the folder."""
    names = {layer.output: f"layer_{i:02d}_{identifier(layer.output)}" for i, layer in enumerate(graph.layers)}
    constants = [
        (f"{names[layer.output]}_{constant.name}", constant)
        for layer in graph.layers
        for constant in kernels[layer.output].constants
    ]
    weights = sum(constant.values.nbytes for _, constant in constants)
    (folder / "model.h").write_text(_header(graph, plan, facts, weights))
    (folder / "model.c").write_text(folded(_source(graph, kernels, plan, names)))
    (folder / "model_weights.h").write_text(_weights_header(constants))
    (folder / "model_weights.c").write_text(_weights_source(constants))


def _header(graph: Graph, plan: MemoryPlan, facts: ModelFacts, weight_bytes: int) -> str:
    source, result = graph.tensors[graph.input], graph.tensors[graph.output]
    quantisation = ""
    if result.grid is not None:
        quantisation = (
            f"#define MODEL_OUTPUT_SCALE {float_literal(result.grid.scale)}\n"
            f"#define MODEL_OUTPUT_ZERO_POINT ({result.grid.zero_point})\n"
        )
    return f"""{GENERATED}#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

#define MODEL_NAME {string_literal(facts.name)}
#define MODEL_INPUT_RESIZE {facts.resize} /* short side of the image before the centre crop, pixels */
#define MODEL_INPUT_HEIGHT {source.shape[1]}
#define MODEL_INPUT_WIDTH {source.shape[2]}
#define MODEL_INPUT_CHANNELS {source.shape[3]}
#define MODEL_OUTPUT_CLASSES {result.elements}
{quantisation}#define MODEL_ARENA_BYTES {plan.arena_bytes}
#define MODEL_WEIGHT_BYTES {weight_bytes}
#define MODEL_LAYER_COUNT {len(graph.layers)}
#define MODEL_INPUT_ROW (-1) /* stands for a layer's number where rows of the input are made */

typedef {element_type(source)} model_input_element_t;
typedef {element_type(result)} model_output_element_t;

/* The preprocessed image, height x width x channels. */
typedef struct {{
    model_input_element_t data[MODEL_INPUT_HEIGHT * MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS];
}} model_input_t;

/* The logits, one a class. */
typedef struct {{
    model_output_element_t data[MODEL_OUTPUT_CLASSES];
}} model_output_t;

/* Rows of the preprocessed image, made on demand: each once, from the first to the last. */
typedef struct {{
    void (*make_row)(const void *context, uint32_t row, model_input_element_t *output); /* width x channels */
    const void *context;
}} model_rows_t;

extern uint8_t model_arena[MODEL_ARENA_BYTES];
extern const char *const model_layer_names[MODEL_LAYER_COUNT];

/* Classify one image. Returns 0, or the number (from 1) of the layer that failed. */
int model_run(const model_input_t *input, model_output_t *output);

/* The same from rows: the arena is all the memory it takes, the image as much of it as the plan keeps included. */
int model_run_rows(const model_rows_t *input, model_output_t *output);

/* Called after each layer, from 0, and after each row of a layer that is streamed; with MODEL_INPUT_ROW after rows of
 * the input. The weak default does nothing; a program may define its own to count. */
void model_layer_done(int layer);

#endif
"""


def _source(graph: Graph, kernels: Mapping[str, Kernel], plan: MemoryPlan, names: Mapping[str, str]) -> str:
    headers = sorted(
        {h for kernel in kernels.values() if (h := kernel.header)} | ({"stream.h"} if plan.segments else set())
    )
    at_once = {i: s.at_once.get(graph.layers[i].output, 1) for s in plan.segments for i in s.layers}
    functions = [
        _layer_function(graph, layer, kernels[layer.output], names, at_once.get(i))
        for i, layer in enumerate(graph.layers)
    ]
    functions += [segment_tables(graph, kernels, plan, i, names) for i in range(len(plan.segments))]
    layer_names = "".join(f"    {string_literal(layer.output)},\n" for layer in graph.layers)
    return f"""{GENERATED}#include "model.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

{"".join(f'#include "{header}"{chr(10)}' for header in headers)}#include "model_weights.h"

__attribute__((section(".arena"), aligned(16))) uint8_t model_arena[MODEL_ARENA_BYTES];

/* A tensor or scratch, by its offset in the arena. */
#define AT(type, offset) ((type *)(void *)(model_arena + (offset)))

const char *const model_layer_names[MODEL_LAYER_COUNT] = {{
{layer_names}}};

__attribute__((weak)) void model_layer_done(int layer)
{{
    (void)layer;
}}

{chr(10).join(functions)}
{run_functions(graph, plan, names)}"""


def _layer_function(graph: Graph, layer: Layer, kernel: Kernel, names: Mapping[str, str], at_once: int | None) -> str:
    """One layer: a comment with its shapes and kernel, any helpers it generates, the function. at_once: the rows that a
    streamed layer makes in a call; None for a layer that is not streamed."""
    name, inputs, output = names[layer.output], graph.inputs_of(layer), graph.output_of(layer)
    shapes = " + ".join("x".join(map(str, tensor.shape[1:])) for tensor in inputs)
    fields = {"layer": name} | {c.name: f"{name}_{c.name}" for c in kernel.constants}
    helpers = kernel.functions.format(**fields).strip("\n")
    if at_once is not None:
        function = row_function(graph, layer, kernel, f"{name}_row", fields, at_once)
    else:
        function = _whole_function(inputs, output, kernel, name, fields)
    by_rows = {None: "", 1: ", one row"}.get(at_once, f", up to {at_once} rows")
    return (
        f"/* {layer.output}: {shapes} -> {'x'.join(map(str, output.shape[1:]))}, {kernel.name}"
        f"{by_rows} */\n{helpers + chr(10) if helpers else ''}{function}"
    )


def _whole_function(
    inputs: tuple[Tensor, ...], output: Tensor, kernel: Kernel, name: str, fields: Mapping[str, str]
) -> str:
    parameters = [f"const {element_type(t)} *input{i}" for i, t in enumerate(inputs)]
    parameters += [f"{element_type(output)} *output", "uint8_t *scratch"]
    unused = "" if kernel.scratch_bytes else "    (void)scratch;\n"
    body = kernel.body.format(**fields).strip("\n")
    return f"static int {name}({', '.join(parameters)})\n{{\n{unused}{body}\n    return 0;\n}}\n"


def _weights_header(constants: list[tuple[str, Constant]]) -> str:
    declarations = "".join(array_declaration(name, constant.values) for name, constant in constants)
    guard = "#ifndef MODEL_WEIGHTS_H\n#define MODEL_WEIGHTS_H\n"
    return f"{GENERATED}{guard}\n#include <stdint.h>\n\n{declarations}\n#endif\n"


def _weights_source(constants: list[tuple[str, Constant]]) -> str:
    definitions = "\n".join(array_definition(n, c.values, SECTIONS[c.kind]) for n, c in constants)
    return f'{GENERATED}#include "model_weights.h"\n\n#include <math.h> /* INFINITY, NAN */\n\n{definitions}'
