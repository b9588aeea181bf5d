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

from paddle_cortexm.data.preprocessing import resize_short_side_and_crop
from paddle_cortexm.host.compiler import host_compiler
from paddle_cortexm.paths import REPOSITORY

Preprocess = Callable[[NDArray[np.uint8]], NDArray[np.uint8]]

MODEL_HEADER = """#include <stdint.h>
#define MODEL_INPUT_RESIZE {resize}
#define MODEL_INPUT_HEIGHT {size}
#define MODEL_INPUT_WIDTH {size}
#define MODEL_INPUT_CHANNELS 3
typedef uint8_t model_input_element_t;
typedef struct {{ model_input_element_t data[{size} * {size} * 3]; }} model_input_t;
"""
WHOLE_FRAME = """
void preprocess_frame(const uint8_t *rgb, uint32_t width, uint32_t height, model_input_t *input) {
    preprocess_t state;
    preprocess_begin(&state, rgb, width, height);
    for (uint32_t row = 0; row < MODEL_INPUT_HEIGHT; row++) {
        preprocess_row(&state, row, input->data + row * MODEL_INPUT_WIDTH * 3);
    }
}
"""


@cache
def compiled(resize: int, size: int) -> Preprocess:
    """All rows of a frame for one geometry, with an identity table and undefined behaviour made fatal."""
    folder = Path(mkdtemp())
    (folder / "model.h").write_text(MODEL_HEADER.format(resize=resize, size=size))
    rows = ", ".join("{" + ", ".join(map(str, range(256))) + "}" for _ in range(3))
    table = f"const uint8_t preprocessing_table[3][256] = {{{rows}}};\n"
    (folder / "frame.c").write_text(f'#include "preprocess.h"\n{table}{WHOLE_FRAME}')
    sources = [str(REPOSITORY / "app/runtime/preprocess.c"), str(folder / "frame.c")]
    includes = [f"-I{folder}", f"-I{REPOSITORY / 'app/runtime'}"]
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fsanitize=undefined"]
    flags += ["-fno-sanitize-recover=all", "-static-libubsan"]
    library = folder / "preprocess.so"
    subprocess.run([host_compiler(), *flags, *includes, *sources, "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).preprocess_frame

    def preprocess(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height, width, _ = image.shape
        output = np.zeros((size, size, 3), np.uint8)
        pixels = np.ascontiguousarray(image)
        function(ctypes.c_void_p(pixels.ctypes.data), width, height, ctypes.c_void_p(output.ctypes.data))
        return output

    return preprocess


@settings(deadline=None, max_examples=300)
@given(
    height=st.integers(1, 1024),
    width=st.integers(1, 1024),
    geometry=st.sampled_from([(1, 1), (16, 16), (20, 16), (96, 96), (256, 224)]),
    seed=st.integers(0, 1000),
)
def test_c_and_numpy_agree_bit_for_bit(height: int, width: int, geometry: tuple[int, int], seed: int) -> None:
    image = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    assert np.array_equal(compiled(*geometry)(image), resize_short_side_and_crop(image, *geometry))


@settings(deadline=None, max_examples=30)
@given(height=st.integers(1, 60), width=st.integers(1, 60))
def test_nothing_outside_the_frame_matters(height: int, width: int) -> None:
    """The same pixels in front of and behind other bytes give the same result."""
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 3), dtype=np.uint8)
    results = []
    for filler in (0, 255):
        buffer = np.full(pixels.size + 200, filler, np.uint8)
        frame = buffer[100:-100].reshape(height, width, 3)
        frame[:] = pixels
        results.append(compiled(20, 16)(frame))
    assert np.array_equal(results[0], results[1])
