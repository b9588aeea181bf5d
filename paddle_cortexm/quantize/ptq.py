"""Post-training quantisation through PaddleSlim: calibrated thresholds of the activations, fake-quantised program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.config import Quantise
from paddle_cortexm.quantize.programs import INPUT, STEM, static_mode

SCALE = "@scale"


class _Images(paddle.io.Dataset):
    """Preprocessed images as PaddleSlim's loader wants them."""

    def __init__(self, images: NDArray[np.float32]) -> None:
        super().__init__()
        self.images = images

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32]]:
        return (self.images[index],)


def calibrate(program: Path, images: NDArray[np.float32], settings: Quantise, quantised: Path) -> dict[str, float]:
    """Run PaddleSlim's quant_post_static over (N, 3, H, W) calibration images.

    program: folder of the float program; quantised: folder for the fake-quantised one. Returns, for each tensor that
    PaddleSlim calibrates, its threshold T: the real value of 127 steps. Weights are quantised per channel.
    """
    from paddleslim.quant import quant_post_static

    with static_mode():
        with paddle.static.program_guard(paddle.static.Program()):
            feed = paddle.static.data(INPUT, [None, *images.shape[1:]], "float32")
        places = [paddle.CPUPlace()]
        loader = paddle.io.DataLoader(_Images(images), feed_list=[feed], places=places, batch_size=1, return_list=False)
        quant_post_static(
            executor=paddle.static.Executor(places[0]),
            model_dir=str(program),
            quantize_model_path=str(quantised),
            data_loader=loader,
            model_filename=f"{STEM}.pdmodel",
            params_filename=f"{STEM}.pdiparams",
            batch_size=1,
            batch_nums=len(images),
            algo=settings.algorithm,
            round_type="adaround" if settings.rounding == "adaround" else "round",
            bias_correction=settings.bias_correction,
            weight_quantize_type="channel_wise_abs_max",
            is_full_quantize=True,
            onnx_format=True,
        )
        scope = paddle.static.global_scope()
        names = [name for name in scope.local_var_names() if name.endswith(SCALE)]
        values = {name.removesuffix(SCALE): np.array(scope.find_var(name).get_tensor()) for name in names}
    return {name: float(value.reshape(-1)[0]) for name, value in sorted(values.items()) if value.size == 1}
