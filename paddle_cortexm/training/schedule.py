"""The learning rate over a run: linear warm-up, then a half cosine down to zero."""

from __future__ import annotations

import math


def learning_rate(step: int, steps: int, warmup_steps: int, highest: float) -> float:
    """The rate for optimiser step `step` (from 0) of `steps`; the first warmup_steps rise to `highest`."""
    if step < warmup_steps:
        return highest * (step + 1) / warmup_steps
    share = (step - warmup_steps) / max(1, steps - warmup_steps)
    return highest * 0.5 * (1 + math.cos(math.pi * share))
