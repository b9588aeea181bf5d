"""What a program that normalises its image needs of the config's mean and std, which the preprocessing does instead."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paddle_cortexm.compiler.frontend.exported.image_steps import ImageSteps
from paddle_cortexm.errors import UserError

LEVELS = 255.0  # a pixel's largest value
TYPICAL_STD = 0.25
CLOSE = 1e-3
Values = list[float]


def check_normalisation(steps: ImageSteps, mean: Sequence[float], std: Sequence[float]) -> None:
    """Raise UserError, with what to write, unless (share of 255 - mean) / std is what the program makes of a pixel.

    A program may take pixels of 0 to 255 or of 0 to 1; only bytes tell which.
    """
    if not (steps.normalises or steps.takes_bytes):
        return
    found = [_mean_and_std(steps, largest) for largest in ((LEVELS,) if steps.takes_bytes else (LEVELS, 1.0))]
    if any(np.allclose(pair, (mean, std), rtol=CLOSE, atol=CLOSE) for pair in found):
        return
    likely = min(found, key=lambda pair: abs(math.log(abs(pair[1][0]) / TYPICAL_STD)))
    means, stds = ([round(value, 6) for value in values] for values in likely)
    raise UserError(
        f"the program normalises the image itself, which the preprocessing does here. Set data.mean: {means} and "
        f"data.std: {stds} (they are {list(mean)} and {list(std)})"
    )


def _mean_and_std(steps: ImageSteps, largest: float) -> tuple[Values, Values]:
    """(pixel / 255 - mean) / std = gain * (largest * pixel / 255) + offset"""
    std = 1 / (steps.gain * largest)
    return (-steps.offset * std).tolist(), std.tolist()
