"""A check of the compiler: nothing that the kernels' vector code asks for may have vanished from what it makes.

Compilers have taken sequences of Helium instructions for a constant, without a warning (clang 14 to 17 did so to a
vector narrowed into itself and widened again). app/firmware/compiler_check.c has such sequences of the kernels, each in
a function with unknown operands, and names the instructions that no right answer can do without. They are looked for in
the object, compiled as the kernels are, so this takes no simulator. A wrong operand or order is not seen: that is left
to stage 5, which compares the whole network's bits.
"""

from __future__ import annotations

import re
from pathlib import Path

from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware.isa_proof import disassembly, objects_by_source
from paddle_cortexm.firmware.toolchains import Toolchain

SOURCE = "compiler_check.c"
NEEDS = re.compile(r"/\* Needs: (?P<needs>[^*]+)\. \*/\n[^(]*?(?P<name>\w+)\(")
BY_VECTOR = " with vector offsets"  # of a load: it gathers
FUNCTION = re.compile(r"^[0-9a-f]{8} <(?P<name>\w+)>:\n(?P<listing>(?:.+\n)*)", re.MULTILINE)
INSTRUCTION = re.compile(r"\t(?P<name>v[a-z0-9]+\.[a-z]*[0-9]+)\t?\s*(?P<operands>.*)")
GATHERED = re.compile(r"\[\w+, q\d")


def check_compiler(objects: Path, toolchain: Toolchain) -> None:
    """objects: the CMake build folder. Raises UserError that names the function whose instructions are missing."""
    source, made = next((s, o) for s, o in objects_by_source(objects).items() if s.name == SOURCE)
    problems = missing_instructions(source, made, toolchain.objdump)
    if problems:
        raise UserError(
            f"{toolchain} compiles Helium code wrongly: {'; '.join(problems)} (app/firmware/{SOURCE}). "
            f"Choose another compiler with --toolchain, or install another version: {toolchain.installation}"
        )


def missing_instructions(source: Path, made: Path, objdump: Path) -> list[str]:
    """What is missing, a line a function: "requantised lacks vrshl.s32". made: the object of the source."""
    listing = disassembly(made, objdump)
    found = {match["name"]: _instructions(match["listing"]) for match in FUNCTION.finditer(listing)}
    problems = []
    for match in NEEDS.finditer(source.read_text(encoding="utf-8")):
        lacks = [need for need in re.split(r",\s+", match["needs"]) if need not in found.get(match["name"], ())]
        problems += [f"{match['name']} lacks {', '.join(lacks)}"] if lacks else []
    return problems


def _instructions(listing: str) -> set[str]:
    """The vector instructions of a function, as NEEDS names them."""
    names = set()
    for match in INSTRUCTION.finditer(listing):
        names.add(match["name"] + (BY_VECTOR if GATHERED.search(match["operands"]) else ""))
    return names
