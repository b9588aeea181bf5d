"""AdaRound: each weight up or down, so that the layer's results are closest, not the weight itself.

The objective is that of Nagel et al., Up or Down? Adaptive Rounding for Post-Training Quantization (2020): the expected
squared error of the layer's sums, eᵀHe with H = E[xxᵀ], e the rounding error and every weight on one of its two
neighbouring steps. It is solved by coordinate descent, a weight at a time over all output channels at once.

Of layers with very many inputs H has only the blocks at its diagonal: what a block's errors cost with another's is left
out.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.weights.weighted import Weighted

SWEEPS = 8
PATCHES = 16384  # input patches that H is estimated from, at most;
VALUES = 1 << 25  # fewer where they would have more values than this: 256 MiB
BLOCK = 2048  # inputs whose errors are looked at together: H takes 32 MiB
Array = NDArray[np.float64]


def adaround(operator: Weighted, scales: Array, inputs: NDArray[np.float32], *, centred: bool) -> Array:
    """The weights as integers, (output channels, products of each), rounded for these inputs (N, H, W, C).

    scales: of the output channels; centred: without the inputs' mean, where a corrected bias takes care of that.
    """
    rows = operator.weight_rows().astype(np.float64) / scales[:, None]
    values = inputs.shape[3] * prod(operator.as_convolution().window.kernel)  # of a patch
    patches = operator.patches(inputs, min(PATCHES, VALUES // values))
    if len(patches) in (1, len(rows)):
        return _rounded(rows, patches, centred=centred)
    of_groups = zip(np.split(rows, len(patches)), patches, strict=True)
    return np.concatenate([_rounded(own, seen[None], centred=centred) for own, seen in of_groups])


def _rounded(rows: Array, patches: Array, *, centred: bool) -> Array:
    """The same for rows that see all the same inputs, (1, patches, K), or each its own, (rows, patches, K)."""
    parts = [slice(start, start + BLOCK) for start in range(0, rows.shape[1], BLOCK)]
    steps = [best_steps(rows[:, part], second_moments(patches[:, :, part], centred=centred)) for part in parts]
    return np.concatenate(steps, axis=1)


def best_steps(rows: Array, second_moments: Array) -> Array:
    """Integers next to `rows`, (output channels, K) weights in steps of their scale, within -127 ... 127.

    second_moments: H, (1, K, K), or (output channels, K, K) where every channel has inputs of its own.
    """
    low = np.clip(np.floor(rows), -127, 127)
    high = np.clip(low + 1, -127, 127)
    steps = np.clip(np.round(rows), low, high)
    own = second_moments
    gradient = ((steps - rows)[:, None] @ own)[:, 0]
    for _ in range(SWEEPS):
        flips = 0
        for k in range(rows.shape[1]):
            change = low[:, k] + high[:, k] - 2 * steps[:, k]  # to the other neighbour
            gain = 2 * change * gradient[:, k] + change**2 * own[:, k, k]
            better = np.flatnonzero(gain < -1e-12)
            flips += len(better)
            steps[better, k] += change[better]
            gradient[better] += change[better, None] * (own[0, k] if len(own) == 1 else own[better, k])
        if flips == 0:
            break
    return steps


def second_moments(patches: Array, *, centred: bool) -> Array:
    """H, (groups, K, K), from (groups, patches, K) inputs; centred: without their mean."""
    if centred:
        patches = patches - patches.mean(axis=1, keepdims=True)
    moments: Array = np.einsum("gpk,gpj->gkj", patches, patches, optimize=True) / patches.shape[1]
    return moments
