"""What CMake is told about a toolchain: the variables that the files of app/firmware/toolchains/ read."""

from __future__ import annotations

import shlex
from pathlib import Path

from paddle_cortexm.firmware.toolchains import Command, Toolchain


def cmake_variables(toolchain: Toolchain, folder: Path) -> dict[str, str]:
    """folder: where a script is written for a command of several words; CMake and clang take one program for each."""
    return {
        "CMAKE_TOOLCHAIN_FILE": str(toolchain.file),
        "COMPILER": str(_program(toolchain.compiler, folder / "compiler")),
        "LINKER": str(_program(toolchain.linker, folder / "linker")),
        "BOARD_CPU": toolchain.cpu,
        "LIBRARY_INCLUDE": str(toolchain.library.include),
        "LIBRARY_FOLDERS": ";".join(map(str, toolchain.library.folders)),
    }


def _program(command: Command, script: Path) -> Path:
    if len(command) == 1:
        return Path(command[0])
    text = f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n'
    if not script.is_file() or script.read_text() != text:
        script.parent.mkdir(parents=True, exist_ok=True)
        script.write_text(text)
        script.chmod(0o755)
    return script.resolve()
