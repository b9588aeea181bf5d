"""What every layer became, with which kernel and why: the plan's rows for model.json, and the same as a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from paddle_cortexm.artefacts.model import PlannedLayer, numbered
from paddle_cortexm.artefacts.slow_path import planned_slow_path
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.cost_model import estimate
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.tables import text_table

WORDS = 3  # columns of words, which the table begins with


def planned_layers(model: KernelGraph) -> list[PlannedLayer]:
    return [_planned(model.graph, layer, model.kernel_of(layer)) for layer in model.layers]


def _planned(graph: Graph, layer: Layer, kernel: Kernel) -> PlannedLayer:
    inputs, output = graph.inputs_of(layer), graph.output_of(layer)
    return PlannedLayer(
        name=layer.output,
        title=layer_title(graph, layer),
        operator=layer.operator.name,
        kind=layer.operator.layer_kind,
        inputs=layer.inputs,
        input_shapes=tuple(tensor.shape for tensor in inputs),
        output_shape=output.shape,
        backend=kernel.backend,
        kernel=kernel.name,
        reason=kernel.reason,
        macs=layer.operator.macs(output.shape),
        weight_bytes=sum(constant.values.nbytes for constant in kernel.constants),
        activation_bytes=sum(tensor.bytes for tensor in (*inputs, output)),
        scratch_bytes=kernel.scratch_bytes,
        estimated_instructions=estimate(graph, layer, kernel),
    )


def plan_table(layers: Sequence[PlannedLayer], width: int) -> str:
    """The plan as text: a line a layer, of at most `width` columns where that can be, then every kernel and why, then
    what no kernel takes but tvm's."""
    head = ("layer", "fused", "kernel", "input", "output", "MACs", "weights B", "tensors B", "scratch B")
    rows = [
        (
            numbered(number, layer.title),
            "+".join(layer.operator.split("+")[1:]),
            layer.kernel,
            "x".join(map(str, layer.input_shapes[0][1:])),
            "x".join(map(str, layer.output_shape[1:])),
            *(f"{n:,}" for n in (layer.macs, layer.weight_bytes, layer.activation_bytes, layer.scratch_bytes)),
        )
        for number, layer in enumerate(layers)
    ]
    reasons = Counter(f"{layer.kernel}: {layer.reason}" for layer in layers)
    table = text_table(head, rows, left=range(WORDS), width=width)
    lines = [table, "", "kernels, and why:", *(f"{count:>4} x {why}" for why, count in reasons.items())]
    return "\n".join([*lines, planned_slow_path(layers).text])
