"""A hand-made stage 3 folder: an int8 model of two layers, small enough to read, for tests of the program around it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paddle_cortexm.artefacts.answers import ONE_OF_ALL, Answers
from paddle_cortexm.artefacts.deployed import DEMO_IMAGE
from paddle_cortexm.artefacts.model import ConstantBytes, Memory, Model, PlannedLayer, PlanSizes, Tensor
from paddle_cortexm.compiler.emit.header import preprocessing_macros
from paddle_cortexm.compiler.emit.program_data import (
    emit_answers,
    emit_demo_frame,
    emit_labels,
    emit_preprocessing_table,
)
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.data.preprocessing import normalisation_table
from paddle_cortexm.settings.image_input import ImageInput

INPUT = ImageInput((16, 16), (20, 20), mean=(0.5, 0.4, 0.3), std=(0.2, 0.25, 0.3))
INPUT_BYTES = math.prod(INPUT.shape)
GRID = Grid(0.02, 5)

# logits[c] = (bias[c] + sum of weight[c] * input[i] over the pixels i with i % classes == c) >> 4
CLASSIFY = """
    int32_t *sums = (int32_t *)(void *)(model_arena + MODEL_INPUT_BYTES);
    for (int c = 0; c < MODEL_OUTPUT_CLASSES; c++) {
        sums[c] = bias[c];
    }
    for (int i = 0; i < MODEL_INPUT_BYTES; i++) {
        sums[i % MODEL_OUTPUT_CLASSES] += weight[i % MODEL_OUTPUT_CLASSES] * input->data[i];
    }
    model_layer_done(0);
    for (int c = 0; c < MODEL_OUTPUT_CLASSES; c++) {
        const int32_t logit = sums[c] >> 4;
        output->data[c] = (int8_t)(logit > 127 ? 127 : logit < -128 ? -128 : logit);
    }
    model_layer_done(1);
"""
IDENTITY = """
    memcpy(output->data, input->data, sizeof output->data);
    model_layer_done(0);
    model_layer_done(1);
"""


def demo_frame() -> NDArray[np.uint8]:
    return np.random.default_rng(5).integers(0, 256, (24, 30, 3), dtype=np.uint8)


def table(wanted: ImageInput = INPUT) -> NDArray[np.generic]:
    """The preprocessing table: (channels, 256) int8."""
    return GRID.integers(normalisation_table(wanted.mean, wanted.std))


def write_tiny_model(
    folder: Path,
    *,
    wanted: ImageInput = INPUT,
    body: str = CLASSIFY,
    functions: str = "",
    classes: int = 10,
    arena: int = 1024,
    region: str = "DTCM",
    backends: tuple[str, str] = ("helium", "helium"),
    answers: Answers = ONE_OF_ALL,
) -> Path:
    """Write what stage 3 writes. body: C of model_run up to its `return 0`; functions: C in front of it; backends:
    whose kernels model.json says the layers have."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.h").write_text(header(wanted, classes, arena))
    (folder / "model.c").write_text(SOURCE.format(body=body, functions=functions))
    generator = np.random.default_rng(7)
    weight = ", ".join(map(str, generator.integers(-20, 20, classes)))
    bias = ", ".join(map(str, generator.integers(-900, 900, classes)))
    (folder / "model_weights.c").write_text(WEIGHTS.format(weight=weight, bias=bias))
    emit_preprocessing_table(folder, table(wanted), wanted.pad_colour)
    emit_labels(folder, [f"label {i}" for i in range(classes)])
    emit_answers(folder, answers)
    emit_demo_frame(folder, demo_frame())
    Image.fromarray(demo_frame()).save(folder / DEMO_IMAGE)
    tiny_facts(classes, arena, region, wanted, backends).write(folder)
    return folder


def header(wanted: ImageInput, classes: int, arena: int) -> str:
    """model.h"""
    height, width, channels = wanted.shape
    sizes = {"height": height, "width": width, "channels": channels, "classes": classes, "arena": arena}
    return HEADER.format(preprocessing=preprocessing_macros(wanted), **sizes)


def tiny_facts(
    classes: int = 10,
    arena: int = 1024,
    region: str = "DTCM",
    wanted: ImageInput = INPUT,
    backends: tuple[str, str] = ("helium", "helium"),
) -> Model:
    """model.json of the tiny model."""
    image = Tensor(shape=(1, *wanted.shape), dtype="int8", offset=0)
    logits = Tensor(shape=(1, 1, 1, classes), dtype="int8", offset=0)
    layers = tuple(_planned(name, classes, kind) for name, kind in zip(("sums", "logits"), backends, strict=True))
    peak = PlanSizes(
        arena_bytes=arena, lower_bound=arena, optimal=True, peak="layer 'sums'", peak_layer="sums", peak_buffers=()
    )
    memory = Memory(
        **dict(peak),
        smallest_bound=arena,
        layer_by_layer=peak,
        stack_reserved_bytes=8192,
        layers=(),
        segments=(),
        buffers=(),
        constants=ConstantBytes(plain=0, packed=0, packing_overhead=0, duplicates=0),
    )
    return Model(
        name="tiny",
        input="image",
        output="logits",
        sources=(),
        regions={"arena": region, "weights": "DDR", "hot": "DTCM"},
        layers=layers,
        tensors={"image": image, "sums": logits, "logits": logits},
        memory=memory,
    )


def _planned(name: str, classes: int, backend: str) -> PlannedLayer:
    return PlannedLayer(
        name=name,
        title=name,
        operator="Bins",
        kind="bins",
        inputs=("image",),
        input_shapes=((1, *INPUT.shape),),
        output_shape=(1, 1, 1, classes),
        backend=backend,
        kernel="bins",
        reason="the only one",
        macs=INPUT_BYTES,
        weight_bytes=classes,
        activation_bytes=INPUT_BYTES,
        scratch_bytes=0,
    )


HEADER = """#ifndef MODEL_H
#define MODEL_H
#include <stdint.h>
#define MODEL_NAME "tiny"
#define MODEL_INPUT_HEIGHT {height}
#define MODEL_INPUT_WIDTH {width}
#define MODEL_INPUT_CHANNELS {channels}
{preprocessing}#define MODEL_INPUT_BYTES (MODEL_INPUT_HEIGHT * MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS)
#define MODEL_OUTPUT_CLASSES {classes}
#define MODEL_OUTPUT_SCALE 0.05f
#define MODEL_OUTPUT_ZERO_POINT (-3)
#define MODEL_ARENA_BYTES {arena}
#define MODEL_LAYER_COUNT 2
#define MODEL_INPUT_ROW (-1)
typedef int8_t model_input_element_t;
typedef int8_t model_output_element_t;
typedef struct {{
    model_input_element_t data[MODEL_INPUT_BYTES];
}} model_input_t;
typedef struct {{
    model_output_element_t data[MODEL_OUTPUT_CLASSES];
}} model_output_t;
extern uint8_t model_arena[MODEL_ARENA_BYTES];
extern const char *const model_layer_names[MODEL_LAYER_COUNT];
extern const int8_t weight[MODEL_OUTPUT_CLASSES];
extern const int32_t bias[MODEL_OUTPUT_CLASSES];
typedef struct {{
    void (*make_row)(const void *context, uint32_t row, model_input_element_t *output);
    const void *context;
}} model_rows_t;
int model_run_rows(const model_rows_t *rows, model_output_t *output);
int model_run(const model_input_t *input, model_output_t *output);
void model_layer_done(int layer);
#endif
"""
SOURCE = """#include "model.h"
#include <string.h>
__attribute__((section(".arena"), aligned(16))) uint8_t model_arena[MODEL_ARENA_BYTES];
const char *const model_layer_names[MODEL_LAYER_COUNT] = {{"sums", "logits"}};
__attribute__((weak)) void model_layer_done(int layer)
{{
    (void)layer;
}}
{functions}
int model_run(const model_input_t *input, model_output_t *output)
{{
    (void)input;
    (void)output;
    {body}
    return 0;
}}
int model_run_rows(const model_rows_t *rows, model_output_t *output)
{{
    model_input_t *image = (model_input_t *)(void *)model_arena;
    for (uint32_t row = 0; row < MODEL_INPUT_HEIGHT; row++) {{
        rows->make_row(rows->context, row, image->data + row * MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS);
    }}
    model_layer_done(MODEL_INPUT_ROW);
    return model_run(image, output);
}}
"""
WEIGHTS = """#include "model.h"
__attribute__((section(".model_weights"))) const int8_t weight[MODEL_OUTPUT_CLASSES] = {{{weight}}};
__attribute__((section(".model_hot"))) const int32_t bias[MODEL_OUTPUT_CLASSES] = {{{bias}}};
"""
