"""The environment an FVP runs in: its own Python and libraries, and none of ours.

From version 11.26 on a model brings a Python of its own, and finds it by PYTHONHOME and LD_LIBRARY_PATH only:
INSTALLATION/python, INSTALLATION/python/lib, INSTALLATION/fmtplib (its C++ library). These are set for the model alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from paddle_cortexm.cli import FOR_MODELS

OURS = ("PYTHONPATH", "VIRTUAL_ENV")  # of our Python, which is of another version than the model's
BROUGHT = ("python/lib", "fmtplib")  # libraries in an installation
DEPTH = 4  # folders from a model up to its installation, at most: INSTALLATION/models/Linux64_GCC-9.3/FVP_...
# From 2.41 on glibc loads no library that asks for an executable stack, as libarmctmodel.so does, unless it is told to.
EXECUTABLE_STACK = "glibc.rtld.execstack"
STRICT_GLIBC = (2, 41)


def changes(model: Path, environment: Mapping[str, str], glibc: tuple[int, ...]) -> dict[str, str | None]:
    """What to change in an environment for a model to run in it; None: to be removed. glibc: the version here.

    What the user gave for models (the shell's PYTHONHOME and LD_LIBRARY_PATH, see FOR_MODELS) is kept, behind what the
    model brings itself.
    """
    changed: dict[str, str | None] = dict.fromkeys(OURS)
    installation = installation_of(model)
    brought = [installation / name for name in BROUGHT] if installation else []
    given = environment.get(FOR_MODELS["LD_LIBRARY_PATH"])
    folders = [str(folder) for folder in (*brought, model.resolve().parent) if folder.is_dir()]
    changed["LD_LIBRARY_PATH"] = os.pathsep.join([*folders, *([given] if given else [])])
    if installation and (installation / "python/lib").is_dir():
        changed["PYTHONHOME"] = str(installation / "python")
    elif home := environment.get(FOR_MODELS["PYTHONHOME"]):
        changed["PYTHONHOME"] = home
    tunables = environment.get("GLIBC_TUNABLES", "")
    if glibc >= STRICT_GLIBC and EXECUTABLE_STACK not in tunables:
        changed["GLIBC_TUNABLES"] = ":".join(filter(None, [tunables, f"{EXECUTABLE_STACK}=2"]))
    return changed


def applied(changed: Mapping[str, str | None], environment: Mapping[str, str]) -> dict[str, str]:
    """The environment with the changes made."""
    merged = {**environment, **changed}
    return {name: value for name, value in merged.items() if value is not None}


def as_command(changed: Mapping[str, str | None]) -> list[str]:
    """The words that make the changes in a shell, before the command itself; none where nothing changes."""
    removed = [word for name, value in changed.items() if value is None for word in ("-u", name)]
    set_to = [f"{name}={value}" for name, value in changed.items() if value is not None]
    return ["env", *removed, *set_to] if changed else []


def installation_of(model: Path) -> Path | None:
    """The folder a model was installed into, if it brings libraries of its own."""
    above = list(model.resolve().parents)[:DEPTH]
    return next((folder for folder in above if any((folder / name).is_dir() for name in BROUGHT)), None)


def glibc_version() -> tuple[int, ...]:
    """The C library's version on this machine; () where it is another one than glibc."""
    known = "CS_GNU_LIBC_VERSION" in os.confstr_names
    version = (os.confstr("CS_GNU_LIBC_VERSION") or "") if known else ""
    return tuple(int(number) for number in version.removeprefix("glibc ").split(".")) if version else ()
