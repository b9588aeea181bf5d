"""Does the target's output equal the host's? Bit for bit for integers; within a stated tolerance for floats."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Largest difference, as a share of the largest logit. The float kernels of app/runtime/helium round alike on target and
# host, but TVM's loops may be compiled to other orders of addition, and Helium flushes float32 subnormals. A rounding
# is at most 6e-8 of the value in float32 and 5e-4 in float16, of which 2e-2 are 40. A model of precision int8 ends in
# floats where quantise.keep_float keeps its last layers: in float32.
TOLERANCE = {"fp32": 1e-4, "fp16": 2e-2, "int8": 1e-4}


@dataclass(frozen=True)
class Comparison:
    """passed: the target may stand for the host; largest_difference: between two logits, in the output's own units;
    reason: what is wrong, empty when passed."""

    passed: bool
    largest_difference: float
    reason: str = ""


def compare(target: bytes, host: NDArray[np.generic], precision: str, *, ranked: bool = True) -> Comparison:
    """Compare the output tensor's bytes from the target with the host's tensor. precision: int8, fp32 or fp16; ranked:
    whether the answer is the largest output, which has to be the host's then."""
    if len(target) != host.nbytes:
        return Comparison(False, float("inf"), f"the target sent {len(target)} bytes of output, not {host.nbytes}")
    ours = np.frombuffer(target, host.dtype.newbyteorder("<"))
    theirs = host.reshape(-1)
    difference = float(np.abs(ours.astype(np.float64) - theirs.astype(np.float64)).max())
    if ours.tobytes() == theirs.tobytes():
        return Comparison(True, difference)
    if np.issubdtype(host.dtype, np.integer):
        wrong = int((ours != theirs).sum())
        return Comparison(False, difference, f"{wrong} of {host.size} outputs differ, by up to {difference:.0f}")
    allowed = TOLERANCE[precision] * float(np.abs(theirs.astype(np.float64)).max())
    if not difference <= allowed:  # a NaN fails too
        return Comparison(False, difference, f"outputs differ by up to {difference:g}; {allowed:g} is allowed")
    if ranked and int(ours.argmax()) != int(theirs.argmax()):
        return Comparison(False, difference, f"top class {int(ours.argmax())}, not {int(theirs.argmax())}")
    return Comparison(True, difference)
