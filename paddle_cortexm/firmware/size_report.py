"""Where the program's bytes are: code, data, weights, hot constants, arena, stack, frames, by region of the target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paddle_cortexm.artefacts.program import LargestLayer, RegionUse
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware.elf import Section, sections
from paddle_cortexm.tables import text_table
from paddle_cortexm.target import Target

KINDS = ("code", "data", "weights", "hot", "arena", "stack", "frames")
# Output sections of app/firmware/boards/sections.ld -> what they hold.
KIND_OF = {
    ".qemu_vectors": "code",
    ".vectors": "code",
    ".text": "code",
    ".rodata": "code",
    ".ARM.extab": "code",
    ".ARM.exidx": "code",
    ".data": "data",
    ".bss": "data",
    ".layer_counts": "data",
    ".model_weights": "weights",
    ".model_hot": "hot",
    ".arena": "arena",
    ".stack": "stack",
    ".demo_frame": "frames",
    ".frame_buffer": "frames",
    ".model_output": "frames",
}


def measure(elf: Path, target: Target, regions: Mapping[str, str]) -> tuple[dict[str, int], dict[str, RegionUse]]:
    """Bytes of the program by kind, and the use of each region of the target, by name.

    Variables and hot constants that startup.c copies into place are counted twice, as they occupy memory twice: where
    they are stored and where they are used. regions: stage 3's {"arena": NAME, "weights": NAME, "hot": NAME}. Raises
    UserError for a section of no known kind, and for one that lies in no memory of the target.
    """
    found = sections(elf)
    contents: dict[str, dict[str, int]] = {region.name: {} for region in target.regions}
    totals = dict.fromkeys(KINDS, 0)
    for section in found:
        kind = _kind_of(section)
        totals[kind] += section.size
        for name in _regions_of(section, target, regions):
            contents[name][kind] = contents[name].get(kind, 0) + section.size
    table = {}
    for region in target.regions:
        used = sum(contents[region.name].values())
        table[region.name] = RegionUse(
            origin=region.origin,
            size=region.size,
            used=used,
            free=region.size - used,
            contents=contents[region.name],
        )
    return totals, table


def _kind_of(section: Section) -> str:
    """One of KINDS."""
    if section.name not in KIND_OF:
        raise UserError(
            f"section '{section.name}' of the program has {section.size:,} bytes of no known kind. Place it in one of "
            f"app/firmware/boards/sections.ld's sections, or add it there and to KIND_OF of "
            f"paddle_cortexm/firmware/size_report.py."
        )
    return KIND_OF[section.name]


def _regions_of(section: Section, target: Target, regions: Mapping[str, str]) -> list[str]:
    """The region a section runs from and, when it is copied at start, the one it is stored in."""
    runs = next((r.name for r in target.regions if r.origin <= section.address < r.origin + r.size), None)
    if runs is None:
        known = ", ".join(region.name for region in target.regions)
        raise UserError(
            f"section '{section.name}' of the program is at {section.address:#x}, in no memory of {target.name} "
            f"({known}). Give it one in app/firmware/boards/sections.ld."
        )
    stored = {".data": target.code, ".model_hot": regions["weights"]}.get(section.name, runs)
    return [runs] if stored == runs else [runs, stored]


def table_text(regions: Mapping[str, RegionUse], largest: LargestLayer, stack_used: int | None = None) -> str:
    """The report for people: one line a region, bytes by kind, and the layer that needs most of the arena.

    stack_used: the stack's measured high-water mark, once the program has run.
    """
    head = ["region", *KINDS, "used", "free", "of"]
    rows = []
    for name, region in regions.items():
        counts = [region.contents.get(kind, 0) for kind in KINDS]
        row = [name, *(f"{number:,}" if number else "-" for number in (*counts, region.used, region.free, region.size))]
        if stack_used is not None and region.contents.get("stack"):
            row[head.index("stack")] = f"{stack_used:,} of {region.contents['stack']:,}"
        rows.append(row)
    table = text_table(head, rows, left=())
    return f"{table}\nlargest layer: {largest.name}, {largest.live_bytes:,} bytes live while it runs"
