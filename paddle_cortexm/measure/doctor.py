"""What this machine has and what the line takes of it, as a table: `make doctor`, for a bug report, and the end of
`make setup`."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.boards import TARGETS
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.toolchains import Toolchain
from paddle_cortexm.host import build_tools
from paddle_cortexm.host.build_tools import BuildTool
from paddle_cortexm.host.cmsis_nn import find_library
from paddle_cortexm.host.compiler import host_compiler
from paddle_cortexm.host.vectors import vector_flags
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.simulator import simulators
from paddle_cortexm.simulator.qemu import version_of
from paddle_cortexm.tables import text_table
from paddle_cortexm.target import Target

PACKAGES = ("paddlepaddle", "paddleclas", "paddleslim", "apache-tvm", "numpy", "opencv-python")
LAST_RESORT = "make setup installs one; docs/systems.md lists those that were tried"
# Folders of the repository -> who fills them.
SOURCES = {".venv": "PyPI", ".python": "uv"}


@dataclass(frozen=True)
class Finding:
    """A thing the line needs. what: the one that is taken; source: where it comes from; missing: why there is none."""

    name: str
    what: str = ""
    source: str = ""
    missing: str = ""


def main() -> None:
    """Print the table and, below it, why something is missing."""
    found = list(findings())
    rows = [[finding.name, finding.what or "none", finding.source] for finding in found]
    print(text_table(["part", "taken", "from"], rows, left=(0, 1, 2)))
    for finding in found:
        if finding.missing:
            print(f"\n{finding.name}: {finding.missing}")


def findings() -> Iterator[Finding]:
    """All parts, in the order of the line."""
    yield Finding("system", system_name(), f"{platform.machine()}, {' '.join(platform.libc_ver())}")
    yield Finding("Python", platform.python_version(), source_of(Path(sys.executable).resolve()))
    for name in PACKAGES:
        yield sought(name, partial(package, name))
    yield sought("host compiler", host)
    for find in (build_tools.find_cmake, build_tools.find_ninja):
        yield sought(find.__name__.removeprefix("find_"), partial(build_tool, find))
    for target in {target.cpu: target for target in TARGETS.values()}.values():
        yield from compilers(target)
    for target in TARGETS.values():
        yield sought(f"simulator of {target.title}", partial(simulator, target))
    yield sought("CMSIS-NN (optional)", lambda: ("sources", str(find_library())))


def sought(name: str, find: Callable[[], tuple[str, str]]) -> Finding:
    """What `find` returns, a thing and its source; or why it raised."""
    try:
        return Finding(name, *find())
    except UserError as error:
        return Finding(name, missing=str(error))
    except metadata.PackageNotFoundError:
        return Finding(name, missing="not installed: stages 1 to 3 need it. Run make setup")


def source_of(program: Path) -> str:
    """The path of a program, with who put it there where that can be told."""
    for folder, source in SOURCES.items():
        if program.is_relative_to(REPOSITORY / folder):
            return f"{source}, {program.relative_to(REPOSITORY)}"
    return str(program)


def system_name() -> str:
    """As the distribution calls itself."""
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return platform.system()


def package(name: str) -> tuple[str, str]:
    found = metadata.distribution(name)
    return found.version, source_of(Path(str(found.locate_file(""))))


def host() -> tuple[str, str]:
    command = host_compiler()
    title = subprocess.run([command, "--version"], capture_output=True, text=True).stdout.splitlines()[0]
    path = shutil.which(command) or command
    return title, f"{path}, {'with' if vector_flags() else 'without'} vector code"


def build_tool(find: Callable[[], BuildTool]) -> tuple[str, str]:
    tool = find()
    return tool.version, source_of(tool.path)


def compilers(target: Target) -> Iterator[Finding]:
    """The one that is taken, those that --toolchain or another PATH would give, and those that are refused."""
    name = f"compiler for {target.cpu}"
    for found in toolchains.every(target):
        if isinstance(found, Toolchain):
            yield Finding(name, found.version, f"{source_of(Path(found.compiler[0]))}, {found.library}")
            name = "  or"
        else:
            yield Finding("  refused", "-", str(found))
    if name != "  or":
        yield Finding(name, missing=f"none of these. {LAST_RESORT}")


def simulator(target: Target) -> tuple[str, str]:
    chosen = simulators.find(target)
    version = f" {version_of(chosen.executable)}" if chosen.kind == "qemu" else ""
    return f"{chosen.name}{version}", source_of(chosen.executable)


if __name__ == "__main__":
    cli.run(main)
