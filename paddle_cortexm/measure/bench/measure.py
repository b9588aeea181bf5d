"""One measurement: a network compiled with given kernels, and what its run on the simulator counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.program import ProgramSizes
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.boards import target_named
from paddle_cortexm.measure.bench.networks import Variant, deploy
from paddle_cortexm.measure.common.scripts import ScriptFailed
from paddle_cortexm.measure.profile.profile import LayerProfile, Profile, profile
from paddle_cortexm.simulator import simulators


@dataclass(frozen=True)
class Kind:
    """All layers of one kind (Operator.layer_kind): instructions with their fused epilogues, multiply-accumulates, and
    Cortex-M55 cycles as profile.cycles models them (None without llvm-mca)."""

    instructions: int
    macs: int
    cycles: int | None = None


@dataclass(frozen=True)
class Measurement:
    """A row of build/bench/results.json. instructions: of one inference without preprocessing; bytes: of the program.

    kernels: the backends in order of preference, as in a config.
    """

    network: str
    precision: str
    kernels: str
    toolchain: str
    instructions: int
    by_kind: dict[str, Kind]
    macs: int
    arena_bytes: int
    weight_bytes: int
    code_bytes: int

    @property
    def key(self) -> str:
        """What identifies a row from one run to the next."""
        return f"{self.network} {self.precision} {self.kernels}"


@dataclass(frozen=True)
class Missing:
    """A measurement that could not be made, and why. is_library_missing: because CMSIS-NN is not on this machine."""

    network: str
    precision: str
    kernels: str
    reason: str
    is_library_missing: bool = False

    @property
    def key(self) -> str:
        """As Measurement.key."""
        return f"{self.network} {self.precision} {self.kernels}"


def from_json(row: object) -> Measurement:
    """A row of results.json."""
    return TypeAdapter(Measurement).validate_python(row)


def measure(variant: Variant) -> Measurement | Missing:
    """Run the line for the variant. What fails, or does not equal the host's output, is not measured."""
    network, kernels = variant.network.title, variant.kernels_title
    try:
        folder = deploy(variant)
    except ScriptFailed as failure:
        return Missing(network, variant.precision, kernels, failure.last_line)
    profiled = profile(
        folder / "03_compile_tvm",
        folder / "04_build_app/app.elf",
        simulators.find(target_named(variant.target), "qemu"),
    )
    return read_measurement(folder, profiled, network, variant.precision, kernels)


def read_measurement(folder: Path, profiled: Profile, network: str, precision: str, kernels: str) -> Measurement:
    """The measurement of a deployment that has run. folder: of its stages' folders."""
    run = Run.read(folder / "05_run_fvp")
    assert run.instructions and run.instructions.model is not None  # QEMU counts them
    return Measurement(
        network=network,
        precision=precision,
        kernels=kernels,
        toolchain=ProgramSizes.read(folder / "04_build_app").toolchain,
        instructions=run.instructions.model,
        by_kind=kinds(profiled.layers),
        macs=Model.read(folder / "03_compile_tvm").macs,
        arena_bytes=run.arena_bytes,
        weight_bytes=run.weight_bytes,
        code_bytes=run.code_bytes,
    )


def kinds(layers: Iterable[LayerProfile]) -> dict[str, Kind]:
    """The sums by kind, the kind with most instructions first."""
    groups: dict[str, list[LayerProfile]] = {}
    for layer in layers:
        groups.setdefault(layer.kind, []).append(layer)
    sums = {name: _sum(group) for name, group in groups.items()}
    return dict(sorted(sums.items(), key=lambda item: -item[1].instructions))


def _sum(layers: list[LayerProfile]) -> Kind:
    cycles = [layer.cycles for layer in layers if layer.cycles is not None]
    return Kind(
        instructions=sum(layer.instructions for layer in layers),
        macs=sum(layer.macs for layer in layers),
        cycles=round(sum(cycles)) if len(cycles) == len(layers) else None,
    )
