"""The layer graph: what stands between Relax and the emitted C.

A graph is a list of layers in execution order. Every layer makes one tensor, named as in the Paddle program.
Activations are NHWC with batch 1; a vector is (1, 1, 1, C). What layers compute stands in compiler/operators: float
operators and, after integer realisation, their integer twins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.tensor import Tensor


@dataclass(frozen=True)
class Layer:
    """One operator: tensors in (by name), one tensor out, whose name is also the layer's. parameter: what the network
    calls the weights it comes from, as in 'blocks4.0.dw_conv'; empty where there are none."""

    operator: Operator
    inputs: tuple[str, ...]
    output: str
    parameter: str = ""


@dataclass(frozen=True)
class Graph:
    """Layers in execution order; `tensors` holds every activation by name, the input and the output included."""

    name: str
    input: str
    output: str
    layers: tuple[Layer, ...]
    tensors: dict[str, Tensor]

    def inputs_of(self, layer: Layer) -> tuple[Tensor, ...]:
        return tuple(self.tensors[name] for name in layer.inputs)

    def output_of(self, layer: Layer) -> Tensor:
        return self.tensors[layer.output]

    def consumers(self, tensor: str) -> Iterator[Layer]:
        return (layer for layer in self.layers if tensor in layer.inputs)

    def producer(self, tensor: str) -> Layer | None:
        return self._producers.get(tensor)

    @cached_property
    def _producers(self) -> dict[str, Layer]:
        return {layer.output: layer for layer in self.layers}

    def with_layers(self, layers: tuple[Layer, ...]) -> Graph:
        """The same graph with other layers; tensors nobody names any more are dropped."""
        named = {self.input, self.output} | {n for layer in layers for n in (*layer.inputs, layer.output)}
        return replace(self, layers=layers, tensors={k: v for k, v in self.tensors.items() if k in named})

    def without_unread(self) -> Graph:
        """The same graph without the layers whose result nothing reads that leads to the output."""
        needed, kept = {self.output}, []
        for layer in reversed(self.layers):
            if layer.output in needed:
                needed.update(layer.inputs)
                kept.append(layer)
        return self.with_layers(tuple(reversed(kept)))

    def without(self, is_copy: Callable[[Layer], bool]) -> Graph:
        """The same graph without the layers whose result is their first input: who reads it reads that input. is_copy:
        which these are; a layer's inputs are what they are by then."""
        source_of: dict[str, str] = {}
        layers: list[Layer] = []
        for layer in self.layers:
            layer = replace(layer, inputs=tuple(source_of.get(name, name) for name in layer.inputs))
            if is_copy(layer):
                source_of[layer.output] = layer.inputs[0]
            else:
                layers.append(layer)
        return replace(self, output=source_of.get(self.output, self.output)).with_layers(tuple(layers))


def has_wide_tensors(graph: Graph, layer: Layer) -> bool:
    """Whether the layer reads or makes int16."""
    return any(tensor.dtype == "int16" for tensor in (*graph.inputs_of(layer), graph.output_of(layer)))


def last_readers(graph: Graph) -> dict[str, int]:
    """The number of the last layer that reads each tensor; the output lives to the end."""
    readers = {name: i for i, layer in enumerate(graph.layers) for name in layer.inputs}
    return readers | {graph.output: len(graph.layers) - 1}
