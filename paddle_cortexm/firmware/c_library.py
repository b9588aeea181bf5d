"""The C library and libgcc that clang links: those of arm-none-eabi-gcc, which alone knows where they are.

Any of its versions will do, also one that does not know the board's CPU (8 and 9: Debian 11, Ubuntu 20.04): what is
built for a Cortex-M33 with hard floating point runs on a Cortex-M55. Its other libraries would link as well, and lock
the CPU up: without thumb/ in their path they are A32 code.
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.errors import UserError

GCC = "arm-none-eabi-gcc"
CPUS = ("cortex-m55", "cortex-m33")
DEBIAN_NEWLIB = Path("/usr/include/newlib")  # its libraries lie elsewhere
PICOLIBC = Path("/usr/lib/picolibc/arm-none-eabi")  # of Debian's picolibc-arm-none-eabi


@dataclass(frozen=True)
class CLibrary:
    """folders: where libc.a, libm.a and libgcc.a are."""

    name: str
    include: Path
    folders: tuple[Path, ...]

    def __str__(self) -> str:
        return f"{self.name} ({self.folders[0]})"


def find_c_library(picolibc: Path = PICOLIBC) -> CLibrary:
    """newlib, else picolibc, for Thumb and hard floating point. Raises UserError where there is none."""
    gcc = shutil.which(GCC)
    if gcc is None:
        raise UserError(f"the C library is found through {GCC}, which is not on PATH")
    for cpu in CPUS:
        options = [f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=hard"]
        variant = Path(_told(gcc, *options, "-print-multi-directory"))  # thumb/v8-m.main+fp/hard
        libgcc = Path(_told(gcc, *options, "-print-libgcc-file-name"))
        newlib = Path(_told(gcc, *options, "-print-file-name=libc.a"))
        if not {"thumb", "hard"} <= set(variant.parts) or not libgcc.is_file():
            continue
        for name, archive in {"newlib": newlib, "picolibc": picolibc / "lib" / variant / "libc.a"}.items():
            if archive.is_file() and archive.parent.parts[-len(variant.parts) :] == variant.parts:
                root = archive.parents[len(variant.parts) + 1]
                includes = [Path(_told(gcc, "-print-sysroot")) / "include", root / "include", DEBIAN_NEWLIB]
                include = next((folder.resolve() for folder in includes if (folder / f"{name}.h").is_file()), None)
                if include is not None:
                    return CLibrary(name, include, (archive.resolve().parent, libgcc.resolve().parent))
    raise UserError(f"{gcc} has no C library for Thumb and hard floating point (libc.a with its headers)")


def _told(gcc: str, *options: str) -> str:
    """What gcc answers; an empty string where it does not know the CPU, or does not run."""
    try:
        return subprocess.run([gcc, *options], capture_output=True, text=True, timeout=60).stdout.strip()
    except OSError:
        return ""
