"""CMake and Ninja: from the Python environment that runs (pip has both), else from PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.errors import UserError

CMAKE_NEEDED = (3, 20)  # app/firmware/CMakeLists.txt reads JSON and gives the compiler's version to a comparison
NINJA_NEEDED = (1, 8)
TIME_LIMIT = 60  # seconds, for a tool to tell its version


@dataclass(frozen=True)
class BuildTool:
    """version: as the tool tells it, 3.25.1."""

    name: str
    path: Path
    version: str

    def __str__(self) -> str:
        return f"{self.name} {self.version} ({self.path})"


def find_cmake() -> BuildTool:
    """Raises UserError where none is new enough."""
    return _find("cmake", CMAKE_NEEDED)


def find_ninja() -> BuildTool:
    """Raises UserError where none is new enough."""
    return _find("ninja", NINJA_NEEDED)


def _find(name: str, needed: tuple[int, ...]) -> BuildTool:
    """The environment's, where it is new enough, else PATH's."""
    folders = (str(Path(sys.prefix) / "bin"), None)
    found = [Path(path) for folder in folders if (path := shutil.which(name, path=folder))]
    tools = [BuildTool(name, path, version) for path in found if (version := _version(path))]
    for tool in tools:
        if _numbers(tool.version) >= needed:
            return tool
    least = ".".join(map(str, needed))
    problem = f"{tools[0]} is too old: {least} or later is needed" if tools else f"{name} is not installed"
    raise UserError(f"{problem}. `make setup` installs it, or: {sys.executable} -m pip install {name}")


def _version(tool: Path) -> str | None:
    """What stands first among the numbers it tells; None where it does not run."""
    try:
        done = subprocess.run([str(tool), "--version"], capture_output=True, text=True, timeout=TIME_LIMIT)
    except OSError:
        return None
    number = re.search(r"\d+(\.\d+)+", done.stdout)
    return number[0] if done.returncode == 0 and number else None


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))
