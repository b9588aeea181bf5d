"""model.h: the model's sizes, its input and output types, the functions that run it."""

from __future__ import annotations

from dataclasses import dataclass
from string import Template

from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.c_text import GENERATED, element_type, float_literal, string_literal
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.tensor import Tensor
from paddle_cortexm.settings.image_input import ImageInput

HEADER = Template("""#ifndef MODEL_H
#define MODEL_H

#include <stdint.h>

#define MODEL_NAME $name
#define MODEL_INPUT_HEIGHT $height
#define MODEL_INPUT_WIDTH $width
#define MODEL_INPUT_CHANNELS $channels
$image_input#define MODEL_OUTPUT_CLASSES $classes
$output_grid#define MODEL_ARENA_BYTES $arena_bytes
#define MODEL_WEIGHT_BYTES $weight_bytes
#define MODEL_LAYER_COUNT $layers
#define MODEL_INPUT_ROW (-1) /* stands for a layer's number where rows of the input are made */

typedef $input_element model_input_element_t;
typedef $output_element model_output_element_t;

/* The preprocessed image, height x width x channels. */
typedef struct {
    model_input_element_t data[MODEL_INPUT_HEIGHT * MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS];
} model_input_t;

/* The logits, one a class. */
typedef struct {
    model_output_element_t data[MODEL_OUTPUT_CLASSES];
} model_output_t;

/* Rows of the preprocessed image, made on demand: each once, from the first to the last. */
typedef struct {
    void (*make_row)(const void *context, uint32_t row, model_input_element_t *output); /* width x channels */
    const void *context;
} model_rows_t;

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
""")


@dataclass(frozen=True)
class ModelFacts:
    """What the header says besides the graph: the config's name, how a frame becomes the input."""

    name: str
    input: ImageInput


def model_header(model: KernelGraph, plan: MemoryPlan, facts: ModelFacts) -> str:
    """The text of model.h."""
    graph = model.graph
    source, result = graph.tensors[graph.input], graph.tensors[graph.output]
    return GENERATED + HEADER.substitute(
        name=string_literal(facts.name),
        height=source.shape[1],
        width=source.shape[2],
        channels=source.shape[3],
        image_input=preprocessing_macros(facts.input),
        classes=result.elements,
        output_grid=_output_grid(result),
        arena_bytes=plan.arena_bytes,
        weight_bytes=sum(constant.values.nbytes for x in model.layers for constant in model.kernel_of(x).constants),
        layers=len(graph.layers),
        input_element=element_type(source),
        output_element=element_type(result),
    )


def preprocessing_macros(wanted: ImageInput) -> str:
    """How a frame becomes the input: what preprocess.c reads, in the words of preprocess.h."""
    return (
        f"#define MODEL_INPUT_FIT FIT_{wanted.fit.upper()} /* how preprocess.c fits a frame to the box, in pixels */\n"
        f"#define MODEL_INPUT_BOX_HEIGHT {wanted.box[0]}\n"
        f"#define MODEL_INPUT_BOX_WIDTH {wanted.box[1]}\n"
        f"#define MODEL_INPUT_PLACE PLACE_{wanted.pad_place.upper()}\n"
        f"#define MODEL_INPUT_COLOUR COLOUR_{wanted.colour.upper()}\n"
    )


def _output_grid(result: Tensor) -> str:
    """The output's scale and zero point; nothing for an output of floats."""
    if result.grid is None:
        return ""
    return (
        f"#define MODEL_OUTPUT_SCALE {float_literal(result.grid.scale)}\n"
        f"#define MODEL_OUTPUT_ZERO_POINT ({result.grid.zero_point})\n"
    )
