"""What the build makes from a Target: memory.ld, the memories and their roles for the linker, and board.h.

app/firmware/boards/sections.ld includes the first; the program and its drivers (app/firmware/boards/) the second.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from paddle_cortexm.target import DATA_BYTES, END_MARK, FRAME_BYTES, STACK_BYTES, Target

MADE_FROM = "made by the build from paddle_cortexm/boards.py"


def write_board_files(folder: Path, target: Target, regions: Mapping[str, str], arena_bytes: int) -> None:
    """Write memory.ld and board.h. A file that would not change is left alone, so that nothing is compiled again."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"memory.ld": memory_script(target, regions, arena_bytes), "board.h": board_header(target)}
    for name, text in texts.items():
        path = folder / name
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)


def memory_script(target: Target, regions: Mapping[str, str], arena_bytes: int) -> str:
    """The linker's memories, each with its purpose, an alias REGION_... for each role, and sizes.

    regions: stage 3's {"arena": NAME, ...}.
    """
    width = max(len(region.name) for region in target.regions)
    memories = [
        f"    {region.name:{width}} ({'rx' if region.read_only else 'rwx'}) : "
        f"ORIGIN = 0x{region.origin:08x}, LENGTH = {region.size // 1024}K /* {region.purpose} */"
        for region in target.regions
    ]
    roles = {"code": target.code, "vectors": target.vectors, "data": target.data, "demo_frame": target.demo_frame}
    roles |= {"frames": target.frames or target.output, "output": target.output}
    roles |= {"qemu_vectors": target.qemu.vectors or target.vectors} | dict(regions)
    aliases = [f'REGION_ALIAS("REGION_{role.upper()}", {target.region(name).name})' for role, name in roles.items()]
    sizes = {"STACK_BYTES": STACK_BYTES, "DATA_BYTES": DATA_BYTES, "ARENA_BYTES": arena_bytes}
    sizes |= {"FRAME_BYTES": FRAME_BYTES if target.frames else 0}
    values = [f"{name} = {size};" for name, size in sizes.items()]
    return "\n".join([f"/* {target.title}: {MADE_FROM}. */", "MEMORY {", *memories, "}", *aliases, *values, ""])


def board_header(target: Target) -> str:
    """What the program and its drivers know of the board."""
    texts = {
        "NAME": target.title,
        "CPU": target.cpu.title(),
        "COUNTER": f"boards/counter_{target.counter.kind}.h",
        "COUNTER_TITLE": target.counter.title,
        "END_MARK": END_MARK,
    }
    addresses = {
        "UART": target.uart.base,
        "COUNTER_CONTROL": target.counter.control,
        "COUNTER_READ": target.counter.read,
    }
    flags = {
        "UART_ENDS_TRANSMISSION": target.uart.ends_transmission,
        "HAS_FRAME_BUFFER": target.frames is not None,
        "HAS_QEMU_VECTORS": target.qemu.vectors is not None,
    }
    lines = [f'#define BOARD_{name} "{text}"' for name, text in texts.items()]
    lines += [f"#define BOARD_{name} 0x{address:08X}u" for name, address in addresses.items()]
    lines += [f"#define BOARD_{name} {int(flag)}" for name, flag in flags.items()]
    head = [f"/* {target.title}: {MADE_FROM}. */", "#ifndef BOARD_H", "#define BOARD_H", ""]
    return "\n".join([*head, *lines, "", "#endif", ""])
