"""`kernels: fastest`: for every layer the kernel with the lowest estimated cost, of all backends on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.cost_model import estimate
from paddle_cortexm.compiler.kernels.kernel import Backend, Kernel, Rejection
from paddle_cortexm.compiler.operators.weights.weighted import Epilogue, IntegerWeighted


@dataclass(frozen=True)
class Candidate:
    """A kernel that computes the layer, and its estimated instructions (None: unknown)."""

    kernel: Kernel
    cost: int | None

    @property
    def text(self) -> str:
        return f"{self.kernel.backend} {'unknown' if self.cost is None else format(self.cost, ',')}"


class FastestBackend:
    """Chooses among other backends, which stand in order of preference: a later one's kernel is taken only where both
    costs are known and its own is lower. No estimate, no change."""

    name = "fastest"

    def __init__(self, backends: Sequence[Backend]) -> None:
        self.backends = tuple(backends)

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        """The cheapest kernel. A fused layer is rejected where the separate layers are estimated to cost less."""
        candidates, refusals = self._candidates(graph, layer)
        if not candidates:
            return Rejection("; ".join(refusals))
        best = _cheapest(candidates)
        separate = self._separate_cost(graph, layer)
        if separate is not None and best.cost is not None and separate < best.cost:
            return Rejection(f"fused {best.cost:,} instructions, as separate layers {separate:,} (estimated)")
        costs = ", ".join(candidate.text for candidate in sorted(candidates, key=lambda c: _rank(c, best)))
        why = "first in order of preference, cost" if best.cost is None else "fewest estimated instructions:"
        return replace(best.kernel, reason=f"{why} {costs} ({best.kernel.reason})")

    def _candidates(self, graph: Graph, layer: Layer) -> tuple[list[Candidate], list[str]]:
        candidates, refusals = [], []
        for backend in self.backends:
            answer = backend.select(graph, layer)
            if isinstance(answer, Kernel):
                candidates.append(Candidate(answer, estimate(graph, layer, answer)))
            else:
                refusals.append(f"{backend.name}: {answer.reason}")
        return candidates, refusals

    def _separate_cost(self, graph: Graph, layer: Layer) -> int | None:
        """Estimated instructions of a fused integer layer's parts, each by its cheapest kernel; None when one is
        unknown or nothing is fused."""
        costs = []
        for part in separate_layers(layer):
            candidates, _ = self._candidates(graph, part)
            costs.append(_cheapest(candidates).cost if candidates else None)
        return sum(cost for cost in costs if cost is not None) if costs and None not in costs else None


def separate_layers(layer: Layer) -> list[Layer]:
    """An integer layer's epilogue as layers of their own behind the bare one; empty when nothing is fused."""
    operator = layer.operator
    if not isinstance(operator, IntegerWeighted):
        return []
    fused, parts = operator.epilogue, [replace(layer, operator=replace(operator, epilogue=Epilogue()))]
    parts[0] = replace(parts[0], inputs=layer.inputs[:1])
    if fused.table is not None:
        parts.append(replace(layer, operator=fused.table, inputs=(layer.output,)))
    if fused.add is not None:
        parts.append(replace(layer, operator=fused.add, inputs=(layer.output, layer.inputs[-1])))
    return parts if len(parts) > 1 else []


def _rank(candidate: Candidate, best: Candidate) -> tuple[bool, bool, int]:
    """The order in the reason: the chosen one, then by cost, unknown costs last."""
    return candidate is not best, candidate.cost is None, candidate.cost or 0


def _cheapest(candidates: Sequence[Candidate]) -> Candidate:
    best = candidates[0]
    for candidate in candidates[1:]:
        if best.cost is not None and candidate.cost is not None and candidate.cost < best.cost:
            best = candidate
    return best
