"""One measurement: a network compiled with given kernels, and what its run on the simulator counted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_cortexm.bench.networks import StageFailed, Variant, deploy
from paddle_cortexm.stage import read_json


@dataclass(frozen=True)
class Kind:
    """All layers of one kind (plan.layer_kind): instructions with their fused epilogues, multiply-accumulates."""

    instructions: int
    macs: int


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
    """A measurement that could not be made, and why."""

    network: str
    precision: str
    kernels: str
    reason: str


def measure(variant: Variant) -> Measurement | Missing:
    """Run the line for the variant. What fails, or does not equal the host's output, is not measured."""
    network, kernels = variant.network.title, ", ".join(variant.kernels)
    try:
        folder = deploy(variant)
    except StageFailed as failure:
        return Missing(network, variant.precision, kernels, _last_line(str(failure)))
    return read_measurement(folder, network, variant.precision, kernels)


def read_measurement(folder: Path, network: str, precision: str, kernels: str) -> Measurement:
    """The measurement of a deployment that has run. folder: of its stages' folders."""
    run, plan = read_json(folder / "05_run_fvp/run.json"), read_json(folder / "03_compile_tvm/plan.json")
    counted = {layer["name"]: layer["instructions"] for layer in run["instructions"]["layers"]}
    return Measurement(
        network=network,
        precision=precision,
        kernels=kernels,
        toolchain=read_json(folder / "04_build_app/size.json")["toolchain"],
        instructions=run["instructions"]["model"],
        by_kind=kinds(plan["layers"], counted),
        macs=plan["totals"]["macs"],
        arena_bytes=run["arena_bytes"],
        weight_bytes=run["weight_bytes"],
        code_bytes=run["code_bytes"],
    )


def kinds(layers: list[Mapping[str, Any]], counted: Mapping[str, int]) -> dict[str, Kind]:
    """The sums by kind, the kind with most instructions first. layers: plan.json's; counted: instructions by layer."""
    sums: dict[str, Kind] = {}
    for layer in layers:
        before = sums.get(layer["kind"], Kind(0, 0))
        sums[layer["kind"]] = Kind(before.instructions + counted[layer["name"]], before.macs + layer["macs"])
    return dict(sorted(sums.items(), key=lambda item: -item[1].instructions))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith("error:")]
    return (wrong or lines)[-1]
