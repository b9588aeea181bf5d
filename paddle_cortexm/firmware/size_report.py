"""Where the program's bytes are: code, data, weights, hot constants, arena, stack, frames, by region of the target."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddle_cortexm.firmware.elf import Section, sections
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
    ".model_weights": "weights",
    ".model_hot": "hot",
    ".arena": "arena",
    ".stack": "stack",
    ".demo_frame": "frames",
    ".frame_buffer": "frames",
    ".model_output": "frames",
}


def measure(elf: Path, target: Target, regions: Mapping[str, str]) -> dict[str, Any]:
    """size.json: {"totals": {kind: bytes}, "regions": {name: {"origin", "size", "used", "free", "contents"}}}.

    Variables and hot constants that startup.c copies into place are counted twice, as they occupy memory twice: where
    they are stored and where they are used. regions: stage 3's {"arena": NAME, "weights": NAME, "hot": NAME}.
    """
    found = sections(elf)
    contents: dict[str, dict[str, int]] = {region.name: {} for region in target.regions}
    for section in found:
        kind = KIND_OF.get(section.name, "code")
        for name in _regions_of(section, target, regions):
            contents[name][kind] = contents[name].get(kind, 0) + section.size
    table = {}
    for region in target.regions:
        used = sum(contents[region.name].values())
        table[region.name] = {
            "origin": region.origin,
            "size": region.size,
            "used": used,
            "free": region.size - used,
            "contents": contents[region.name],
        }
    totals = {kind: sum(s.size for s in found if KIND_OF.get(s.name, "code") == kind) for kind in KINDS}
    return {"totals": totals, "regions": table}


def _regions_of(section: Section, target: Target, regions: Mapping[str, str]) -> list[str]:
    """The region a section runs from and, when it is copied at start, the one it is stored in."""
    runs = next(r.name for r in target.regions if r.origin <= section.address < r.origin + r.size)
    stored = {".data": target.code, ".model_hot": regions["weights"]}.get(section.name, runs)
    return [runs] if stored == runs else [runs, stored]


def table_text(sizes: Mapping[str, Any], stack_used: int | None = None) -> str:
    """The report for people: one line a region, bytes by kind, and the layer that needs most of the arena.

    sizes: size.json; stack_used: the stack's measured high-water mark, once the program has run.
    """
    header = ["region", *KINDS, "used", "free", "of"]
    rows = [header]
    for name, region in sizes["regions"].items():
        counts = [region["contents"].get(kind, 0) for kind in KINDS]
        numbers = [*counts, region["used"], region["free"], region["size"]]
        row = [name, *(f"{number:,}" if number else "-" for number in numbers)]
        if stack_used is not None and region["contents"].get("stack"):
            row[header.index("stack")] = f"{stack_used:,} of {region['contents']['stack']:,}"
        rows.append(row)
    widths = [max(len(row[i]) for row in rows) for i in range(len(header))]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    largest = sizes["largest_layer"]
    return "\n".join([*lines, f"largest layer: {largest['name']}, {largest['live_bytes']:,} bytes live while it runs"])
