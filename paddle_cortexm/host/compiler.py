"""The C compiler that builds a model for this machine, to compare the target with."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache

from paddle_cortexm.errors import UserError

CLANG_VERSIONS = range(23, 12, -1)  # looked for on PATH; 19 is the one that figures are measured with
FLOAT16 = "_Float16 twice(_Float16 x) { return x + x; }"
TIME_LIMIT = 60  # seconds


def host_compiler(*, float16: bool = False) -> str:
    """The path of $CC; else of the first of gcc and the clangs that works. float16: for a model that needs _Float16,
    which on x86-64 gcc knows from 12 on and clang from 15. Raises UserError when there is none."""
    given = os.environ.get("CC")
    names = [given] if given else ["gcc", *(f"clang-{version}" for version in CLANG_VERSIONS), "clang"]
    working = [path for name in names if (path := shutil.which(name)) and compiles(path, "int x;")]
    if not working:
        raise UserError(f"no host C compiler: '{names[0]}' does not run. Run make setup, or set CC.")
    if not float16:
        return working[0]
    capable = next((path for path in working if compiles(path, FLOAT16)), None)
    if capable is None:
        raise UserError(
            f"no host C compiler for float16: {', '.join(working)} do not know _Float16. gcc 12 or clang 15, or later, "
            f"is needed: install one, or name it in CC."
        )
    return capable


@cache
def compiles(compiler: str, text: str) -> bool:
    """Whether a compiler is there and takes a C text."""
    command = [compiler, "-std=c11", "-x", "c", "-fsyntax-only", "-"]
    try:
        return subprocess.run(command, input=text, text=True, capture_output=True, timeout=TIME_LIMIT).returncode == 0
    except OSError:
        return False
