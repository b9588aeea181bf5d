"""Movement of channels behind movement of channels, as one: a shuffle behind a concat is a concat in another order."""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.movement.concat import Concat, runs_of


def compose_concats(graph: Graph) -> Graph:
    """The graph in which no channels are moved twice where once would do."""
    for name in [layer.output for layer in graph.layers if isinstance(layer.operator, Concat)]:
        layer = graph.producer(name)
        assert layer is not None
        composed = _composed(graph, layer)
        graph = graph.with_layers(tuple(composed if x is layer else x for x in graph.layers))
    return graph.without_unread()


def _composed(graph: Graph, layer: Layer) -> Layer:
    """The layer reading what the concats before it read, where they may be left out."""
    operator = layer.operator
    assert isinstance(operator, Concat)
    inner = {name: made for name in layer.inputs if (made := _to_leave_out(graph, layer, name)) is not None}
    channels = []
    for number, channel in operator.channels:
        name = layer.inputs[number]
        if name in inner:
            source, channel = inner[name].operator.channels[channel]  # type: ignore[attr-defined]
            name = inner[name].inputs[source]
        channels.append((name, channel))
    names = tuple(dict.fromkeys(name for name, _ in channels))
    runs = runs_of([(names.index(name), channel) for name, channel in channels])
    return replace(layer, operator=Concat(runs), inputs=names)


def _to_leave_out(graph: Graph, layer: Layer, name: str) -> Layer | None:
    """The concat that makes an input, where its readers can as well read what it reads: nothing more is copied, and no
    tensor has to be kept longer for a part of it."""
    made = graph.producer(name)
    if made is None or not isinstance(made.operator, Concat) or name == graph.output:
        return None
    readers = [reader.operator for reader in graph.consumers(name)]
    only_selected = all(isinstance(reader, Concat) and reader.input_count == 1 for reader in readers)
    given = sum(tensor.shape[-1] for tensor in graph.inputs_of(made))
    takes_all = len(set(made.operator.channels)) == given
    return made if made.operator.input_count == 1 or only_selected or (len(readers) == 1 and takes_all) else None
