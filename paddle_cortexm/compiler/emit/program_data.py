"""The data files the program is linked with: preprocessing table, labels and what the outputs mean, the demo frame."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.compiler.c_text import GENERATED, float_literal, string_literal, value_rows
from paddle_cortexm.data.preprocessing import FRACTION_BITS
from paddle_cortexm.target import MAXIMUM_SIDE


def emit_preprocessing_table(folder: Path, table: NDArray[np.generic], pad_colour: Sequence[int] = (0, 0, 0)) -> None:
    """preprocessing_table.c: what each value of each channel becomes, and the pad colour (red, green, blue); table:
    (channels, 256), the model input's type.

    It asserts what preprocess.h and its twin in Python both say of frames and positions.
    """
    rows = "".join(f"    {{\n{value_rows(channel)}    }},\n" for channel in table)
    equal = {"PREPROCESS_MAXIMUM_SIDE": MAXIMUM_SIDE, "PREPROCESS_FRACTION_BITS": FRACTION_BITS}
    asserted = "".join(f'_Static_assert({name} == {value}, "as in Python");\n' for name, value in equal.items())
    declaration = "const model_input_element_t preprocessing_table[MODEL_INPUT_CHANNELS][256]"
    colour = f"const uint8_t preprocessing_pad_colour[3] = {{{', '.join(map(str, pad_colour))}}};\n"
    text = f'{GENERATED}#include "preprocess.h"\n\n{asserted}\n{colour}{declaration} = {{\n{rows}}};\n'
    (folder / "preprocessing_table.c").write_text(text)


def emit_labels(folder: Path, labels: Sequence[str]) -> None:
    """labels.c: the class names in order."""
    declaration = "const char *const labels[MODEL_OUTPUT_CLASSES]"
    rows = "".join(f"    {string_literal(label)},\n" for label in labels)
    text = f'{GENERATED}#include "model.h"\n\nextern {declaration};\n{declaration} = {{\n{rows}}};\n'
    (folder / "labels.c").write_text(text)


def emit_answers(folder: Path, answers: Answers) -> None:
    """answers.c: what the outputs mean."""
    limits = f"{{{', '.join(map(float_literal, answers.limits))}}}" if answers.limits else ""
    table = f"static const float limits[{len(answers.limits)}] = {limits};\n" if limits else ""
    value = f"{{ANSWER_{answers.kind.upper()}, {'limits' if limits else 'NULL'}}}"
    text = f'{GENERATED}#include "answers.h"\n\n#include <stddef.h>\n\n{table}const answers_t answers = {value};\n'
    (folder / "answers.c").write_text(text)


def emit_demo_frame(folder: Path, frame: NDArray[np.uint8]) -> None:
    """demo_frame.c: the RGB888 frame the program classifies when it is given no other; frame: (H, W, 3)."""
    height, width, _ = frame.shape
    declarations = (
        "extern const uint32_t demo_frame_width, demo_frame_height;\nextern const uint8_t demo_frame_pixels[];\n"
    )
    (folder / "demo_frame.c").write_text(
        f"{GENERATED}#include <stdint.h>\n\n{declarations}"
        f"const uint32_t demo_frame_width = {width};\nconst uint32_t demo_frame_height = {height};\n"
        f'__attribute__((section(".demo_frame"))) const uint8_t demo_frame_pixels[] = {{\n{value_rows(frame)}}};\n'
    )
