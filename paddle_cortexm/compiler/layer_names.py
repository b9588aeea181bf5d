"""What people call a layer: its kind and the parameter it comes from, 'depthwise 3×3/2 blocks4.0.dw_conv', with its
number in front where layers are listed.

A layer without parameters is called after the one before it: 'hard-swish after blocks4.0.dw_conv'. The tensor's name in
the program stays the layer's own name; wherever a person names a layer, either will do.
"""

from __future__ import annotations

import re

from paddle_cortexm.artefacts.model import numbered
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.errors import UserError, nearest

NUMBER = re.compile(r"^\d+ +")  # in front of a title


def layer_titles(graph: Graph) -> dict[str, str]:
    """The title of every layer, by its name."""
    return {layer.output: layer_title(graph, layer) for layer in graph.layers}


def layer_title(graph: Graph, layer: Layer) -> str:
    """The kind of layer, and the parameter that it or a layer before it comes from."""
    kind = layer.operator.title
    if layer.parameter:
        return f"{kind} {layer.parameter}"
    before: Layer | None = layer
    while before is not None and not before.parameter:
        before = graph.producer(before.inputs[0])
    return f"{kind} after {before.parameter}" if before is not None else f"{kind} of the input"


def numbered_title(graph: Graph, number: int) -> str:
    """As the layer is called where layers are listed."""
    return numbered(number, layer_title(graph, graph.layers[number]))


def find_layer(graph: Graph, asked: str, option: str) -> Layer:
    """The layer that is meant by a tensor's name, a title (its number does not count) or a parameter's name.

    option: what the name was given to, for the message. Raises UserError for an unknown name, and for one that several
    layers bear.
    """
    titles = layer_titles(graph)
    found = [layer for layer in graph.layers if asked == layer.output]
    found = found or [layer for layer in graph.layers if is_title(asked, titles[layer.output])]
    found = found or [layer for layer in graph.layers if layer.parameter and is_title(asked, layer.parameter)]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{layer.output} ({titles[layer.output]})" for layer in found)
        raise UserError(f"{option}: '{asked}' may be one of several layers: {several}. Name the tensor.")
    known = [*titles, *titles.values(), *(layer.parameter for layer in graph.layers if layer.parameter)]
    listed = "".join(f"\n  {name}: {title}" for name, title in titles.items())
    raise UserError(f"{option}: no layer '{asked}'{nearest(asked, known)}. The layers:{listed}")


def is_title(asked: str, title: str) -> bool:
    """Whether a name, as it may be typed, means the title; numbers in front do not count."""
    return _plain(asked) == _plain(title)


def _plain(text: str) -> str:
    """A name as it may be typed: without a number in front, with x for ×, in any case."""
    return NUMBER.sub("", text.strip(), count=1).replace("×", "x").lower()
