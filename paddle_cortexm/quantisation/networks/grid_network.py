"""A trainable network on the integer grid: what quantisation-aware training trains.

By itself PaddleSlim's dygraph QAT is symmetric and quantises the inputs of convolutions only, so a model trained with
it meets a different grid when it is deployed: zero points, fused activations, tables, adds and pools. So this network
is made from the layer graph: every tensor is put on the grid it is deployed with, and PaddleSlim's QAT quantises the
weights, a scale a channel; the inputs it is told to leave as they are. Gradients pass the rounding unchanged and stop
at values that saturate (Bengio et al., straight-through estimator).

Batch norm: a channel's scale of a convolution's results commutes with the channel's weight scale, so a batch norm can
stand behind a quantised convolution and still fold into it without leaving the grid. One is put behind every
convolution whose map is larger than 1 x 1; `freeze` makes it use its running statistics from then on.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray
from paddleslim.dygraph.quant import QAT

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.fake_quantisation import float_tensors
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm, clamped_in_paddle, flattened
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.quantisation.networks.paddle_graph import on_grid, paddle_convolution, paddle_form
from paddle_cortexm.training.small_maps import speed_up_small_maps

STATISTICS_IMAGES = 128  # that batch norm's first statistics are taken from
Grids = Mapping[str, Grid]


class _ToGrid(paddle.autograd.PyLayer):
    """Saturate and round; the gradient passes where nothing saturates."""

    @staticmethod
    def forward(context: Any, x: Any, grid: Grid) -> Any:
        low, high = grid.limits
        inside = paddle.logical_and(x >= low, x <= high)
        context.save_for_backward(inside)
        return on_grid(x, grid)

    @staticmethod
    def backward(context: Any, gradient: Any) -> Any:
        (inside,) = context.saved_tensor()
        return gradient * inside.astype(gradient.dtype)


class OnGridAlready(paddle.nn.Layer):
    """What PaddleSlim's QAT is given to quantise the inputs of convolutions with: they are on their grid already."""

    def forward(self, x: Any) -> Any:
        return x


class WeightedLayer(paddle.nn.Layer):
    """A convolution or fully connected layer as a convolution without bias (`product`, weight OIHW) for PaddleSlim to
    quantise, its batch norm or bias, and its fused activation."""

    def __init__(self, layer: Layer, *, with_norm: bool, quantised: bool) -> None:
        super().__init__()
        operator = layer.operator
        assert isinstance(operator, Weighted)
        self.operator = operator
        product = operator.as_convolution()
        self.flat = product.flat
        self.product: Any = paddle_convolution(product)
        self.product.skip_quant = not quantised
        assign = paddle.nn.initializer.Assign(operator.bias)
        bias_size = [len(operator.bias)]
        self.bias: Any = None if with_norm else self.create_parameter(bias_size, default_initializer=assign)
        self.norm: Any = paddle.nn.BatchNorm2D(len(operator.bias)) if with_norm else None
        self.unset = with_norm

    def forward(self, x: Any) -> Any:
        if self.flat:
            x = flattened(x)
        sums = self.product(x)
        if self.norm is None:
            sums = sums + self.bias.reshape([1, -1, 1, 1])
        else:
            if self.unset:
                self._set_statistics(sums)
            sums = self.norm(sums)
        return clamped_in_paddle(paddle, sums, self.operator.clamp)

    def _set_statistics(self, sums: Any) -> None:
        """Make the batch norm one that adds the operator's bias, with the statistics of this batch."""
        mean, variance = sums.mean(axis=[0, 2, 3]).detach(), sums.var(axis=[0, 2, 3], unbiased=False).detach()
        norm = self.norm
        norm._mean.set_value(mean)
        norm._variance.set_value(variance)
        norm.weight.set_value(paddle.sqrt(variance + norm._epsilon))
        norm.bias.set_value(mean + paddle.to_tensor(self.operator.bias))
        self.unset = False

    def folded(self) -> Operator:
        """The operator with the trained weights, batch norm folded."""
        weight = self.product.weight.numpy()
        if self.norm is None:
            return self.operator.with_weights(self.operator.from_oihw(weight), self.bias.numpy())
        norm = self.norm
        gain = norm.weight.numpy() / np.sqrt(norm._variance.numpy() + norm._epsilon)
        bias = norm.bias.numpy() - norm._mean.numpy() * gain
        weight = weight * gain.reshape(-1, *[1] * (weight.ndim - 1))
        return self.operator.with_weights(self.operator.from_oihw(weight), bias.astype(np.float32))


class GridNetwork(paddle.nn.Layer):
    """The graph as a network: images (N, 3, H, W) to logits (N, classes), every tensor on its grid."""

    def __init__(self, graph: Graph, grids: Grids, keep_float: Collection[str] = ()) -> None:
        super().__init__()
        self.graph, self.grids = graph, dict(grids)
        self.floats = float_tensors(graph, keep_float)
        self.weighted: dict[str, WeightedLayer] = {}
        self.others: dict[str, PaddleForm] = {}
        for number, layer in enumerate(graph.layers):
            if isinstance(layer.operator, Weighted):
                made = WeightedLayer(layer, with_norm=_area(graph, layer) > 1, quantised=layer.output not in keep_float)
                self.weighted[layer.output] = self.add_sublayer(f"layer{number}", made)
            else:
                self.others[layer.output] = paddle_form(layer)
        QAT({"weight_quantize_type": "channel_wise_abs_max"}, act_quantize=OnGridAlready).quantize(self)
        for weighted in self.weighted.values():  # without the observers of output ranges around them: grids are known
            weighted.product = getattr(weighted.product, "_layer", weighted.product)
        speed_up_small_maps(self)

    def forward(self, images: Any) -> Any:
        return self.tensors(images)[self.graph.output].flatten(1)

    def tensors(self, images: Any) -> dict[str, Any]:
        """Every tensor by name, (N, C, H, W)."""
        tensors = {self.graph.input: _ToGrid.apply(images, self.grids[self.graph.input])}
        for layer in self.graph.layers:
            inputs = [tensors[name] for name in layer.inputs]
            weighted = self.weighted.get(layer.output)
            result = weighted(inputs[0]) if weighted else self.others[layer.output](inputs)
            is_float = layer.output in self.floats
            tensors[layer.output] = result if is_float else _ToGrid.apply(result, self.grids[layer.output])
        return tensors

    def answers(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        """The logits (N, classes) of (N, 3, H, W) images, without gradients."""
        with paddle.no_grad():
            return self.forward(paddle.to_tensor(images)).numpy()

    def set_statistics(self, images: NDArray[np.float32]) -> None:
        """Set every batch norm from (the first of) (N, 3, H, W) images so that the network starts as the graph it is
        made of, and leave it ready to answer."""
        self.eval()
        self.answers(np.ascontiguousarray(images[:STATISTICS_IMAGES]))

    def freeze(self) -> None:
        """Keep every batch norm at its running statistics, in training too."""
        for layer in self.weighted.values():
            if layer.norm is not None:
                layer.norm._use_global_stats = True

    def trained_graph(self) -> Graph:
        """The float graph with the trained weights, batch norm folded."""
        layers = tuple(
            replace(layer, operator=self.weighted[layer.output].folded()) if layer.output in self.weighted else layer
            for layer in self.graph.layers
        )
        return replace(self.graph, layers=layers)


def _area(graph: Graph, layer: Layer) -> int:
    _, height, width, _ = graph.tensors[layer.output].shape
    return height * width
