"""A float graph in Paddle, layer by layer: what is trained, and what effects on the logits are measured with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer, last_readers
from paddle_cortexm.compiler.operators.parts.base import FloatOperator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, window_settings
from paddle_cortexm.compiler.operators.weights.weighted import GroupedConvolution
from paddle_cortexm.compiler.tensor import Grid

BATCH = 16
Floats = NDArray[np.float32]
Also = Callable[[str, paddle.Tensor], paddle.Tensor]  # the tensor's name, its values -> values


def unchanged(name: str, values: paddle.Tensor) -> paddle.Tensor:
    """The tensor as it is."""
    return values


def on_grid(values: paddle.Tensor, grid: Grid) -> paddle.Tensor:
    """Real values rounded to a grid, saturated at its ends."""
    low, high = grid.limits
    return paddle.round(paddle.clip(values, low, high) * (1 / grid.scale)) * grid.scale


class PaddleGraph:
    """A float graph as Paddle computes it: several times faster than the numpy reference, and equal up to rounding."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._layers = [(layer, paddle_form(layer)) for layer in graph.layers]
        self._last_readers = last_readers(graph)

    def tensors(self, images: Floats, also: Also = unchanged) -> dict[str, paddle.Tensor]:
        """Every tensor by name, (N, C, H, W), for images (N, H, W, C). also: what else is done to a tensor."""
        return self.after({}, self.graph.input, also(self.graph.input, _in_nchw(images)), also)

    def after(
        self,
        exact: Mapping[str, paddle.Tensor],
        name: str,
        values: paddle.Tensor,
        also: Also = unchanged,
    ) -> dict[str, paddle.Tensor]:
        """The tensor `name` and all that depend on it, had it these values, all others being exact. also: what else is
        done to those that depend on it."""
        changed = {name: values}
        for layer, function in self._layers:
            if any(source in changed for source in layer.inputs):
                result = function([changed[n] if n in changed else exact[n] for n in layer.inputs])
                changed[layer.output] = also(layer.output, result)
        return changed

    def batches(self, images: Floats, also: Also = unchanged) -> Iterator[dict[str, paddle.Tensor]]:
        """As `tensors`, for some of the images at a time."""
        return (self.tensors(images[start : start + BATCH], also) for start in range(0, len(images), BATCH))

    def logits(self, images: Floats, also: Also = unchanged) -> Floats:
        """(N, classes), for images (N, H, W, C)."""
        batches = (images[start : start + BATCH] for start in range(0, len(images), BATCH))
        return np.concatenate([self.answers(_in_nchw(batch), also).numpy() for batch in batches])

    def answers(self, images: paddle.Tensor, also: Also = unchanged) -> paddle.Tensor:
        """(N, classes), for images (N, C, H, W). No tensor is kept longer than it is read."""
        tensors = {self.graph.input: also(self.graph.input, images)}
        for number, (layer, function) in enumerate(self._layers):
            tensors[layer.output] = also(layer.output, function([tensors[name] for name in layer.inputs]))
            for name in set(layer.inputs):
                if self._last_readers[name] == number:
                    del tensors[name]
        return tensors[self.graph.output].flatten(1)


class FloatNetwork(paddle.nn.Layer):
    """A float graph as a network: images (N, C, H, W) to logits (N, classes)."""

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        self._graph = PaddleGraph(graph)

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self._graph.answers(images)


def _in_nchw(images: Floats) -> paddle.Tensor:
    return paddle.to_tensor(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def paddle_form(layer: Layer) -> PaddleForm:
    """A layer of a float graph as a function of its inputs' Paddle tensors, (N, C, H, W) each."""
    operator = layer.operator
    assert isinstance(operator, FloatOperator), f"{layer.output}: {operator.name} in a float graph"
    return operator.in_paddle(paddle)


def paddle_convolution(convolution: GroupedConvolution) -> paddle.nn.Conv2D:
    """The sums of products as a layer without bias, with these weights to begin with."""
    weight, window, groups = convolution.weight, convolution.window, convolution.groups
    return paddle.nn.Conv2D(
        groups * weight.shape[1],
        weight.shape[0],
        list(weight.shape[2:]),
        dilation=list(window.dilation),
        groups=groups,
        weight_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Assign(weight)),
        bias_attr=False,
        **window_settings(window),
    )
