"""Proof that the kernels were compiled to Helium: a kernel that has MVE code must contain MVE instructions."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY

# Code for MVE: under the compiler's macro, or under app/runtime/helium/helium.h's name for it.
MVE_GUARD = re.compile(r"^\s*#\s*(?:el)?if.*\b(?:__ARM_FEATURE_MVE|HELIUM_MVE)\b", re.MULTILINE)
GUARD_HEADER = "helium.h"  # defines HELIUM_MVE: the macro is in it, but no code
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
# A vector register among the operands: scalar floating point names only s and d registers.
MVE_INSTRUCTION = re.compile(r"\tv[a-z0-9.]+\s[^\n;@]*\bq[0-7]\b")


def check_helium(objects: Path, sources: Iterable[str], objdump: Path) -> dict[str, int]:
    """Count the MVE instructions of every kernel source that promises them: {source: instructions}.

    objects: the CMake build folder (with compile_commands.json); sources: repository paths. Raises UserError that
    names the sources whose object has none.
    """
    promised = [source for source in sources if promises_mve(REPOSITORY / source)]
    compiled = objects_by_source(objects)
    counts = {source: count_mve(compiled[(REPOSITORY / source).resolve()], objdump) for source in promised}
    missing = [source for source, count in counts.items() if count == 0]
    if missing:
        raise UserError(
            f"compiled without a single Helium instruction: {', '.join(missing)}. The compiler's flags must enable MVE "
            f"(-mcpu without +nomve); see app/firmware/toolchains."
        )
    return counts


def promises_mve(source: Path) -> bool:
    """Whether a C source, or a header it includes (of its own folder, at any depth), has code for MVE.

    pointwise_s8.c and fully_connected_s8.c have none: they are loops around matrix_s8.c, which has.
    """
    return any(
        path.name != GUARD_HEADER and MVE_GUARD.search(path.read_text(encoding="utf-8")) for path in closure(source)
    )


def closure(source: Path) -> list[Path]:
    """A C source and all headers it includes that are in its folder."""
    found = [source]
    for path in found:
        included = (source.parent / name for name in INCLUDE.findall(path.read_text(encoding="utf-8")))
        found += [header for header in included if header.is_file() and header not in found]
    return found


def check_library(archive: Path, objdump: Path) -> int:
    """MVE instructions in a library of kernels that is built along. Raises UserError when there are none."""
    count = count_mve(archive, objdump)
    if count == 0:
        raise UserError(
            f"{archive.name} was compiled without a single Helium instruction. The compiler's flags must enable MVE "
            f"(-mcpu without +nomve); see app/firmware/toolchains."
        )
    return count


def objects_by_source(objects: Path) -> dict[Path, Path]:
    """What CMake compiled each source to: the word after -o of its command in compile_commands.json."""
    entries = json.loads((objects / "compile_commands.json").read_text(encoding="utf-8"))
    commands = {Path(entry["file"]).resolve(): shlex.split(entry["command"]) for entry in entries}
    return {source: objects / words[words.index("-o") + 1] for source, words in commands.items()}


def count_mve(object_file: Path, objdump: Path) -> int:
    """MVE instructions in an object file or an archive of them."""
    return len(MVE_INSTRUCTION.findall(disassembly(object_file, objdump)))


def disassembly(object_file: Path, objdump: Path) -> str:
    """What LLVM's or GNU's objdump writes of an object file or an archive of them."""
    architecture = ["-m", "armv8.1-m.main"] if objdump.name.startswith("arm-none-eabi") else []  # LLVM's needs no hint
    command = [str(objdump), "-d", *architecture, str(object_file)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
