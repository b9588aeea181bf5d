"""QEMU: found, and new enough for the machine that stands for the boards."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from paddle_cortexm.errors import UserError

QEMU = "qemu-system-arm"
NEEDED = (6, 2)  # 6.0 brought mps3-an547, 6.2 the last of Helium's instructions
TIME_LIMIT = 60  # seconds, to tell a version
VERSION = re.compile(r"version (\d+(?:\.\d+)+)")


def find_qemu() -> Path | None:
    """From PATH, of whatever version."""
    found = shutil.which(QEMU)
    return Path(found) if found else None


def version_of(qemu: Path) -> str:
    """Such as 7.2.22. Raises UserError where it does not run or tells none."""
    try:
        said = subprocess.run([str(qemu), "--version"], capture_output=True, text=True, timeout=TIME_LIMIT).stdout
    except OSError as error:
        raise UserError(f"{qemu} does not run: {error.strerror}") from None
    found = VERSION.search(said)
    if found is None:
        raise UserError(f"{qemu} does not tell its version (--version)")
    return found[1]


def check_version(qemu: Path) -> None:
    """Raise UserError for a QEMU that is too old."""
    version = version_of(qemu)
    if tuple(map(int, version.split("."))) < NEEDED:
        raise UserError(
            f"{qemu} is too old: version {version}, and {'.'.join(map(str, NEEDED))} or later is needed. Build a newer "
            f"one (https://www.qemu.org) and put it first on PATH, or use an FVP: docs/avh.md says where to get one"
        )
