"""Scratch bytes of CMSIS-NN's kernels, so that the arena is planned at compile time.

The figures cover both the Helium build and the plain C one, because the same program is also built for the host. They
follow the library's documented *_get_buffer_size functions; a test compares them where the library is present.
"""

from __future__ import annotations

from paddle_cortexm.compiler.operators.parts.window import Window

VECTOR = 16  # bytes of a Helium register
DEPTHWISE_CHANNEL_BLOCK = 124  # channels the depthwise kernel unrolls into its buffer at a time


def convolution_bytes(window: Window, input_channels: int) -> int:
    """Of arm_convolve_wrapper_s8: four im2col columns of whole vectors; none for a 1 x 1 without stride or padding."""
    if window.kernel == (1, 1) and window.padding == (0, 0, 0, 0):
        return 0
    column = window.kernel[0] * window.kernel[1] * input_channels
    helium = 4 * -(-column // VECTOR) * VECTOR
    plain = 2 * 2 * -(-column // 4) * 4
    return max(helium, plain)


def depthwise_bytes(window: Window) -> int:
    """Of arm_depthwise_conv_wrapper_s8 with channel multiplier 1."""
    return 4 * DEPTHWISE_CHANNEL_BLOCK * window.kernel[0] * window.kernel[1]
