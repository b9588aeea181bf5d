"""Which tensors become int16: those whose rounding to int8 the logits feel, where that costs little.

Groups of tensors (compiler/integers/wide.py) are taken one after the other, first the one with most noise at the
logits, by range_search's measure, for the work that it adds: the convolutions that read int16 do their products twice.
One is taken if its share of the noise that is left is no less than its share of the network's work, within a limit for
all, and if no layer needs more memory then than the largest one did before. The logits themselves always are int16:
nobody but the program reads them, and int8 steps make close classes equal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from paddle_cortexm.artefacts.quantisation import TensorRange
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.wide import Group, logits_of, wide_groups
from paddle_cortexm.quantisation.ranges.observation import Observation

WORTH_IT = 0.02  # of the noise that is left, the least that a group has to add
MOST_WORK = 0.3  # of the network's multiply-accumulates, the most that wide groups may add
HEADROOM = 2.0  # over the largest value seen: one of the 15 bits


def choose_wide(graph: Graph, noise: Mapping[str, float], keep_float: Collection[str] = ()) -> frozenset[str]:
    """The tensors of a float graph to be int16. noise: what each tensor adds to the logits; keep_float: layers that
    are not integers at all."""
    groups = [group for group in wide_groups(graph) if not _touches(graph, group, keep_float)]
    chosen = {name for group in groups if logits_of(graph) in group for name in group}
    whole, memory = sum(_macs(graph, layer) for layer in graph.layers), _memory(graph)
    left, spent = sum(noise.values()), 0
    for group in sorted(groups, key=lambda group: _noise(group, noise) / (1 + _work(graph, group)), reverse=True):
        gain, work = _noise(group, noise), _work(graph, group)
        is_worth_it = gain >= left * max(WORTH_IT, work / whole) and spent + work <= MOST_WORK * whole
        if is_worth_it and not chosen & set(group) and _memory(graph, chosen | set(group)) <= memory:
            chosen.update(group)
            left, spent = left - gain, spent + work
    return frozenset(chosen)


def wide_range(observation: Observation) -> TensorRange:
    """The range of an int16 tensor: all that was seen, and room beyond it."""
    return TensorRange(
        minimum=HEADROOM * observation.minimum,
        maximum=HEADROOM * observation.maximum,
        source="calibrated-whole",
        bits=16,
    )


def _touches(graph: Graph, group: Group, layers: Collection[str]) -> bool:
    """Whether one of these layers makes or reads a tensor of the group."""
    return any(name in layers or any(reader.output in layers for reader in graph.consumers(name)) for name in group)


def _noise(group: Group, noise: Mapping[str, float]) -> float:
    return sum(noise.get(name, 0.0) for name in group)


def _work(graph: Graph, group: Group) -> int:
    """Multiply-accumulates of the layers that read the group."""
    readers = {reader.output: reader for name in group for reader in graph.consumers(name)}
    return sum(_macs(graph, reader) for reader in readers.values())


def _memory(graph: Graph, wide: Collection[str] = ()) -> int:
    """Bytes of the largest layer's tensors."""
    size = {name: tensor.elements * (2 if name in wide else 1) for name, tensor in graph.tensors.items()}
    return max(sum(size[name] for name in {*layer.inputs, layer.output}) for layer in graph.layers)


def _macs(graph: Graph, layer: Layer) -> int:
    return layer.operator.macs(graph.output_of(layer).shape)
