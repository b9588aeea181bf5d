"""The profile of one deployment: the plan's layers and the program's functions with what the run counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware.toolchains import find_objdump
from paddle_cortexm.measure.profile.counts import Counts, Executions, count
from paddle_cortexm.measure.profile.cycles import cycles_by_address, find_analyser
from paddle_cortexm.measure.profile.disassembly import Program, disassemble
from paddle_cortexm.simulator.simulators import Simulator


@dataclass(frozen=True)
class LayerProfile:
    """One layer. title: with its number; instructions: as the program itself counts them; cycles: modelled
    (profile.cycles), or None."""

    title: str
    kind: str
    kernel: str
    output_shape: tuple[int, ...]
    macs: int
    instructions: int
    cycles: float | None


@dataclass(frozen=True)
class FunctionProfile:
    """A function of the program, inlined ones included in their callers. cycles: modelled, or None."""

    name: str
    instructions: int
    cycles: float | None


@dataclass(frozen=True)
class Profile:
    """One inference. functions: those with most instructions first; streamed: rows of layers take turns, and the
    functions' figures include the preprocessing."""

    layers: tuple[LayerProfile, ...]
    functions: tuple[FunctionProfile, ...]
    streamed: bool

    @property
    def instructions(self) -> int:
        return sum(layer.instructions for layer in self.layers)


def profile(compiled: Path, elf: Path, simulator: Simulator) -> Profile:
    """Run the program once and put plan, counts and model together. compiled: the stage 3 folder.

    Raises UserError without an objdump, or when the simulator cannot count by function.
    """
    program = disassemble(elf, find_objdump())
    counts = count(simulator, elf, program)
    executions, analyser = counts.inference(), find_analyser()
    cost = cycles_by_address(program, executions, analyser) if analyser else None
    model = Model.read(compiled)
    if [layer.title for layer in model.layers] != [title for title, _ in counts.said.layers]:
        raise UserError(f"{elf} was not built from {compiled}. Run ./04_build_app.sh again.")
    layers = _layers(model, counts, cost)
    return Profile(layers, _functions(program, executions, cost), streamed=counts.by_layer() is None)


def _layers(model: Model, counts: Counts, cost: Mapping[int, float] | None) -> tuple[LayerProfile, ...]:
    parts = counts.by_layer()
    return tuple(
        LayerProfile(
            title=title,
            kind=layer.kind,
            kernel=layer.kernel,
            output_shape=layer.output_shape,
            macs=layer.macs,
            instructions=counts.said.layers[i][1],
            cycles=_cycles(parts[i], cost) if parts and cost else None,
        )
        for i, (layer, title) in enumerate(zip(model.layers, model.titles, strict=True))
    )


def _functions(
    program: Program, executions: Executions, cost: Mapping[int, float] | None
) -> tuple[FunctionProfile, ...]:
    cycles = program.by_function({a: n * cost[a] for a, n in executions.items()}) if cost else None
    ranked = sorted(program.by_function(executions).items(), key=lambda item: -item[1])
    return tuple(FunctionProfile(name, int(n), cycles[name] if cycles else None) for name, n in ranked)


def _cycles(executions: Executions, cost: Mapping[int, float]) -> float:
    return sum(number * cost[address] for address, number in executions.items())
