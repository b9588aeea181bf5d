"""Where an FVP is looked for: on PATH, then where Arm's installers, archives and vcpkg put theirs (docs/avh.md).

A bounded search: a few folders are listed, none is walked through.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from paddle_cortexm.target import Target

VIRTUAL_HARDWARE = Path("/opt/VHT")  # of Arm Virtual Hardware's machine image
ROOTS = ("", "~", "/opt", "/usr/local")  # people unpack archives here; "" is the repository
INSTALLATIONS = ("avh-*", "*/avh-*", "[Ff][Vv][Pp]*", "[Ff][Vv][Pp]*/*")  # below a root
VCPKG = "artifacts/*/models.arm.avh.fvp/*"  # below vcpkg's folder
INSIDE = ("bin/models", "models/Linux64*", "bin")  # where in an installation its models lie, if not in itself
VERSION = re.compile(r"(\d+)\.(\d+)[._](\d+)")  # 11.30.29 of vcpkg, 11.27_42 of an archive


def find_model(target: Target) -> Path | None:
    """The board's model: the first on PATH, else the one whose path names the newest version, else the first found."""
    for name in target.fvp.names:
        if on_path := shutil.which(name):
            return Path(on_path)
    candidates = (folder / name for folder in _folders() for name in target.fvp.names)
    return max(filter(is_executable, candidates), key=_version, default=None)


def places() -> str:
    """All places searched, for people."""
    below = ", ".join(root or "this folder" for root in ROOTS)
    patterns = ", ".join(INSTALLATIONS).replace("[Ff][Vv][Pp]", "FVP")
    artefacts = ", ".join(f"{folder}/{VCPKG}" for folder in _vcpkg_folders())
    return f"PATH; {VIRTUAL_HARDWARE}; {artefacts}; {patterns} below {below}; in each also {', '.join(INSIDE)}"


def is_executable(path: Path) -> bool:
    """Whether the path is a file that this user may run."""
    return os.access(path, os.X_OK) and path.is_file()


def _folders() -> Iterator[Path]:
    """Every folder that may hold models, in the order of preference."""
    for installation in _installations():
        yield installation
        for inner in INSIDE:
            yield from sorted(installation.glob(inner))


def _installations() -> Iterator[Path]:
    yield VIRTUAL_HARDWARE
    for folder in _vcpkg_folders():
        yield from sorted(Path(folder).expanduser().glob(VCPKG))
    for root in ROOTS:
        for pattern in INSTALLATIONS:
            yield from sorted(Path(root).expanduser().glob(pattern))


def _vcpkg_folders() -> list[str]:
    """vcpkg's own folders: a user's, and the one that VCPKG_ROOT names."""
    named = os.environ.get("VCPKG_ROOT")
    return ["~/.vcpkg", *([named] if named else [])]


def _version(path: Path) -> tuple[int, ...]:
    """The last version in a path; () when it names none, which is older than any."""
    found = VERSION.findall(str(path))
    return tuple(int(number) for number in found[-1]) if found else ()
