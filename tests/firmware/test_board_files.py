"""What the build makes from a Target, for the linker and for the program."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310, CORSTONE320, TARGETS
from paddle_cortexm.firmware.board_files import board_header, memory_script, write_board_files
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.target import END_MARK, Target

REGIONS = {"arena": "SRAM", "weights": "DDR", "hot": "DTCM"}
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)


def aliases(target: Target) -> dict[str, str]:
    return dict(re.findall(r'REGION_ALIAS\("REGION_(\w+)", (\w+)\)', memory_script(target, REGIONS, 1024)))


@EVERY_TARGET
def test_the_linker_gets_the_target_s_memories(target: Target) -> None:
    memory = r"(\w+) +\((\w+)\) : ORIGIN = (\w+), LENGTH = (\d+)K /\* (.*) \*/"
    lines = re.findall(memory, memory_script(target, REGIONS, 1024))
    found = [
        (name, flags == "rx", int(origin, 16), int(size) * 1024, words) for name, flags, origin, size, words in lines
    ]
    assert found == [(r.name, r.read_only, r.origin, r.size, r.purpose) for r in target.regions]


@EVERY_TARGET
def test_every_role_that_the_linker_script_asks_for_is_named(target: Target) -> None:
    script = (REPOSITORY / "app/firmware/boards/sections.ld").read_text()
    assert set(re.findall(r"REGION_([A-Z_]+)\b", script)) == set(aliases(target))


def test_roles_are_the_target_s() -> None:
    own = {"CODE": "BRAM", "VECTORS": "BRAM", "QEMU_VECTORS": "ITCM", "DATA": "DTCM"}
    shared = {"DEMO_FRAME": "DDR", "FRAMES": "DDR", "OUTPUT": "DDR"}
    of_the_model = {part.upper(): name for part, name in REGIONS.items()}
    assert aliases(CORSTONE310) == own | shared | of_the_model
    assert aliases(CORSTONE300)["QEMU_VECTORS"] == "ITCM" == aliases(CORSTONE300)["VECTORS"]
    assert (aliases(CORSTONE320)["VECTORS"], aliases(CORSTONE320)["CODE"]) == ("ROM", "BRAM")


@EVERY_TARGET
def test_the_program_gets_the_target_s_addresses_and_names(target: Target) -> None:
    header = board_header(target)
    assert f"#define BOARD_UART 0x{target.uart.base:08X}u" in header
    assert f'#define BOARD_NAME "{target.title}"' in header
    assert f"#define BOARD_COUNTER_READ 0x{target.counter.read:08X}u" in header
    assert f'#define BOARD_COUNTER_TITLE "{target.counter.title}"' in header
    assert f'#define BOARD_END_MARK "{END_MARK}"' in header
    assert f"#define BOARD_UART_ENDS_TRANSMISSION {int(target.uart.ends_transmission)}" in header


def test_a_board_without_a_frame_buffer_reserves_nothing_for_it() -> None:
    bare = replace(CORSTONE300, frames=None)
    assert "FRAME_BYTES = 0;" in memory_script(bare, REGIONS, 1024)
    assert "#define BOARD_HAS_FRAME_BUFFER 0" in board_header(bare)


@EVERY_TARGET
def test_every_driver_that_a_board_names_exists(target: Target) -> None:
    drivers = {path.name for path in (REPOSITORY / "app/firmware/boards").iterdir()}
    assert {f"uart_{target.uart.kind}.c", f"counter_{target.counter.kind}.h"} <= drivers


def test_a_file_that_would_not_change_is_left_alone(tmp_path: Path) -> None:
    write_board_files(tmp_path, CORSTONE300, REGIONS, 1024)
    for name in ("memory.ld", "board.h"):
        os.utime(tmp_path / name, (1, 1))
    write_board_files(tmp_path, CORSTONE300, REGIONS, 2048)
    assert (tmp_path / "board.h").stat().st_mtime == 1
    assert (
        "ARENA_BYTES = 2048;" in (tmp_path / "memory.ld").read_text() and (tmp_path / "memory.ld").stat().st_mtime > 1
    )
