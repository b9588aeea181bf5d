"""plan.json: what every layer became, with which kernel and why; and the same as a table."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass

from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph

WORDS, NARROWEST, GAP = 3, 16, "  "  # the table's columns of words, the fewest letters they keep, the space between


@dataclass(frozen=True)
class PlannedLayer:
    """One row of the plan. Bytes: of the packed constants, of the tensors read and written, of the scratch."""

    name: str
    operator: str
    kind: str
    inputs: list[str]
    input_shapes: list[list[int]]
    output_shape: list[int]
    backend: str
    kernel: str
    reason: str
    macs: int
    weight_bytes: int
    activation_bytes: int
    scratch_bytes: int


def planned_layers(model: KernelGraph) -> list[PlannedLayer]:
    return [_planned(model.graph, layer, model.kernel_of(layer)) for layer in model.layers]


def _planned(graph: Graph, layer: Layer, kernel: Kernel) -> PlannedLayer:
    inputs, output = graph.inputs_of(layer), graph.output_of(layer)
    return PlannedLayer(
        name=layer.output,
        operator=layer.operator.name,
        kind=layer.operator.layer_kind,
        inputs=list(layer.inputs),
        input_shapes=[list(tensor.shape) for tensor in inputs],
        output_shape=list(output.shape),
        backend=kernel.backend,
        kernel=kernel.name,
        reason=kernel.reason,
        macs=layer.operator.macs(output.shape),
        weight_bytes=sum(constant.values.nbytes for constant in kernel.constants),
        activation_bytes=sum(tensor.bytes for tensor in (*inputs, output)),
        scratch_bytes=kernel.scratch_bytes,
    )


def plan_report(layers: list[PlannedLayer], memory: MemoryPlan) -> dict[str, object]:
    """The content of plan.json."""
    totals = {
        "layers": len(layers),
        "macs": sum(layer.macs for layer in layers),
        "weight_bytes": sum(layer.weight_bytes for layer in layers),
        "arena_bytes": memory.arena_bytes,
        "arena_lower_bound": memory.lower_bound,
        "peak_layer": layers[memory.peak_layer].name,
    }
    return {"totals": totals, "layers": [asdict(layer) for layer in layers]}


def plan_table(layers: list[PlannedLayer], width: int) -> str:
    """The plan as text: a line a layer, of at most `width` columns where that can be, then every kernel and why."""
    head = ("layer", "operator", "kernel", "input", "output", "MACs", "weights B", "tensors B", "scratch B")
    rows = [
        (
            layer.name,
            layer.operator.removeprefix("Integer"),
            layer.kernel,
            "x".join(map(str, layer.input_shapes[0][1:])),
            "x".join(map(str, layer.output_shape[1:])),
            *(f"{n:,}" for n in (layer.macs, layer.weight_bytes, layer.activation_bytes, layer.scratch_bytes)),
        )
        for layer in layers
    ]
    widths = _fitted([max(len(row[i]) for row in [head, *rows]) for i in range(len(head))], width)
    lines = []
    for row in [head, *rows]:
        words = [_cut(cell, room).ljust(room) for cell, room in zip(row[:WORDS], widths[:WORDS], strict=True)]
        numbers = [cell.rjust(room) for cell, room in zip(row[WORDS:], widths[WORDS:], strict=True)]
        lines.append(GAP.join([*words, *numbers]))
    reasons = Counter(f"{layer.kernel}: {layer.reason}" for layer in layers)
    return "\n".join([*lines, "", "kernels, and why:", *(f"{count:>4} x {why}" for why, count in reasons.items())])


def _fitted(widths: list[int], total: int) -> list[int]:
    """The columns' widths with those of words made narrower, the widest first, until the line fits."""
    fitted = list(widths)
    while sum(fitted) + len(GAP) * (len(fitted) - 1) > total and max(fitted[:WORDS]) > NARROWEST:
        fitted[fitted.index(max(fitted[:WORDS]))] -= 1
    return fitted


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}\N{HORIZONTAL ELLIPSIS}"
