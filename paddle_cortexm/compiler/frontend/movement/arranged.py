"""Tokens as images: what computes pixel by pixel does not care where a pixel stands.

Tokens (1, 1, N, C) between layers that want an image (1, H, W, C) become that image, and nothing is reshaped between.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from paddle_cortexm.compiler.frontend.movement.aliases import without_aliases
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.elementwise.binary import WithConstant
from paddle_cortexm.compiler.operators.movement.concat import Concat
from paddle_cortexm.compiler.operators.movement.pixels import Pixels
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.parts.base import Elementwise, Operator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.pools.average_pool import AveragePool
from paddle_cortexm.compiler.operators.tokens.product import Product
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.tensor import Shape

Size = tuple[int, int]  # height and width


def arrange_pixels(graph: Graph) -> Graph:
    """The graph in which tensors that are one after the other pixel by pixel have one height and width, wherever not
    two of the layers around them want different ones; without the reshapes that did that."""
    together = _Together()
    for layer in graph.layers:
        for name in _same_pixels(graph, layer):
            together.join(layer.output, name)
    wanted: dict[str, set[Size]] = {}
    for name in _wanted(graph):
        wanted.setdefault(together.of(name), set()).add(_size(graph, name))
    sizes = {root: next(iter(found)) for root, found in wanted.items() if len(found) == 1}
    shapes = {name: _shape(tensor.shape, sizes.get(together.of(name))) for name, tensor in graph.tensors.items()}
    tensors = {name: replace(tensor, shape=shapes[name]) for name, tensor in graph.tensors.items()}
    layers = tuple(replace(x, operator=_rearranged(x, shapes)) for x in graph.layers)
    return without_aliases(replace(graph, layers=layers, tensors=tensors))


class _Together:
    """Names in groups."""

    def __init__(self) -> None:
        self._parents: dict[str, str] = {}

    def of(self, name: str) -> str:
        while (parent := self._parents.get(name, name)) != name:
            name = parent
        return name

    def join(self, a: str, b: str) -> None:
        self._parents[self.of(a)] = self.of(b)


def _same_pixels(graph: Graph, layer: Layer) -> Iterator[str]:
    """The inputs whose pixels are the result's, one for one."""
    operator, result = layer.operator, graph.output_of(layer).shape
    pointwise = isinstance(operator, Convolution) and operator.window == Window()
    by_pixel = isinstance(operator, Elementwise | Concat) or pointwise
    for name, tensor in zip(layer.inputs, graph.inputs_of(layer), strict=True):
        same_size = tensor.shape[1:3] == result[1:3]
        renamed = isinstance(operator, Reshape) and tensor.shape[3] == result[3]
        if (by_pixel and same_size) or renamed:
            yield name


def _wanted(graph: Graph) -> Iterator[str]:
    """The tensors that have to keep height and width: those of layers that are told them."""
    yield graph.input
    yield graph.output
    for layer in graph.layers:
        same = set(_same_pixels(graph, layer))
        others = [name for name in layer.inputs if name not in same]
        if isinstance(layer.operator, Product | Pixels | Reshape):
            continue  # told by elements and pixels, whatever the axes
        if not _is_per_pixel(graph, layer):
            others += [*layer.inputs, layer.output]
        if _is_global_pool(graph, layer):
            others = []
        yield from others
        if not same:
            yield layer.output


def _is_per_pixel(graph: Graph, layer: Layer) -> bool:
    """Whether every operand has a value for every pixel, or one for all."""
    shapes = [tensor.shape for tensor in graph.inputs_of(layer)]
    if isinstance(layer.operator, WithConstant):
        shapes.append(layer.operator.constant.shape)
    others = {shape[1:3] for shape in shapes} - {(1, 1), graph.output_of(layer).shape[1:3]}
    return not isinstance(layer.operator, Elementwise) or not others


def _is_global_pool(graph: Graph, layer: Layer) -> bool:
    operator = layer.operator
    return isinstance(operator, AveragePool) and operator.window == Window(kernel=_size(graph, layer.inputs[0]))


def _size(graph: Graph, name: str) -> Size:
    return graph.tensors[name].shape[1:3]  # type: ignore[return-value]


def _shape(shape: Shape, size: Size | None) -> Shape:
    return shape if size is None else (shape[0], *size, shape[3])


def _rearranged(layer: Layer, shapes: dict[str, Shape]) -> Operator:
    """The operator where its tensors have these shapes."""
    operator, source, result = layer.operator, shapes[layer.inputs[0]], shapes[layer.output]
    match operator:
        case Reshape() | Product():
            return replace(operator, shape=result)
        case Pixels(chosen=chosen):
            return Pixels(chosen.reshape(result[1:3]))
        case AveragePool() if operator.output_shape([source]) != result:
            return AveragePool(Window(kernel=source[1:3]))  # type: ignore[arg-type]
        case WithConstant(constant=constant) if constant.shape[1] * constant.shape[2] > 1:
            arranged = constant.shape[1] * constant.shape[2] == result[1] * result[2]
            shape = (1, *result[1:3], constant.shape[3]) if arranged else constant.shape
            return replace(operator, constant=constant.reshape(shape))
    return operator
