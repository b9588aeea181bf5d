"""CMSIS-NN built for the host, where the generated C that calls it is the reference for the target."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.dependencies import sha256
from paddle_cortexm.host.build_tools import find_cmake, find_ninja
from paddle_cortexm.paths import BUILD_FOLDER

CACHE = BUILD_FOLDER / ".cmsis_nn"
FLAGS = "-fPIC -w -ffp-contract=off -DCMSIS_NN_USE_SINGLE_ROUNDING"  # single rounding: the integer graph's arithmetic


@dataclass(frozen=True)
class HostLibrary:
    """The folder of the headers and the static library."""

    include: Path
    archive: Path


def build_for_host(root: Path, compiler: str) -> HostLibrary:
    """Build the library at `root` with its own CMakeLists, once for each content and compiler.

    Raises UserError without CMake or Ninja, RuntimeError when it does not build.
    """
    sources = sorted(p for folder in ("Include", "Source") for p in (root / folder).rglob("*") if p.is_file())
    content = [FLAGS, compiler, str(root), *map(sha256, sources)]
    folder = CACHE / hashlib.sha256("\n".join(content).encode()).hexdigest()[:16]
    library = HostLibrary(root / "Include", folder / "libcmsis-nn.a")
    if library.archive.is_file():
        return library
    partial = folder.with_suffix(f".{os.getpid()}.partial")
    cmake, ninja = find_cmake().path, find_ninja().path
    configure = [str(cmake), "-S", str(root), "-B", str(partial), "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={ninja}"]
    configure += ["-DCMSIS_OPTIMIZATION_LEVEL=-O3", f"-DCMAKE_C_COMPILER={compiler}", f"-DCMAKE_C_FLAGS={FLAGS}"]
    configure += ["-DCMAKE_CXX_COMPILER_FORCED=1", f"-DCMAKE_CXX_COMPILER={compiler}"]  # it names C++, but has none
    _run(configure)
    _run([str(ninja), "-C", str(partial), "cmsis-nn"])
    built = next(partial.rglob("libcmsis-nn.a"))
    folder.mkdir(parents=True, exist_ok=True)
    built.rename(library.archive)
    shutil.rmtree(partial)
    return library


def _run(command: list[str]) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
    if done.returncode:
        raise RuntimeError(f"CMSIS-NN does not build for the host:\n{done.stdout[-4000:]}")
