"""Calibration by PaddleSlim: a threshold for every activation that its post-training quantisation knows."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.quantisation.networks.programs import INPUT, STEM

SCALE = "@scale"
BATCH_PIXELS = 64 * 64 * 64  # PaddleSlim keeps every tensor of a batch
IMAGES = 64  # of the calibration split, spread over it; mse and emd take a second of CPU time for each


class _Images(paddle.io.Dataset):
    """Preprocessed images as PaddleSlim's loader wants them."""

    def __init__(self, images: NDArray[np.float32]) -> None:
        super().__init__()
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32]]:
        return (self.images[index],)


def batch_size(images: NDArray[np.float32], algorithm: str) -> int:
    """Images PaddleSlim sees at a time. Its mse and emd keep the threshold of the batch that lost least, which with
    one image a batch is the easiest image; avg is the mean over batches, so there they are single images."""
    if algorithm == "avg":
        return 1
    return max(1, min(len(images), BATCH_PIXELS // (images.shape[2] * images.shape[3])))


def calibrate(program: Path, images: NDArray[np.float32], algorithm: str, quantised: Path) -> dict[str, float]:
    """Run PaddleSlim's quant_post_static over at most 64 of the (N, 3, H, W) calibration images.

    program: folder of the float program, for any number of images at a time; quantised: folder for the fake-quantised
    one. Returns, for each tensor that PaddleSlim calibrates, its threshold T: the real value of 127 steps. Weights are
    quantised per channel.
    """
    from paddleslim.quant import quant_post_static

    images = images[:: -(-len(images) // IMAGES)]
    batch = batch_size(images, algorithm)
    print(f"calibrating with PaddleSlim: {algorithm}, {len(images)} images", flush=True)
    with _quietly(), static_mode():
        with paddle.static.program_guard(paddle.static.Program()):
            feed = paddle.static.data(INPUT, [None, *images.shape[1:]], "float32")
        places = [paddle.CPUPlace()]
        loader = paddle.io.DataLoader(
            _Images(images), feed_list=[feed], places=places, batch_size=batch, return_list=False
        )
        quant_post_static(
            executor=paddle.static.Executor(places[0]),
            model_dir=str(program),
            quantize_model_path=str(quantised),
            data_loader=loader,
            model_filename=f"{STEM}.pdmodel",
            params_filename=f"{STEM}.pdiparams",
            batch_size=batch,
            batch_nums=-(-len(images) // batch),
            algo=algorithm,
            weight_quantize_type="channel_wise_abs_max",
            is_full_quantize=True,
            onnx_format=True,
        )
        scope = paddle.static.global_scope()
        names = [name for name in scope.local_var_names() if name.endswith(SCALE)]
        values = {name.removesuffix(SCALE): np.array(scope.find_var(name).get_tensor()) for name in names}
    return {name: float(value.reshape(-1)[0]) for name, value in sorted(values.items()) if value.size == 1}


@contextlib.contextmanager
def _quietly() -> Iterator[None]:
    """Keep PaddleSlim's own bars and log lines off the screen."""
    loggers = [logging.getLogger(name) for name in logging.root.manager.loggerDict]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
