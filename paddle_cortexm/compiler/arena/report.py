"""memory.json: what lives in the arena when, what sets its size, what packing adds to the weights; and the same in
words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from paddle_cortexm.compiler.arena.choice import smallest_bound
from paddle_cortexm.compiler.arena.offsets import Buffer
from paddle_cortexm.compiler.arena.plan import MemoryPlan, outside_name, plan_memory
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.target import STACK_BYTES

SMALLEST_DUPLICATE = 64  # bytes: below that, equal constants are a coincidence


def memory_report(
    model: KernelGraph,
    plan: MemoryPlan,
    *,
    consume_input: bool,
    regions: Mapping[str, str] = MappingProxyType({}),
) -> dict[str, Any]:
    """The content of memory.json. regions: the target's memory for the arena, the weights and the hot constants.

    lower_bound: of this plan, whose choice of streamed layers it takes as given; smallest_bound: of the best choice.
    """
    graph = model.graph
    whole = plan_memory(model, consume_input=consume_input)
    streamed = {i for segment in plan.segments for i in segment.layers}
    return {
        "network": graph.name,
        **_sizes(graph, plan),
        "smallest_bound": smallest_bound(model, consume_input=consume_input),
        "layer_by_layer": _sizes(graph, whole),
        "regions": dict(regions),
        "stack_reserved_bytes": STACK_BYTES,  # beside the arena; 05_run_fvp measures how much of it is used
        "layers": [
            {
                "name": layer.output,
                "streamed": i in streamed,
                "live_bytes": sum(b.bytes for b in plan.live_at(i)),
                "live_bytes_layer_by_layer": sum(b.bytes for b in whole.live_at(i)),
            }
            for i, layer in enumerate(graph.layers)
        ],
        "segments": [asdict(s) for s in plan.segments],
        "buffers": [_buffer(graph, plan, buffer) for buffer in plan.buffers],
        "constants": constants_report(model),
    }


def _sizes(graph: Graph, plan: MemoryPlan) -> dict[str, Any]:
    return {
        "arena_bytes": plan.arena_bytes,
        "lower_bound": plan.lower_bound,
        "optimal": plan.optimal,
        "peak": plan.peak_of(graph),
        "peak_layer": graph.layers[plan.peak_layer].output,
        "peak_buffers": [buffer.name for buffer in plan.live_at(plan.peak_layer)],
    }


def _buffer(graph: Graph, plan: MemoryPlan, buffer: Buffer) -> dict[str, Any]:
    """A buffer with its kind and its place; also: tensors computed in place there; shape and rows kept (None: all) for
    a tensor, None for anything else."""
    tensor = graph.tensors.get(buffer.name)
    return asdict(buffer) | {
        "kind": _kind(graph, plan, buffer.name),
        "offset": plan.starts[buffer.name],
        "also": [name for name, home in plan.homes.items() if home == buffer.name],
        "shape": list(tensor.shape) if tensor else None,
        "rows": plan.rolling.get(buffer.name),
    }


def _kind(graph: Graph, plan: MemoryPlan, name: str) -> str:
    if name == graph.input:
        return "image"
    if name in graph.tensors:
        return "rolling rows" if name in plan.rolling else "whole tensor"
    return "row of zero points" if name.endswith(outside_name("")) else "scratch"


def constants_report(model: KernelGraph) -> dict[str, int]:
    """Bytes of the model's constants. plain: its weights and biases as they are in the graph (int8 and int32 for an
    integer graph); packed: all that is linked in; requantisation, tables, padding and order are the difference.
    duplicates: bytes that occur a second time, not stored twice by intention."""
    plain = 0
    for layer in model.layers:
        arrays = (getattr(layer.operator, name, None) for name in ("weight", "bias"))
        plain += sum(array.nbytes for array in arrays if array is not None)
    constants = [c.values.tobytes() for layer in model.layers for c in model.kernel_of(layer).constants]
    large = [content for content in constants if len(content) >= SMALLEST_DUPLICATE]
    packed = sum(map(len, constants))
    duplicates = sum(map(len, large)) - sum(map(len, set(large)))
    return {"plain": plain, "packed": packed, "packing_overhead": packed - plain, "duplicates": duplicates}


def explanation(report: Mapping[str, Any]) -> str:
    """What makes the arena as large as it is, for --explain-memory. report: memory.json."""
    region = report["regions"].get("arena")
    proof = "proven optimal" if report["optimal"] else "not proven optimal"
    lines = [
        f"arena: {report['arena_bytes']:,} bytes{f' in {region}' if region else ''}, {proof} for these buffers",
        f"lower bound of this plan: {report['lower_bound']:,} bytes, set by {report['peak']}, where these live:",
    ]
    rows = [("bytes", "offset", "what")]
    buffers = {buffer["name"]: buffer for buffer in report["buffers"]}
    for buffer in (buffers[name] for name in report["peak_buffers"]):
        rows.append((f"{buffer['bytes']:,}", f"{buffer['offset']:,}", _description(report, buffer)))
    widths = [max(len(row[i]) for row in rows) for i in (0, 1)]
    lines += [f"  {size.rjust(widths[0])}  {offset.rjust(widths[1])}  {what}" for size, offset, what in rows]
    whole, constants = report["layer_by_layer"], report["constants"]
    lines += [
        f"lower bound of the best choice of streamed layers: {report['smallest_bound']:,} bytes",
        f"layer by layer: {whole['arena_bytes']:,} bytes; lower bound {whole['lower_bound']:,}, set by {whole['peak']}",
        f"constants: {constants['packed']:,} bytes, {constants['packing_overhead']:,} more than weights and biases "
        f"alone; {constants['duplicates']:,} in duplicates",
    ]
    return "\n".join(lines)


def _description(report: Mapping[str, Any], buffer: Mapping[str, Any]) -> str:
    if buffer["shape"] is None:
        first, last = (report["layers"][buffer[end]]["name"] for end in ("first", "last"))
        of = f"layer {first}" if first == last else f"layers {first} to {last}"
        return f"{buffer['kind']} of {of}"
    shape = "x".join(map(str, buffer["shape"][1:]))
    rows = buffer["rows"]
    what = shape if rows is None else f"{rows} {'row' if rows == 1 else 'rows'} of {shape}"
    in_place = f"; in place: {', '.join(buffer['also'])}" if buffer["also"] else ""
    return f"{buffer['name']}: {what}{in_place}"
