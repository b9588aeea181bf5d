"""What lives in the arena when, what sets its size, what packing adds to the weights: for model.json."""

from __future__ import annotations

from dataclasses import asdict

from paddle_cortexm.artefacts.model import (
    IMAGE_TITLE,
    ArenaBuffer,
    ConstantBytes,
    LiveLayer,
    Memory,
    PlanSizes,
    StreamedSegment,
    result_of,
)
from paddle_cortexm.compiler.arena.choice import smallest_bound
from paddle_cortexm.compiler.arena.offsets import Buffer
from paddle_cortexm.compiler.arena.plan import MemoryPlan, outside_name, plan_memory
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.layer_names import numbered_title
from paddle_cortexm.target import STACK_BYTES

SMALLEST_DUPLICATE = 64  # bytes: below that, equal constants are a coincidence


def memory_report(model: KernelGraph, plan: MemoryPlan, *, consume_input: bool) -> Memory:
    """The plan as model.json has it. lower_bound: of this plan, whose choice of streamed layers it takes as given;
    smallest_bound: of the best choice."""
    graph = model.graph
    whole = plan_memory(model, consume_input=consume_input)
    streamed = {i for segment in plan.segments for i in segment.layers}
    return Memory(
        **dict(_sizes(graph, plan)),
        smallest_bound=smallest_bound(model, consume_input=consume_input),
        layer_by_layer=_sizes(graph, whole),
        stack_reserved_bytes=STACK_BYTES,  # beside the arena; 05_run_fvp measures how much of it is used
        layers=tuple(
            LiveLayer(
                title=numbered_title(graph, i),
                streamed=i in streamed,
                live_bytes=sum(b.bytes for b in plan.live_at(i)),
                live_bytes_layer_by_layer=sum(b.bytes for b in whole.live_at(i)),
            )
            for i, layer in enumerate(graph.layers)
        ),
        segments=tuple(StreamedSegment(**asdict(segment)) for segment in plan.segments),
        buffers=tuple(_buffer(graph, plan, buffer) for buffer in plan.buffers),
        constants=constants_report(model),
    )


def _sizes(graph: Graph, plan: MemoryPlan) -> PlanSizes:
    return PlanSizes(
        arena_bytes=plan.arena_bytes,
        lower_bound=plan.lower_bound,
        optimal=plan.optimal,
        peak=plan.peak_of(graph),
        peak_layer=numbered_title(graph, plan.peak_layer),
        peak_buffers=tuple(buffer.name for buffer in plan.live_at(plan.peak_layer)),
    )


def _buffer(graph: Graph, plan: MemoryPlan, buffer: Buffer) -> ArenaBuffer:
    tensor = graph.tensors.get(buffer.name)
    return ArenaBuffer(
        **asdict(buffer),
        title=_title(graph, plan, buffer),
        kind=_kind(graph, plan, buffer.name),
        offset=plan.starts[buffer.name],
        also=tuple(_tensor_title(graph, name) for name, home in plan.homes.items() if home == buffer.name),
        shape=tensor.shape if tensor else None,
        rows=plan.rolling.get(buffer.name),
    )


def _title(graph: Graph, plan: MemoryPlan, buffer: Buffer) -> str:
    """What people call a buffer: a tensor after the layer that makes it, anything else after the layers that use it."""
    if buffer.name in graph.tensors:
        return _tensor_title(graph, buffer.name)
    first, last = (numbered_title(graph, end) for end in (buffer.first, buffer.last))
    of = f"layer '{first}'" if first == last else f"layers '{first}' to '{last}'"
    return f"{_kind(graph, plan, buffer.name)} of {of}"


def _tensor_title(graph: Graph, name: str) -> str:
    if name == graph.input:
        return IMAGE_TITLE
    number = next(i for i, layer in enumerate(graph.layers) if layer.output == name)
    return result_of(numbered_title(graph, number))


def _kind(graph: Graph, plan: MemoryPlan, name: str) -> str:
    if name == graph.input:
        return "image"
    if name in graph.tensors:
        return "rolling rows" if name in plan.rolling else "whole tensor"
    return "row of zero points" if name.endswith(outside_name("")) else "scratch"


def constants_report(model: KernelGraph) -> ConstantBytes:
    """Bytes of the model's constants. plain: its weights and biases as they are in the graph (int8 and int32 for an
    integer graph); packed: all that is linked in; requantisation, tables, padding and order are the difference.
    duplicates: bytes that occur a second time, not stored twice by intention."""
    plain = sum(array.nbytes for layer in model.layers for array in layer.operator.plain_constants)
    constants = [c.values.tobytes() for layer in model.layers for c in model.kernel_of(layer).constants]
    large = [content for content in constants if len(content) >= SMALLEST_DUPLICATE]
    packed = sum(map(len, constants))
    duplicates = sum(map(len, large)) - sum(map(len, set(large)))
    return ConstantBytes(plain=plain, packed=packed, packing_overhead=packed - plain, duplicates=duplicates)
