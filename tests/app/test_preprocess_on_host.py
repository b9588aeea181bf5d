"""app/runtime/preprocess.c, built for the host, against its numpy twin."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_cortexm.compiler.emit.header import preprocessing_macros
from paddle_cortexm.compiler.emit.program_data import emit_preprocessing_table
from paddle_cortexm.data.preprocessing import apply_table, input_pixels
from paddle_cortexm.host.compiler import host_compiler
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.settings.image_input import ImageInput

Preprocess = Callable[[NDArray[np.uint8]], NDArray[np.generic]]

MODEL_HEADER = """#include <stdint.h>
#define MODEL_INPUT_HEIGHT {}
#define MODEL_INPUT_WIDTH {}
#define MODEL_INPUT_CHANNELS {}
{}
typedef uint8_t model_input_element_t;
"""
WHOLE_FRAME = """#include "preprocess.h"
void preprocess_frame(const uint8_t *rgb, uint32_t width, uint32_t height, model_input_element_t *input) {
    preprocess_t state;
    preprocess_begin(&state, rgb, width, height);
    for (uint32_t row = 0; row < MODEL_INPUT_HEIGHT; row++) {
        preprocess_row(&state, row, input + row * MODEL_INPUT_WIDTH * MODEL_INPUT_CHANNELS);
    }
}
"""
SQUARES = [ImageInput((side, side), (box, box)) for side, box in ((1, 1), (16, 16), (16, 20), (96, 96), (224, 256))]
INPUTS = [
    *SQUARES,
    ImageInput((48, 192), (48, 192), "stretch", "bgr"),
    ImageInput((80, 160), (90, 171), "stretch", "grey"),
    ImageInput((31, 17), (40, 23), "crop", "grey"),
    ImageInput((9, 30), (9, 30), "crop", "bgr"),
    ImageInput((48, 192), (48, 192), "pad", "rgb", pad_colour=(127, 3, 250)),
    ImageInput((48, 192), (48, 192), "pad", "bgr", pad_colour=(1, 2, 3), pad_place="start"),
    ImageInput((33, 20), (33, 20), "pad", "grey", pad_colour=(0, 200, 90)),
]
SIDES = st.integers(1, 1024)


def table(wanted: ImageInput) -> NDArray[np.uint8]:
    """Another permutation of the levels for each channel."""
    return np.stack([(np.arange(256) * (2 * channel + 3) % 256) for channel in range(wanted.shape[2])]).astype(np.uint8)


@cache
def compiled(wanted: ImageInput) -> Preprocess:
    """All rows of a frame, with undefined behaviour made fatal."""
    folder = Path(mkdtemp())
    (folder / "model.h").write_text(MODEL_HEADER.format(*wanted.shape, preprocessing_macros(wanted)))
    (folder / "frame.c").write_text(WHOLE_FRAME)
    emit_preprocessing_table(folder, table(wanted), wanted.pad_colour)
    sources = [str(REPOSITORY / "app/runtime/preprocess.c"), *map(str, folder.glob("*.c"))]
    includes = [f"-I{folder}", f"-I{REPOSITORY / 'app/runtime'}"]
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fsanitize=undefined"]
    flags += ["-fno-sanitize-recover=all", "-static-libubsan"]
    library = folder / "preprocess.so"
    subprocess.run([host_compiler(), *flags, *includes, *sources, "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).preprocess_frame

    def preprocess(image: NDArray[np.uint8]) -> NDArray[np.generic]:
        height, width, _ = image.shape
        output = np.zeros(wanted.shape, np.uint8)
        pixels = np.ascontiguousarray(image)
        function(ctypes.c_void_p(pixels.ctypes.data), width, height, ctypes.c_void_p(output.ctypes.data))
        return output

    return preprocess


@settings(deadline=None, max_examples=300)
@given(height=SIDES, width=SIDES, wanted=st.sampled_from(INPUTS), seed=st.integers(0, 1000))
def test_c_and_numpy_agree_bit_for_bit(height: int, width: int, wanted: ImageInput, seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(compiled(wanted)(image), apply_table(input_pixels(image, wanted), table(wanted)))


@st.composite
def any_input(draw: st.DrawFn) -> ImageInput:
    sizes = st.tuples(st.integers(1, 60), st.integers(1, 60))
    size, fit, more = draw(sizes), draw(st.sampled_from(["crop", "stretch", "pad"])), draw(sizes)
    box = size if fit == "pad" else (size[0] + more[0] - 1, size[1] + more[1] - 1)
    colour, place = draw(st.sampled_from(["rgb", "bgr", "grey"])), draw(st.sampled_from(["centre", "start"]))
    return ImageInput(size, box, fit, colour, pad_colour=(9, 100, 201), pad_place=place)


@settings(deadline=None, max_examples=40)
@given(any_input(), st.lists(st.tuples(SIDES, SIDES), min_size=1, max_size=5))
def test_c_and_numpy_agree_for_inputs_of_any_kind(wanted: ImageInput, frames: list[tuple[int, int]]) -> None:
    for seed, (height, width) in enumerate(frames):
        image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
        assert np.array_equal(compiled(wanted)(image), apply_table(input_pixels(image, wanted), table(wanted)))


@settings(deadline=None, max_examples=60)
@given(height=st.integers(1, 60), width=st.integers(1, 60), wanted=st.sampled_from(INPUTS))
def test_nothing_outside_the_frame_matters(height: int, width: int, wanted: ImageInput) -> None:
    """The same pixels in front of and behind other bytes give the same result."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    results = []
    for filler in (0, 255):
        buffer = np.full(pixels.size + 200, filler, np.uint8)
        frame = buffer[100:-100].reshape(height, width, 3)
        frame[:] = pixels
        results.append(compiled(wanted)(frame))
    assert np.array_equal(results[0], results[1])
