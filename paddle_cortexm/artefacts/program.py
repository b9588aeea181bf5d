"""size.json: where the bytes of a built program are, and what built it."""

from __future__ import annotations

from paddle_cortexm.artefacts.artefact import Artefact, Part


class RegionUse(Part):
    """A memory of the target, bytes. contents: by kind."""

    origin: int
    size: int
    used: int
    free: int
    contents: dict[str, int]


class LargestLayer(Part):
    """The layer that sets the arena's lower bound, and the bytes live while it runs."""

    name: str
    live_bytes: int


class ProgramSizes(Artefact):
    """helium_instructions: by kernel source, and their sum; totals: bytes by kind; regions: by the target's names."""

    file, script = "size.json", "04_build_app.sh"

    target: str
    toolchain: str
    helium_instructions: int
    helium_sources: dict[str, int]
    totals: dict[str, int]
    regions: dict[str, RegionUse]
    largest_layer: LargestLayer
