"""Batch norm folded into the convolution before it, in a dygraph network.

PaddleSlim calibrates and fake-quantises whatever stands in the network, so what is deployed (a convolution with bias)
must stand there before PTQ and before QAT.
"""

from __future__ import annotations

import itertools

import numpy as np
import paddle

NORMS = (paddle.nn.BatchNorm, paddle.nn.BatchNorm2D)


def fold_batch_norm(network: paddle.nn.Layer) -> int:
    """Fold every convolution directly followed by a batch norm in its parent, in place; returns how many.

    The network's results in evaluation mode stay the same up to rounding.
    """
    folded = 0
    for parent in network.sublayers(include_self=True):
        children = list(parent.named_children())
        for (_, convolution), (name, norm) in itertools.pairwise(children):
            if isinstance(convolution, paddle.nn.Conv2D) and isinstance(norm, NORMS):
                _fold(convolution, norm)
                setattr(parent, name, paddle.nn.Identity())
                folded += 1
    return folded


def _fold(convolution: paddle.nn.Conv2D, norm: paddle.nn.Layer) -> None:
    gain = norm.weight.numpy().astype(np.float64) / np.sqrt(norm._variance.numpy().astype(np.float64) + norm._epsilon)
    bias = norm.bias.numpy() - norm._mean.numpy() * gain
    if convolution.bias is not None:
        bias = bias + convolution.bias.numpy() * gain
    convolution.weight.set_value((convolution.weight.numpy() * gain[:, None, None, None]).astype(np.float32))
    with paddle.utils.unique_name.guard():  # another network of this process may have the name already
        convolution.bias = paddle.create_parameter(
            [len(bias)],
            "float32",
            name=f"{convolution.weight.name}.folded_bias",
            default_initializer=paddle.nn.initializer.Assign(bias.astype(np.float32)),
        )
