"""Calibration on a sample of one tensor: PaddleSlim's six algorithms, for the tensors that it leaves out; and snr.

Each gives a threshold T: the real value of 127 steps of a symmetric int8 grid. Sources: PaddleSlim's
PostTrainingQuantization (abs_max, avg, hist, mse, emd); KL is Migacz, 8-bit Inference with TensorRT (2017), for which
Paddle's own function is called. snr is our own: every image's noise counts in relation to that image's signal, on an
asymmetric grid, so that one image with values ten times as large does not decide for all others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Sample = NDArray[np.float32]
HISTOGRAM_SHARE = 0.9999  # PaddleSlim's hist_percent: the share of the values that do not saturate
HISTOGRAM_BINS = 2048
OWN_ALGORITHM = "snr"  # the algorithm that PaddleSlim does not have
SHARES = np.linspace(0.3, 1.0, 36)  # of the largest value: the thresholds that mse and emd try
SNR_SHARES = np.geomspace(0.02, 1.0, 40)  # as SHARES, for snr


def threshold(values: Sample, image_maxima: Sequence[float], algorithm: str) -> float:
    """values: a sample of the tensor, (images, values of each); image_maxima: the largest magnitude in each whole
    image; algorithm: abs_max, avg, hist, KL, mse, emd or snr."""
    largest = max(image_maxima)
    if algorithm == "abs_max" or largest == 0:
        return largest
    if algorithm == "avg":
        return float(np.mean(image_maxima))
    if algorithm == "hist":
        return float(np.quantile(np.abs(values), HISTOGRAM_SHARE))
    if algorithm == "KL":
        return _kl_threshold(np.abs(values), largest)
    if algorithm == OWN_ALGORITHM:
        return min((float(largest * share) for share in SNR_SHARES), key=lambda limit: _mean_noise(values, limit))
    return _smallest_loss(values.reshape(-1), largest, _LOSSES[algorithm])


def rounded(values: Sample, limit: float) -> Sample:
    """The values on the symmetric int8 grid of a threshold."""
    step = limit / 127
    return np.clip(np.rint(values / step), -128, 127) * step


def _mean_noise(values: Sample, limit: float) -> float:
    """Mean over the images of noise / signal, on the int8 grid of the part of -limit ... limit that occurs."""
    low, high = max(-limit, min(0.0, float(values.min()))), min(limit, max(0.0, float(values.max())))
    step = max(high - low, 1e-12) / 255
    on_grid = np.clip(np.rint(values / step) * step, low, high)
    signal = np.square(values).sum(axis=1)
    noise = np.square(values - on_grid).sum(axis=1)
    return float((noise / np.maximum(signal, 1e-3 * signal.mean())).mean())


def _squared_error(values: Sample, limit: float) -> float:
    return float(np.square(values - rounded(values, limit)).mean())


def _moved_earth(values: Sample, limit: float) -> float:
    """PaddleSlim's estimate of the earth mover's distance: by mean and standard deviation."""
    on_grid = rounded(values, limit)
    return abs(float(values.mean() - on_grid.mean())) + abs(float(values.std() - on_grid.std()))


_LOSSES: dict[str, Callable[[Sample, float], float]] = {"mse": _squared_error, "emd": _moved_earth}


def _smallest_loss(values: Sample, largest: float, loss: Callable[[Sample, float], float]) -> float:
    tried = [float(largest * share) for share in SHARES]
    return min(tried, key=lambda limit: loss(values, limit))


def _kl_threshold(magnitudes: Sample, largest: float) -> float:
    from paddle.static.quantization.cal_kl_threshold import cal_kl_threshold

    counts, edges = np.histogram(magnitudes, bins=HISTOGRAM_BINS, range=(0.0, largest))
    return float(cal_kl_threshold(counts, float(edges[1] - edges[0]), 8))
