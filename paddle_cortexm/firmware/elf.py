"""The section table of a program, as much of it as a size report needs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

from paddle_cortexm.errors import UserError


@dataclass(frozen=True)
class Section:
    """A section that occupies memory on the target. stored: the file holds its bytes (it is not just reserved)."""

    name: str
    address: int
    size: int
    stored: bool


def sections(path: Path) -> list[Section]:
    """The sections that occupy memory, in file order. Raises UserError when it is not an ELF file for the target."""
    with path.open("rb") as file:
        try:
            program = ELFFile(file)
        except ELFError:
            raise UserError(f"{path}: not an ELF file. Run ./04_build_app.sh again with --force") from None
        if program.get_machine_arch() != "ARM":
            raise UserError(f"{path}: a program for {program.get_machine_arch()}, not for ARM")
        return [
            Section(section.name, section["sh_addr"], section["sh_size"], section["sh_type"] != "SHT_NOBITS")
            for section in program.iter_sections()
            if section["sh_flags"] & SH_FLAGS.SHF_ALLOC and section["sh_size"] > 0
        ]
