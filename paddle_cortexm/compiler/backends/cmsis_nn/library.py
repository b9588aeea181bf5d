"""Finding Arm's CMSIS-NN on this machine; none of its code is part of this project."""

from __future__ import annotations

import os
import re
from pathlib import Path

from paddle_cortexm.errors import UserError

MINIMUM_VERSION = (7, 0, 0)  # the first with per-channel fully connected kernels and correct single rounding
DEVELOPMENT_VERSION = (0, 0, 0)  # what a clone says of itself
HOW_TO_GET_IT = (
    "On an Arm Virtual Hardware machine run `cpackget add ARM::CMSIS-NN`; elsewhere clone ARM-software/CMSIS-NN and "
    "set CMSIS_NN_PATH to the clone. Or use kernels: [helium, tvm], which need no library."
)


def find_library() -> Path:
    """The root of CMSIS-NN: $CMSIS_NN_PATH, or the newest below $CMSIS_PACK_ROOT/ARM/CMSIS-NN.

    Raises UserError that says how to get it when it is missing, incomplete or too old.
    """
    root = _candidate()
    if root is None:
        raise UserError(f"CMSIS-NN was not found (CMSIS_NN_PATH and CMSIS_PACK_ROOT). {HOW_TO_GET_IT}")
    for needed in ("Include/arm_nnfunctions.h", "CMakeLists.txt"):
        if not (root / needed).is_file():
            raise UserError(f"CMSIS-NN at {root}: {needed} is missing. {HOW_TO_GET_IT}")
    version = library_version(root)
    if DEVELOPMENT_VERSION < version < MINIMUM_VERSION:
        raise UserError(
            f"CMSIS-NN at {root} is version {'.'.join(map(str, version))}; "
            f"at least {'.'.join(map(str, MINIMUM_VERSION))} is needed. {HOW_TO_GET_IT}"
        )
    return root


def library_version(root: Path) -> tuple[int, ...]:
    """The newest release named in the pack description; 0.0.0 when there is none."""
    description = root / "ARM.CMSIS-NN.pdsc"
    text = description.read_text(encoding="utf-8") if description.is_file() else ""
    releases = re.findall(r'<release\s+version="(\d+)\.(\d+)\.(\d+)', text)
    return max((tuple(map(int, release)) for release in releases), default=DEVELOPMENT_VERSION)


def _candidate() -> Path | None:
    if path := os.environ.get("CMSIS_NN_PATH"):
        return Path(path)
    packs = Path(os.environ.get("CMSIS_PACK_ROOT", "/nonexistent")) / "ARM" / "CMSIS-NN"
    versions = [p for p in packs.glob("*") if re.fullmatch(r"\d+(\.\d+)*.*", p.name)]
    return max(versions, key=lambda p: [int(n) for n in re.findall(r"\d+", p.name)], default=None)
