"""The section table of a 32-bit little-endian ELF file, as much of it as a size report needs.

Layout after the ELF specification (TIS 1.2): the header's e_shoff, e_shentsize, e_shnum and e_shstrndx, then one
Elf32_Shdr a section.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.errors import UserError

SECTION_HEADER = struct.Struct("<10I")
SHF_ALLOC = 0x2
SHT_NOBITS = 8


@dataclass(frozen=True)
class Section:
    """A section that occupies memory on the target. stored: the file holds its bytes (it is not just reserved)."""

    name: str
    address: int
    size: int
    stored: bool


def sections(path: Path) -> list[Section]:
    """The sections that occupy memory, in file order. Raises UserError when it is not an ELF file for the target."""
    data = path.read_bytes()
    if data[:6] != b"\x7fELF\x01\x01":
        raise UserError(f"{path}: not a 32-bit little-endian ELF file")
    table, entry_size, count, names_index = (
        struct.unpack_from("<I", data, 0x20)[0],
        *struct.unpack_from("<3H", data, 0x2E),
    )
    headers = [SECTION_HEADER.unpack_from(data, table + i * entry_size) for i in range(count)]
    names = headers[names_index][4]

    def name_at(offset: int) -> str:
        return data[names + offset : data.index(b"\0", names + offset)].decode()

    return [
        Section(name_at(header[0]), header[3], header[5], header[1] != SHT_NOBITS)
        for header in headers
        if header[2] & SHF_ALLOC and header[5] > 0
    ]
