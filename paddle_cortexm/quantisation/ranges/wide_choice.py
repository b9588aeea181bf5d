"""Which tensors become int16: those whose rounding to int8 the logits feel, where that costs little.

A group of tensors (compiler/integers/wide.py) is taken when it adds a good part of all the noise at the logits, by
range_search's measure, as long as the convolutions that read int16, which do their products twice, stay a small part
of the network's work. The logits themselves always are: nobody but the program reads them, and int8 steps make close
classes equal.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from paddle_cortexm.artefacts.quantisation import TensorRange
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.integers.wide import Group, logits_of, wide_groups
from paddle_cortexm.quantisation.ranges.observation import Observation

WORTH_IT = 0.05  # of the noise that all tensors add, the least that a group has to
MOST_WORK = 0.15  # of the network's multiply-accumulates, the most that wide groups may add
HEADROOM = 2.0  # over the largest value seen: one of the 15 bits


def choose_wide(graph: Graph, noise: Mapping[str, float], keep_float: Collection[str] = ()) -> frozenset[str]:
    """The tensors of a float graph to be int16. noise: what each tensor adds to the logits; keep_float: layers that
    are not integers at all."""
    total, left = sum(noise.values()), MOST_WORK * sum(_macs(graph, layer) for layer in graph.layers)
    chosen: set[str] = set()
    for group in sorted(wide_groups(graph), key=lambda group: _noise(group, noise), reverse=True):
        readers = [reader for name in group for reader in graph.consumers(name)]
        if any(name in keep_float for name in (*group, *(reader.output for reader in readers))):
            continue
        work = sum(_macs(graph, reader) for reader in readers)
        if logits_of(graph) in group or (_noise(group, noise) >= WORTH_IT * total and work <= left):
            chosen.update(group)
            left -= work
    return frozenset(chosen)


def wide_range(observation: Observation) -> TensorRange:
    """The range of an int16 tensor: all that was seen, and room beyond it."""
    return TensorRange(
        minimum=HEADROOM * observation.minimum,
        maximum=HEADROOM * observation.maximum,
        source="calibrated-whole",
        bits=16,
    )


def _noise(group: Group, noise: Mapping[str, float]) -> float:
    return sum(noise.get(name, 0.0) for name in group)


def _macs(graph: Graph, layer: Layer) -> int:
    return layer.operator.macs(graph.output_of(layer).shape)
