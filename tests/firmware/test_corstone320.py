"""Corstone-320, a board that is nothing but data (boards.py): what can be shown without its FVP.

QEMU's mps3-an547 has every memory of it but the block RAM at 0x12000000, where the code is. The program as it is built
for the board is looked at; linked with the block RAM where QEMU has one, the same objects run.
"""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE310, CORSTONE320
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.firmware.elf import Section, sections
from paddle_cortexm.simulator import simulators, transcript
from paddle_cortexm.simulator.transcript import Transcript
from paddle_cortexm.target import KIB, Target
from tests.tiny_model import write_tiny_model

QEMU_BRAM = 0x11000000 + 128 * KIB  # QEMU has 2 MiB of memory where the board has the boot ROM
ON_QEMU = replace(
    CORSTONE320,
    regions=tuple(
        replace(region, origin=QEMU_BRAM, size=region.size - 128 * KIB) if region.name == "BRAM" else region
        for region in CORSTONE320.regions
    ),
    qemu=replace(CORSTONE320.qemu, vectors="ITCM", lacks=()),
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("corstone320") / "model")


def built(model: Path, folder: str, target: Target) -> Path:
    return build_program(model.parent / folder, model, target, toolchains.choose(target))


@pytest.fixture(scope="module")
def program(model: Path) -> Path:
    return built(model, "board", CORSTONE320)


def region_of(section: Section) -> str:
    inside = [
        region.name
        for region in CORSTONE320.regions
        if region.origin <= section.address and section.address + section.size <= region.origin + region.size
    ]
    assert len(inside) == 1, f"{section} is in {inside}"
    return inside[0]


def test_every_section_is_in_the_memory_of_its_role(program: Path) -> None:
    found = {section.name: region_of(section) for section in sections(program)}
    assert found.pop(".ARM.exidx", "BRAM") == found.pop(".ARM.extab", "BRAM") == "BRAM"
    roles = {
        "ROM": [".vectors"],
        "BRAM": [".text", ".rodata"],
        "DTCM": [".data", ".bss", ".stack", ".model_hot", ".arena"],
        "DDR": [".model_weights", ".demo_frame", ".frame_buffer", ".model_output", ".layer_counts"],
    }
    assert found == {section: memory for memory, names in roles.items() for section in names}


def test_the_cpu_finds_its_vectors_at_the_start_of_the_rom_and_the_program_in_the_block_ram(program: Path) -> None:
    vectors = next(section for section in sections(program) if section.name == ".vectors")
    assert vectors.address == CORSTONE320.region("ROM").origin == 0x11000000
    stack, reset = struct.unpack_from("<2I", loaded(program)[vectors.address])
    dtcm, bram = CORSTONE320.region("DTCM"), CORSTONE320.region("BRAM")
    assert dtcm.origin < stack <= dtcm.origin + dtcm.size
    assert bram.origin <= reset < bram.origin + bram.size and reset % 2 == 1  # Thumb


def test_what_is_loaded_goes_to_memories_that_the_loader_can_write_before_reset(program: Path) -> None:
    holds = {}
    for address, data in loaded(program).items():
        region = next(r for r in CORSTONE320.regions if r.origin <= address < r.origin + r.size)
        assert address + len(data) <= region.origin + region.size
        holds[region.name] = holds.get(region.name, 0) + len(data)
    assert set(holds) == {"ROM", "BRAM", "DDR"} and holds["ROM"] == 64  # 16 vectors and nothing else


def loaded(elf: Path) -> dict[int, bytes]:
    """Physical address -> bytes of every segment of the file that has some (Elf32_Phdr)."""
    data = elf.read_bytes()
    table, size, count = struct.unpack_from("<I", data, 0x1C)[0], *struct.unpack_from("<2H", data, 0x2A)
    headers = [struct.unpack_from("<8I", data, table + i * size) for i in range(count)]
    return {h[3]: data[h[1] : h[1] + h[4]] for h in headers if h[0] == 1 and h[4] > 0}


def said_on_qemu(elf: Path, target: Target) -> Transcript:
    done = simulators.find(target, "qemu").run(elf, None, 30)
    assert done.status == 0, done.text
    return transcript.parse(done.text)


def test_with_the_block_ram_where_qemu_has_one_it_runs_as_corstone310_s_does(model: Path) -> None:
    said = said_on_qemu(built(model, "on_qemu", ON_QEMU), ON_QEMU)
    other = said_on_qemu(built(model, "corstone310", CORSTONE310), CORSTONE310)
    assert said.complete and not said.problems
    assert (said.frames, said.layers, said.top) == (other.frames, other.layers, other.top)


def test_that_program_differs_from_the_board_s_in_addresses_only(model: Path, program: Path) -> None:
    on_qemu = {section.name: section for section in sections(built(model, "on_qemu", ON_QEMU))}
    assert on_qemu.pop(".qemu_vectors").size == 8
    moved = QEMU_BRAM - CORSTONE320.region("BRAM").origin
    for section in sections(program):
        other = on_qemu.pop(section.name)
        in_block_ram = region_of(section) == "BRAM"
        assert (other.address, other.size) == (section.address + (moved if in_block_ram else 0), section.size)
    assert not on_qemu
