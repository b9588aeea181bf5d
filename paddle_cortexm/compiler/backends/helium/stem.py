"""A network's first convolution, of few input channels: app/runtime/helium/stem_s8.c."""

from __future__ import annotations

from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution

LARGEST_ROW = 16  # kernel width x channels fit a vector
LARGEST_DEPTH = 32  # the whole patch fits two
TILE = 24  # patches that are made at a time


def takes(operator: IntegerConvolution) -> bool:
    """True for a window (not 1x1) so small that it is worth copying together by vectors."""
    _, height, width, channels = operator.weight.shape
    is_small = width * channels <= LARGEST_ROW and height * width * channels <= LARGEST_DEPTH
    return is_small and operator.groups == 1 and operator.window.dilation == (1, 1)


def patch_bytes(output_width: int) -> int:
    """What a row's patches take of the scratch; the last one's last vector writes beyond it."""
    return min(output_width, TILE) * LARGEST_DEPTH + LARGEST_ROW


def assertions(output_width: int) -> tuple[str, ...]:
    """What `takes` and `patch_bytes` assume of stem_s8.h."""
    return (
        f"HELIUM_STEM_ROW_BYTES == {LARGEST_ROW}",
        f"HELIUM_STEM_TILE == {TILE}",
        f"HELIUM_STEM_DEPTH == {LARGEST_DEPTH}",
        f"HELIUM_STEM_SCRATCH(0, {min(output_width, TILE)}) == {patch_bytes(output_width)}",
    )
