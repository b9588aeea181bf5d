"""Networks that were made for three channels, for images of one: their first convolutions add up the channels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import paddle

MADE_FOR = 3  # channels that every backbone of PaddleClas takes


def take_channels(network: paddle.nn.Layer, shape: tuple[int, int, int]) -> None:
    """Let the network take images of this shape (height, width, channels). The convolutions that read the image get
    the sum of their weights over red, green and blue: what they answer to a grey image of three channels stays."""
    height, width, channels = shape
    if channels == MADE_FOR or _first_convolution(network)._in_channels == channels:
        return
    for layer in _readers(network, paddle.zeros([1, MADE_FOR, height, width])):
        weight = layer.weight
        summed = paddle.nn.initializer.Assign(_summed(weight.numpy()))
        with paddle.utils.unique_name.guard():  # names do not depend on what was built before
            shape_of_one = [weight.shape[0], channels, *weight.shape[2:]]
            layer.weight = paddle.create_parameter(shape_of_one, weight.dtype, default_initializer=summed)
        layer.weight.name = weight.name
        layer._in_channels = channels


def _first_convolution(network: paddle.nn.Layer) -> paddle.nn.Layer:
    """The one that reads the image in every network that begins with one."""
    return next(layer for layer in network.sublayers() if isinstance(layer, paddle.nn.Conv2D))


def with_summed_channels(state: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """The weights of a network for colours as they fit one for grey. own: the tensors of the network."""

    def sums(key: str, value: Any) -> bool:
        mine, theirs = (tuple(np.shape(tensor)) for tensor in (own.get(key, ()), value))
        return len(mine) == 4 and (mine[1], theirs[1:2]) == (1, (MADE_FOR,)) and mine == (theirs[0], 1, *theirs[2:])

    return {key: _summed(np.asarray(value)) if sums(key, value) else value for key, value in state.items()}


def _summed(weight: np.ndarray) -> np.ndarray:
    """(outputs, channels, height, width) for one channel."""
    return weight.sum(axis=1, keepdims=True)


def _readers(network: paddle.nn.Layer, image: paddle.Tensor) -> list[paddle.nn.Layer]:
    """The convolutions that read the image itself."""
    found: list[paddle.nn.Layer] = []

    def note(layer: paddle.nn.Layer, inputs: tuple[paddle.Tensor, ...]) -> None:
        if inputs[0] is image:
            found.append(layer)

    layers = [layer for layer in network.sublayers() if isinstance(layer, paddle.nn.Conv2D)]
    hooks = [layer.register_forward_pre_hook(note) for layer in layers]
    was_training = network.training
    network.eval()
    with paddle.no_grad():
        network(image)
    if was_training:
        network.train()
    for hook in hooks:
        hook.remove()
    return found
