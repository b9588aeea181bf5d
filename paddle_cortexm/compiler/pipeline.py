"""Stage 3 as a sequence of steps: Paddle program -> Relax -> layer graph -> integers -> kernels -> plan -> C."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.artefacts.answers import ONE_OF_ALL, Answers
from paddle_cortexm.artefacts.model import Memory, Model, PlannedLayer, Tensor, TensorGrid
from paddle_cortexm.artefacts.quantisation import Ranges, intervals, wide_tensors
from paddle_cortexm.boards import target_named
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.arena.regions import choose_regions
from paddle_cortexm.compiler.arena.report import memory_report
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.emit import ModelFacts, emit_model
from paddle_cortexm.compiler.emit.program_data import (
    emit_answers,
    emit_demo_frame,
    emit_labels,
    emit_preprocessing_table,
)
from paddle_cortexm.compiler.emit.stream import STREAM_SOURCE
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers import adjustments
from paddle_cortexm.compiler.integers.realisation import kept_layers, quantise_graph, up_to_logits
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.config import Config
from paddle_cortexm.data.preprocessing import input_range, normalisation_table


@dataclass(frozen=True)
class CompiledModel:
    """What stage 3 made: the deployed network with its kernels, its memory plan, the rows of the plan."""

    network: KernelGraph
    memory: MemoryPlan
    layers: list[PlannedLayer]

    @property
    def graph(self) -> Graph:
        return self.network.graph


def compile_model(config: Config, program: Path) -> CompiledModel:
    """Compile a stage 2 folder's program for the config. Raises UserError for what cannot be compiled."""
    graph = deployed_graph(config, program)
    network = select_kernels(graph, backends_named(config.compile.kernels))
    asked = config.compile.memory
    memory = plan_arena(network, asked.arena, consume_input=asked.consume_input)
    return CompiledModel(network, memory, planned_layers(network))


def smallest_memory(config: Config, program: Path) -> Memory:
    """The smallest arena there is, for a config whose limit no plan reaches."""
    smallest = config.compile.memory.model_copy(update={"arena": "minimum"})
    model = compile_model(
        config.model_copy(update={"compile": config.compile.model_copy(update={"memory": smallest})}), program
    )
    consume_input = smallest.consume_input
    return memory_report(model.network, model.memory, consume_input=consume_input)


def deployed_graph(config: Config, program: Path) -> Graph:
    """The graph in the config's precision: integers, or floats of 32 or 16 bits."""
    graph = up_to_logits(load_graph(program, name=config.name), keep_sigmoid=config.model.answer == "value")
    if config.quantise.precision == "fp32":
        return graph
    if config.quantise.precision == "fp16":
        return in_float16(graph)
    adjusted = adjustments.load(program / adjustments.DEPLOYED, graph)
    ranges = Ranges.read(program).tensors
    return quantise_graph(
        adjusted.graph,
        intervals(ranges),
        input_range(config.input.mean, config.input.std),
        symmetric=config.quantise.symmetric,
        keep_float=kept_layers(graph, config.quantise.keep_float),
        weight_scales=adjusted.weight_scales,
        wide=wide_tensors(ranges),
    )


def in_float16(graph: Graph) -> Graph:
    """A float graph with every tensor in half precision; kernels round the weights when they pack them."""
    return replace(graph, tensors={n: replace(t, dtype="float16") for n, t in graph.tensors.items()})


def write_model(
    folder: Path,
    config: Config,
    model: CompiledModel,
    labels: Sequence[str],
    demo_frame: NDArray[np.uint8],
    answers: Answers = ONE_OF_ALL,
) -> Model:
    """Write everything stage 4 compiles, and model.json, which says what it is; returns the latter. answers: what the
    outputs mean."""
    asked = config.compile.memory
    target = target_named(config.compile.target)
    regions = {str(part): name for part, name in asked.regions.items()}
    assigned = choose_regions(
        model.network,
        model.memory,
        target,
        regions,
        demo_bytes=demo_frame.nbytes,
        consume_input=asked.consume_input,
    )
    emit_model(folder, assigned.model, model.memory, ModelFacts(config.name, config.input))
    source = model.graph.tensors[model.graph.input]
    table = normalisation_table(config.input.mean, config.input.std)
    values = source.grid.integers(table) if source.grid else table.astype(source.dtype)
    emit_preprocessing_table(folder, values, config.input.pad_colour)
    emit_labels(folder, labels)
    emit_answers(folder, answers)
    emit_demo_frame(folder, demo_frame)
    described = described_model(model, assigned.regions, consume_input=asked.consume_input)
    described.write(folder)
    return described


def described_model(model: CompiledModel, regions: Mapping[str, str], *, consume_input: bool = True) -> Model:
    """The content of model.json. regions: of the target; consume_input: as the memory was planned."""
    graph, memory = model.graph, model.memory
    sources = model.network.sources | ({STREAM_SOURCE} if memory.segments else set())
    return Model(
        name=graph.name,
        input=graph.input,
        output=graph.output,
        sources=tuple(sorted(sources)),
        regions=dict(regions),
        layers=tuple(model.layers),
        tensors={
            name: Tensor(
                shape=tensor.shape,
                dtype=tensor.dtype,
                grid=TensorGrid(scale=tensor.grid.scale, zero_point=tensor.grid.zero_point) if tensor.grid else None,
                offset=memory.offsets.get(name),
                rolling_rows=memory.rolling.get(name),
            )
            for name, tensor in graph.tensors.items()
        },
        memory=memory_report(model.network, memory, consume_input=consume_input),
    )
