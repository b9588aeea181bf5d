"""A float graph in Paddle, layer by layer: what is trained, and what effects on the logits are measured with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.activation_kinds import activation_kind
from paddle_cortexm.compiler.operators.parts.clamp import Clamp
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.pools.max_pool import MaxPool
from paddle_cortexm.compiler.operators.weights.weighted import GroupedConvolution, Weighted
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.errors import UserError

functional = paddle.nn.functional
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
        self._layers = [(layer, paddle_layer(layer, graph)) for layer in graph.layers]

    def tensors(self, images: Floats, also: Also = unchanged) -> dict[str, paddle.Tensor]:
        """Every tensor by name, (N, C, H, W), for images (N, H, W, 3). also: what else is done to a tensor."""
        source = paddle.to_tensor(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
        return self.after({}, self.graph.input, also(self.graph.input, source), also)

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
        """(N, classes), for images (N, H, W, 3)."""
        output = self.graph.output
        return np.concatenate([tensors[output].flatten(1).numpy() for tensors in self.batches(images, also)])


def paddle_layer(layer: Layer, graph: Graph) -> Callable[[Sequence[Any]], Any]:
    """The layer as a function of its inputs' Paddle tensors, (N, C, H, W) each. Raises UserError for an operator that
    has no form in Paddle here, when it is called."""
    if not isinstance(layer.operator, Weighted):
        return lambda inputs: without_weights(layer, inputs, graph)
    operator, product = layer.operator, layer.operator.as_convolution()
    weight, bias = paddle.to_tensor(product.weight), paddle.to_tensor(operator.bias)
    settings = {"stride": list(product.window.stride), "padding": paddings(product.window), "groups": product.groups}

    def weighted(inputs: Sequence[Any]) -> Any:
        x = flattened(inputs[0]) if product.flat else inputs[0]
        return clamped(functional.conv2d(x, weight, bias, **settings), operator.clamp)

    return weighted


def paddle_convolution(convolution: GroupedConvolution) -> paddle.nn.Conv2D:
    """The sums of products as a layer without bias, with these weights to begin with."""
    weight, window, groups = convolution.weight, convolution.window, convolution.groups
    return paddle.nn.Conv2D(
        groups * weight.shape[1],
        weight.shape[0],
        list(weight.shape[2:]),
        stride=list(window.stride),
        padding=paddings(window),
        groups=groups,
        weight_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Assign(weight)),
        bias_attr=False,
    )


def flattened(x: Any) -> Any:
    """An image as one pixel, its values in NHWC order as channels."""
    return x.transpose([0, 2, 3, 1]).flatten(1).unsqueeze([2, 3])


def without_weights(layer: Layer, inputs: Sequence[Any], graph: Graph) -> Any:
    """The result of a layer that has no weights."""
    operator, x = layer.operator, inputs[0]
    match operator:
        case Add(clamp=clamp):
            return clamped(x + inputs[1], clamp)
        case Multiply():
            return x * inputs[1]
        case AveragePool(window=window):
            return _pooled(functional.avg_pool2d, x, window)
        case MaxPool(window=window):
            return _pooled(functional.max_pool2d, x, window)
        case Activation(kind=kind, slope=slope, offset=offset):
            return activation_kind(kind).paddle(functional, x, slope, offset)
        case Reshape():
            _, height, width, channels = graph.tensors[layer.output].shape
            return x.transpose([0, 2, 3, 1]).reshape([-1, height, width, channels]).transpose([0, 3, 1, 2])
    raise UserError(
        f"layer '{layer_title(graph, layer)}' ({layer.output}): {operator.title} has no form in Paddle here"
    )


def _pooled(pool: Callable[..., Any], x: Any, window: Window) -> Any:
    if window.kernel == tuple(x.shape[2:]) and window.padding == (0, 0, 0, 0) and pool is functional.avg_pool2d:
        return x.mean(axis=[2, 3], keepdim=True)
    return pool(x, list(window.kernel), list(window.stride), paddings(window))


def clamped(x: Any, clamp: Clamp) -> Any:
    """A fused relu or relu6."""
    low, high = clamp
    return x if low is None and high is None else paddle.clip(x, min=low, max=high)


def paddings(window: Window) -> list[int]:
    """A window's padding in Paddle's order."""
    top, left, bottom, right = window.padding
    return [top, bottom, left, right]
