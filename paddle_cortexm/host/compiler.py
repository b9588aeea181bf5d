"""The C compiler that builds a model for this machine, to compare the target with."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

from paddle_cortexm.errors import UserError

CLANG_VERSIONS = range(23, 12, -1)  # looked for on PATH; 19 is the one that figures are measured with
# What a float16 model needs: on x86-64, gcc has it from 12 on, clang from 15.
FLOAT16 = "_Float16 twice(_Float16 x) { return x + x; }"
NEEDS_FLOAT16 = "float16 models need one that knows _Float16: gcc from 12 on or clang from 15 (CC names it)"
TIME_LIMIT = 60  # seconds


def host_compiler() -> str:
    """$CC; else the first of gcc and the clangs that knows _Float16; else the first that works. Raises UserError when
    there is none."""
    given = os.environ.get("CC")
    names = [given] if given else ["gcc", *(f"clang-{version}" for version in CLANG_VERSIONS), "clang"]
    found = [path for name in names if (path := shutil.which(name))]
    capable = (path for path in found if compiles(path, FLOAT16))
    working = (path for path in found if compiles(path, "int x;"))
    chosen = next(capable, None) or next(working, None)
    if chosen is None:
        raise UserError(f"no host C compiler: '{names[0]}' does not run. Run make setup, or set CC.")
    return chosen


@cache
def compiles(compiler: str, text: str) -> bool:
    """Whether a compiler is there and takes a C text."""
    command = [compiler, "-std=c11", "-x", "c", "-fsyntax-only", "-"]
    try:
        return subprocess.run(command, input=text, text=True, capture_output=True, timeout=TIME_LIMIT).returncode == 0
    except OSError:
        return False
