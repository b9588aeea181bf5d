"""Scratch sizes: never smaller than what the library's own get_buffer_size functions say, and rarely larger."""

from __future__ import annotations

import ctypes
import subprocess

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.cmsis_nn.buffers import convolution_bytes, depthwise_bytes
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.host.cmsis_nn_build import HostLibrary
from paddle_cortexm.host.compiler import host_compiler

# The largest of the three builds of the library: plain C (the host's), Helium, and what the build itself says.
QUERIES = """
#include "arm_nnfunctions.h"
static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }
int32_t convolution(const int32_t *n) {
    const cmsis_nn_conv_params p = {0, 0, {n[5], n[4]}, {n[7], n[6]}, {1, 1}, {-128, 127}};
    const cmsis_nn_dims in = {1, n[0], n[1], n[8]}, filter = {n[9], n[2], n[3], n[8]}, out = {1, n[10], n[11], n[9]};
    return larger(arm_convolve_wrapper_s8_get_buffer_size(&p, &in, &filter, &out),
                  arm_convolve_wrapper_s8_get_buffer_size_mve(&p, &in, &filter, &out));
}
int32_t depthwise(const int32_t *n) {
    const cmsis_nn_dw_conv_params p = {0, 0, 1, {n[5], n[4]}, {n[7], n[6]}, {1, 1}, {-128, 127}};
    const cmsis_nn_dims in = {1, n[0], n[1], n[8]}, filter = {1, n[2], n[3], n[8]}, out = {1, n[10], n[11], n[8]};
    return larger(arm_depthwise_conv_wrapper_s8_get_buffer_size(&p, &in, &filter, &out),
                  arm_depthwise_conv_wrapper_s8_get_buffer_size_mve(&p, &in, &filter, &out));
}
int32_t fully_connected(int32_t outputs) {
    const cmsis_nn_dims filter = {64, 1, 1, outputs};
    return arm_fully_connected_s8_get_buffer_size_mve(&filter);
}
int32_t average_pool(int32_t width, int32_t channels) {
    return larger(arm_avgpool_s8_get_buffer_size(width, channels),
                  arm_avgpool_s8_get_buffer_size_mve(width, channels));
}
"""


@pytest.fixture(scope="module")
def queries(host_library: HostLibrary, tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    folder = tmp_path_factory.mktemp("queries")
    (folder / "queries.c").write_text(QUERIES)
    command = [host_compiler(), "-shared", "-fPIC", "-isystem", str(host_library.include), str(folder / "queries.c")]
    command += ["-Wl,--whole-archive", str(host_library.archive), "-Wl,--no-whole-archive", "-lm"]
    subprocess.run([*command, "-o", str(folder / "queries.so")], check=True)
    return ctypes.CDLL(str(folder / "queries.so"))


def windows(count: int) -> list[tuple[Window, tuple[int, int], tuple[int, int]]]:
    """Random (window, input size, output size), every kind of kernel and padding up to 7 x 7."""
    random, made = np.random.default_rng(4), []
    while len(made) < count:
        kernel, stride = tuple(random.integers(1, 8, 2).tolist()), tuple(random.integers(1, 3, 2).tolist())
        padding = tuple(int(random.integers(0, kernel[i % 2])) for i in range(4))
        size = tuple(random.integers(1, 40, 2).tolist())
        out = tuple((size[i] + padding[i] + padding[i + 2] - kernel[i]) // stride[i] + 1 for i in range(2))
        if min(out) > 0:
            made.append((Window(kernel, stride, padding), size, out))
    return made


def asked(function: object, window: Window, sizes: tuple[int, ...], channels: tuple[int, int]) -> int:
    """The library's answer; sizes: (input height, width, output height, width)."""
    numbers = [*sizes[:2], *window.kernel, *window.stride, *window.padding[:2], *channels, *sizes[2:]]
    return int(function((ctypes.c_int32 * len(numbers))(*numbers)))  # type: ignore[operator]


def test_a_convolution_s_scratch_suffices(queries: ctypes.CDLL) -> None:
    random = np.random.default_rng(1)
    for window, size, out in windows(400):
        channels = (int(random.integers(1, 300)), int(random.integers(1, 64)))
        needed = asked(queries.convolution, window, (*size, *out), channels)
        assert needed <= convolution_bytes(window, channels[0]), (window, size, channels)


def test_the_usual_convolutions_take_no_byte_too_much(queries: ctypes.CDLL) -> None:
    for window in (Window(), Window((1, 1), (2, 2)), Window((3, 3), (2, 2), (1, 1, 1, 1))):
        for channels in (3, 16, 24, 160, 960):
            needed = asked(queries.convolution, window, (14, 14, 7, 7), (channels, 32))
            assert needed == convolution_bytes(window, channels), (window, channels)


def test_a_depthwise_convolution_s_scratch_is_what_the_library_says(queries: ctypes.CDLL) -> None:
    for window, size, out in windows(200):
        needed = asked(queries.depthwise, window, (*size, *out), (96, 96))
        assert needed == depthwise_bytes(window), window


def test_the_sums_of_a_fully_connected_layer_fill_its_buffer(queries: ctypes.CDLL) -> None:
    assert [queries.fully_connected(n) for n in (1, 10, 1000)] == [4, 40, 4000]


def test_a_pool_s_scratch_of_four_bytes_a_channel_suffices(queries: ctypes.CDLL) -> None:
    for channels in (1, 7, 1280):
        assert queries.average_pool(7, channels) <= 4 * channels
