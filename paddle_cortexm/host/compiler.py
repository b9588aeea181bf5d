"""The C compiler that builds a model for this machine, to compare the target with."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

from paddle_cortexm.errors import UserError
from paddle_cortexm.host.vectors import cpu_features

CLANG_VERSIONS = range(23, 12, -1)  # looked for on PATH; 19 is the one that figures are measured with
ANY = "int x;"
FLOAT16 = "_Float16 twice(_Float16 x) { return x + x; }"
TIME_LIMIT = 60  # seconds


def host_compiler(*, float16: bool = False) -> str:
    """The path of $CC; else of the first of gcc and the clangs that works. float16: for a model that needs _Float16,
    which on x86-64 gcc knows from 12 on and clang from 15; it is to be called with float16_flags(). Raises UserError
    when there is none."""
    given = os.environ.get("CC")
    names = [given] if given else ["gcc", *(f"clang-{version}" for version in CLANG_VERSIONS), "clang"]
    working = [path for name in names if (path := shutil.which(name)) and compiles(path, ANY)]
    if not working:
        raise UserError(f"no host C compiler: '{names[0]}' does not run. Run make setup, or set CC.")
    if not float16:
        return working[0]
    capable = next((path for path in working if compiles(path, FLOAT16, *float16_flags())), None)
    if capable is None:
        raise UserError(
            f"no host C compiler for float16: {', '.join(working)} do not know _Float16. gcc 12 or clang 15, or later, "
            f"is needed: install one, or name it in CC."
        )
    return capable


def float16_flags() -> tuple[str, ...]:
    """On an x86-64 that converts float16 itself: to do so, with the same bits. Otherwise a clang calls functions that
    the libgcc of a gcc before 12 has not."""
    return ("-mf16c",) if "f16c" in cpu_features() else ()


@cache
def compiles(compiler: str, text: str, *flags: str) -> bool:
    """Whether a compiler is there, takes a C text and makes a library of it that lacks nothing."""
    library = ["-shared", "-fPIC", "-Wl,-z,defs", "-o", os.devnull]
    command = [compiler, "-std=c11", *flags, "-x", "c", "-", *library]
    try:
        return subprocess.run(command, input=text, text=True, capture_output=True, timeout=TIME_LIMIT).returncode == 0
    except OSError:
        return False
