"""Which memory of the target holds what: the arena first in the fastest that has room, then the hot constants, then the
weights.

Weights too large for the faster memories stay in the slowest, with one exception: those of a streamed layer are read
once a row or two. Where the hot constants' memory has room left, they become hot as well, the most often read first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.arena.plan import MemoryPlan, aligned, arena_setting
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph
from paddle_cortexm.errors import UserError
from paddle_cortexm.target import COUNTER_BYTES, KIB, Target


@dataclass(frozen=True)
class RegionChoice:
    """regions: {"arena" | "weights" | "hot": region}. model: its constants' kinds say which of the two they are in."""

    regions: dict[str, str]
    model: KernelGraph


def choose_regions(
    model: KernelGraph,
    plan: MemoryPlan,
    target: Target,
    asked: Mapping[str, str],
    *,
    demo_bytes: int,
    consume_input: bool = True,
) -> RegionChoice:
    """Choose the regions. asked: those the config fixes; demo_bytes: the demo frame;
    consume_input: as the plan was made.

    Raises UserError when the arena fits into no memory (by how much, and which smaller arena would fit), when anything
    else fits nowhere, or when the target has no region of an asked name.
    """
    for part, name in asked.items():
        target.check_region(part, name)
    check_arena(model, plan, target, asked, consume_input=consume_input)
    weights, hot = constant_bytes(model.kernels, "weights"), constant_bytes(model.kernels, "hot")
    results = model.graph.tensors[model.graph.output].bytes + COUNTER_BYTES * len(model.layers)
    regions = target.assign_regions(
        arena=plan.arena_bytes, weights=weights, hot=hot, demo_frame=demo_bytes, results=results, asked=asked
    )
    fast, slow = target.region(regions["hot"]), target.region(regions["weights"])
    if fast.cost >= slow.cost:
        return RegionChoice(regions, model)
    room = target.free(fast.name) - hot - (plan.arena_bytes if regions["arena"] == fast.name else 0)
    return RegionChoice(regions, _with_hot_weights(model, plan, room))


def constant_bytes(kernels: Mapping[str, Kernel], kind: str) -> int:
    """Bytes of all constants of a kind, each aligned as it is linked."""
    return sum(aligned(c.values.nbytes) for kernel in kernels.values() for c in kernel.constants if c.kind == kind)


def check_arena(
    model: KernelGraph,
    plan: MemoryPlan,
    target: Target,
    asked: Mapping[str, str],
    *,
    consume_input: bool,
) -> None:
    """Raise UserError when the arena is larger than the memory it may go to."""
    allowed = [asked["arena"]] if "arena" in asked else [region.name for region in target.candidates("arena")]
    largest = max(allowed, key=target.free)
    free = target.free(largest)
    excess = plan.arena_bytes - free
    if excess <= 0:
        return
    smallest = plan_arena(model, "minimum", consume_input=consume_input).arena_bytes
    if smallest <= free:
        largest_setting = arena_setting(free // KIB * KIB)
        remedy = (
            f"compile.memory.arena: {largest_setting} is the largest setting that fits there, "
            f"{arena_setting(smallest)} the smallest that works."
        )
    else:
        remedy = (
            f"Streaming rows brings it down to {smallest:,} bytes, still {smallest - free:,} too many: choose "
            f"a smaller backbone or image_size, or a target with more memory."
        )
    raise UserError(
        f"{target.name}: the arena of {plan.arena_bytes:,} bytes is {excess:,} too large for {largest}, which has "
        f"{free:,} free. Its lower bound is {plan.lower_bound:,}, set by "
        f"{plan.peak_of(model.graph)}. {remedy}"
    )


def _with_hot_weights(model: KernelGraph, plan: MemoryPlan, room: int) -> KernelGraph:
    """The model with weights of streamed layers made hot while they fit into `room` bytes."""
    heated = dict(model.kernels)
    streamed = [model.layers[i] for segment in plan.segments for i in segment.layers]
    for layer in sorted(streamed, key=lambda layer: -model.graph.output_of(layer).shape[1]):
        kernel = model.kernel_of(layer)
        needed = constant_bytes({layer.output: kernel}, "weights")
        if 0 < needed <= room:
            room -= needed
            hot = tuple(replace(constant, kind="hot") for constant in kernel.constants)
            heated[layer.output] = replace(kernel, constants=hot)
    return KernelGraph(model.graph, heated)
