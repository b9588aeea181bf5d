"""memory.json: what lives in the arena when, what sets its size, what packing adds to the weights; and the same in
words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from paddle_cortexm.compiler.backends.base import Kernel
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.memory import MemoryPlan, plan_memory
from paddle_cortexm.compiler.placement import Buffer

SMALLEST_DUPLICATE = 64  # bytes: below that, equal constants are a coincidence


def memory_report(
    graph: Graph, kernels: Mapping[str, Kernel], plan: MemoryPlan, *, consume_input: bool
) -> dict[str, Any]:
    """The content of memory.json."""
    whole = plan_memory(graph, kernels, consume_input=consume_input)
    streamed = {i for segment in plan.segments for i in segment.layers}
    return {
        **_sizes(graph, plan),
        "layer_by_layer": _sizes(graph, whole),
        "layers": [
            {
                "name": layer.name,
                "streamed": i in streamed,
                "live_bytes": sum(b.bytes for b in plan.live_at(i)),
                "live_bytes_layer_by_layer": sum(b.bytes for b in whole.live_at(i)),
            }
            for i, layer in enumerate(graph.layers)
        ],
        "segments": [asdict(s) for s in plan.segments],
        "buffers": [_buffer(graph, plan, buffer) for buffer in plan.buffers],
        "constants": constants_report(graph, kernels),
    }


def _sizes(graph: Graph, plan: MemoryPlan) -> dict[str, Any]:
    return {
        "arena_bytes": plan.arena_bytes,
        "lower_bound": plan.lower_bound,
        "optimal": plan.optimal,
        "peak_layer": graph.layers[plan.peak_layer].name,
    }


def _buffer(graph: Graph, plan: MemoryPlan, buffer: Buffer) -> dict[str, Any]:
    """A buffer with its place; also: tensors computed in place there; shape and rows kept (None: all) for a tensor,
    None for scratch."""
    tensor = graph.tensors.get(buffer.name)
    return asdict(buffer) | {
        "offset": plan.starts[buffer.name],
        "also": [name for name, home in plan.homes.items() if home == buffer.name],
        "shape": list(tensor.shape) if tensor else None,
        "rows": plan.rolling.get(buffer.name),
    }


def constants_report(graph: Graph, kernels: Mapping[str, Kernel]) -> dict[str, int]:
    """Bytes of the model's constants. plain: its weights and biases as they are in the graph (int8 and int32 for an
    integer graph); packed: all that is linked in; requantisation, tables, padding and order are the difference.
    duplicates: bytes that occur a second time, not stored twice by intention."""
    plain = 0
    for layer in graph.layers:
        arrays = (getattr(layer.operator, name, None) for name in ("weight", "bias"))
        plain += sum(array.nbytes for array in arrays if array is not None)
    constants = [c.values.tobytes() for layer in graph.layers for c in kernels[layer.name].constants]
    large = [content for content in constants if len(content) >= SMALLEST_DUPLICATE]
    packed = sum(map(len, constants))
    duplicates = sum(map(len, large)) - sum(map(len, set(large)))
    return {"plain": plain, "packed": packed, "packing_overhead": packed - plain, "duplicates": duplicates}


def explanation(report: Mapping[str, Any]) -> str:
    """What makes the arena as large as it is, for --explain-memory. report: memory.json."""
    layers = {layer["name"]: i for i, layer in enumerate(report["layers"])}
    peak = layers[report["peak_layer"]]
    alive = [b for b in report["buffers"] if b["first"] <= peak <= b["last"]]
    segment = next((s for s in report["segments"] if s["first"] <= peak <= s["last"]), None)
    when = f"layer {peak}" if segment is None else f"layers {segment['first']} to {segment['last']}, row by row,"
    lines = [
        f"arena: {report['arena_bytes']:,} bytes; lower bound {report['lower_bound']:,}, reached during {when} "
        f"({report['peak_layer']})",
        "  bytes      offset     what",
    ]
    for buffer in sorted(alive, key=lambda b: (-b["bytes"], b["name"])):
        lines.append(f"  {buffer['bytes']:<9,}  {buffer['offset']:<9,}  {buffer['name']}  {_kind(buffer)}")
    whole, constants = report["layer_by_layer"], report["constants"]
    lines.append(
        f"layer by layer: {whole['arena_bytes']:,} bytes; lower bound {whole['lower_bound']:,}, set by "
        f"{whole['peak_layer']}"
    )
    lines.append(
        f"constants: {constants['packed']:,} bytes, {constants['packing_overhead']:,} more than weights and biases "
        f"alone; {constants['duplicates']:,} in duplicates"
    )
    return "\n".join(lines)


def _kind(buffer: Mapping[str, Any]) -> str:
    if buffer["shape"] is None:
        return ""
    shape = "x".join(map(str, buffer["shape"][1:]))
    rows = buffer["rows"]
    what = shape if rows is None else f"{rows} {'row' if rows == 1 else 'rows'} of {shape}"
    return f"{what}; in place: {', '.join(buffer['also'])}" if buffer["also"] else what
