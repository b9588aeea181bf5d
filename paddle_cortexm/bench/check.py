"""docs/performance.json: the committed instruction counts, and the check that none has risen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paddle_cortexm.bench.measure import Measurement, Missing

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

    Counts of another compiler are not compared, and neither is what could not be measured; the lines say so.
    """
    lines, passed = [], True
    for result in results:
        if isinstance(result, Missing):
            lines.append(f"{result.key}: not measured: {result.reason}")
            continue
        before = committed.get(result.key)
        if before is None or before["toolchain"] != result.toolchain:
            known = "no count committed" if before is None else f"committed count is of {before['toolchain']}"
            lines.append(f"{result.key}: {result.instructions:,} instructions, not compared: {known}")
            continue
        rise = 100 * (result.instructions - before["instructions"]) / before["instructions"]
        risen = rise > ALLOWED_RISE
        passed = passed and not risen
        verdict = f"RISEN by more than {ALLOWED_RISE} %" if risen else "ok"
        lines.append(f"{result.key}: {before['instructions']:,} -> {result.instructions:,} ({rise:+.2f} %) {verdict}")
    return lines, passed
