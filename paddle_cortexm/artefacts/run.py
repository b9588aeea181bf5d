"""run.json: what a program did on a simulator, and whether that is right."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from paddle_cortexm.artefacts.artefact import Artefact, Part
from paddle_cortexm.artefacts.program import LargestLayer, RegionUse
from paddle_cortexm.artefacts.slow_path import SlowPath


class SimulatorUsed(Part):
    """kind: fvp or qemu; note: what the reader must know, or None."""

    kind: str
    name: str
    note: str | None


class Failure(Part):
    """A frame whose output is not the host's."""

    image: str
    reason: str


class Answer(Part):
    """A class with its score."""

    number: int = Field(validation_alias="class", serialization_alias="class")
    label: str
    score: float


class LayerCount(Part):
    """title: the layer's, with its number; instructions: None where the program could not count."""

    title: str
    instructions: int | None


class Instructions(Part):
    """Counts of the first frame, and what the layers left to tvm's C take of them; None where the counter is scaled for
    another simulator."""

    counter: str | None
    preprocessing: int | None
    model: int | None
    layers: tuple[LayerCount, ...]
    slow_path: SlowPath | None = None


class TargetAccuracy(Part):
    """How often the target's class is the name of the image's folder, of the images whose folder bears a class's."""

    right: int
    labelled: int


class Run(Artefact):
    """problem: why a run has no results, None for one that came to its end; without results what frames would tell is
    None. toolchain: what built the program; above: the outputs above their thresholds, None where the answer is one
    class. Bytes: of the program; stack_bytes: used, as the program measured it."""

    file, script = "run.json", "05_run_fvp.sh"

    config: str
    target: str
    toolchain: str
    simulator: SimulatorUsed
    verdict: Literal["PASS", "FAIL"]
    problem: str | None = None
    frames: int = 0
    frames_equal: int | None = None
    largest_difference: float | None = None
    failures: tuple[Failure, ...] = ()
    image: str | None = None
    top5: tuple[Answer, ...] | None = None
    above: tuple[Answer, ...] | None = None
    instructions: Instructions | None = None
    output_crc32: str | None = None
    arena_bytes: int
    weight_bytes: int
    code_bytes: int
    stack_bytes: int | None
    stack_reserved_bytes: int
    regions: dict[str, RegionUse]
    largest_layer: LargestLayer
    accuracy: TargetAccuracy | None = None
    unusable_images: tuple[str, ...] = ()
