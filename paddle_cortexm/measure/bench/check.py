"""docs/performance.json: the committed instruction counts, and the check that each is still reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paddle_cortexm.measure.bench.measure import Measurement, Missing

ALLOWED_RISE = 1  # per cent


def counts(results: Sequence[Measurement | Missing]) -> dict[str, dict[str, Any]]:
    """The content of docs/performance.json: {"NETWORK PRECISION KERNELS": {"toolchain", "instructions"}}."""
    return {
        result.key: {"toolchain": result.toolchain, "instructions": result.instructions}
        for result in results
        if isinstance(result, Measurement)
    }


def compare(results: Sequence[Measurement | Missing], committed: Mapping[str, Any]) -> tuple[list[str], bool]:
    """A line for every result, and whether no count rose by more than ALLOWED_RISE per cent.

    A committed count that could not be measured fails, unless it is for want of CMSIS-NN: a network that no longer
    builds, or gives wrong bits. Counts of another compiler are not compared; the lines say so. Comparing nothing fails.
    """
    lines, passed, compared = [], True, 0
    for result in results:
        if isinstance(result, Missing):
            failed = result.key in committed and not result.is_library_missing
            passed = passed and not failed
            lines.append(f"{result.key}: {'FAILED' if failed else 'not measured'}: {result.reason}")
            continue
        before = committed.get(result.key)
        if before is None or before["toolchain"] != result.toolchain:
            known = "no count committed" if before is None else f"committed count is of {before['toolchain']}"
            lines.append(f"{result.key}: {result.instructions:,} instructions, not compared: {known}")
            continue
        rise = 100 * (result.instructions - before["instructions"]) / before["instructions"]
        risen, compared = rise > ALLOWED_RISE, compared + 1
        passed = passed and not risen
        verdict = f"RISEN by more than {ALLOWED_RISE} %" if risen else "ok"
        lines.append(f"{result.key}: {before['instructions']:,} -> {result.instructions:,} ({rise:+.2f} %) {verdict}")
    if compared == 0:
        lines.append("FAILED: nothing was compared: no count of this compiler is committed for what was measured")
    return lines, passed and compared > 0
