"""Finding Arm's CMSIS-NN on this machine; none of its code is part of this project."""

from __future__ import annotations

import os
import re
from pathlib import Path

from paddle_cortexm.errors import UserError

FUNCTIONS = "Include/arm_nnfunctions.h"
NEWEST_FUNCTION = "arm_fully_connected_wrapper_s8"  # the last of those called here that came: with release 7.0.0
# The arithmetic all kernels share. Up to release 7.0.0 (header revision V.22.9.0) its single rounding kept 33 bits in
# an int32_t; the versions in the pack description do not tell: a clone says 0.0.0.
ARITHMETIC = "Include/arm_nnsupportfunctions.h"
REQUANTIZE = re.compile(r"int32_t arm_nn_requantize\(const int32_t val,[^)]*\)\s*\{(?P<body>.*?)\n\}", re.DOTALL)
FIXED = re.compile(r"\bint64_t result\b")
HOW_TO_GET_IT = (
    "On an Arm Virtual Hardware machine run `cpackget add ARM::CMSIS-NN`, with CMSIS_PACK_ROOT set; elsewhere clone "
    "ARM-software/CMSIS-NN and set CMSIS_NN_PATH to the clone. Or use kernels: [helium, tvm], which need no library."
)


def find_library() -> Path:
    """The root of CMSIS-NN: $CMSIS_NN_PATH, or the newest below $CMSIS_PACK_ROOT/ARM/CMSIS-NN.

    Raises UserError that says how to get it when it is missing, incomplete or too old.
    """
    root = _candidate()
    if root is None:
        raise UserError(f"CMSIS-NN was not found (CMSIS_NN_PATH and CMSIS_PACK_ROOT). {HOW_TO_GET_IT}")
    for needed in (FUNCTIONS, ARITHMETIC, "CMakeLists.txt"):
        if not (root / needed).is_file():
            raise UserError(f"CMSIS-NN at {root}: {needed} is missing. {HOW_TO_GET_IT}")
    if NEWEST_FUNCTION not in (root / FUNCTIONS).read_text(encoding="utf-8"):
        raise UserError(
            f"CMSIS-NN at {root} is too old: it has no {NEWEST_FUNCTION}, which came with release 7.0.0. "
            f"{HOW_TO_GET_IT}"
        )
    return root


def rounds_correctly(root: Path) -> bool:
    """Whether the library's single rounding holds its intermediate result in 64 bits, as its source says. Otherwise it
    is wrong for results from 2**30 on, which a scale below 1/2 never gives."""
    requantize = REQUANTIZE.search((root / ARITHMETIC).read_text(encoding="utf-8"))
    return requantize is not None and FIXED.search(requantize["body"]) is not None


def _candidate() -> Path | None:
    if path := os.environ.get("CMSIS_NN_PATH"):
        return Path(path)
    packs = Path(os.environ.get("CMSIS_PACK_ROOT", "/nonexistent")) / "ARM" / "CMSIS-NN"
    versions = [p for p in packs.glob("*") if re.fullmatch(r"\d+(\.\d+)*.*", p.name)]
    return max(versions, key=lambda p: [int(n) for n in re.findall(r"\d+", p.name)], default=None)
