"""AdaRound: each weight up or down, so that the layer's results are closest, not the weight itself.

The objective is that of Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization (2020): the expected
squared error of the layer's sums, eᵀHe with H = E[xxᵀ], e the rounding error and every weight on one of its two
neighbouring steps. It is solved by coordinate descent, a weight at a time over all output channels at once.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.weighted import Weighted

SWEEPS = 8
PATCHES = 16384  # input patches that H is estimated from
Array = NDArray[np.float64]


def best_steps(rows: Array, second_moments: Array) -> Array:
    """Integers next to `rows`, (output channels, K) weights in steps of their scale, within -127 ... 127.

    second_moments: H, (1, K, K), or (output channels, K, K) where every channel has inputs of its own.
    """
    low = np.clip(np.floor(rows), -127, 127)
    high = np.clip(low + 1, -127, 127)
    steps = np.clip(np.round(rows), low, high)
    own = second_moments
    gradient = np.einsum("okj,oj->ok", np.broadcast_to(own, (len(rows), *own.shape[1:])), steps - rows)
    for _ in range(SWEEPS):
        flips = 0
        for k in range(rows.shape[1]):
            change = low[:, k] + high[:, k] - 2 * steps[:, k]  # to the other neighbour
            gain = 2 * change * gradient[:, k] + change**2 * own[:, k, k]
            change = np.where(gain < -1e-12, change, 0.0)
            flips += int(np.count_nonzero(change))
            steps[:, k] += change
            gradient += change[:, None] * own[:, :, k]
        if flips == 0:
            break
    return steps


def second_moments(operator: Weighted, inputs: NDArray[np.float32], *, centred: bool) -> Array:
    """H of a layer with weights, (groups, K, K), from its inputs (N, H, W, C). centred: without the mean,
    where a corrected bias takes care of that."""
    patches = operator.patches(inputs, PATCHES)
    if centred:
        patches = patches - patches.mean(axis=1, keepdims=True)
    moments: Array = np.einsum("gpk,gpj->gkj", patches, patches, optimize=True) / patches.shape[1]
    return moments
