"""The device that trains: a GPU where there is one for Paddle, otherwise the CPU."""

from __future__ import annotations

import paddle

from paddle_cortexm.config import Train
from paddle_cortexm.errors import UserError


def use_device(settings: Train) -> str:
    """Let Paddle compute on the device that the config asks for; returns cpu or gpu. Raises UserError for a GPU that is
    not there, and for mixed precision on a CPU, where Paddle has none."""
    gpus = paddle.device.cuda.device_count() if paddle.is_compiled_with_cuda() else 0
    if settings.device == "gpu" and not gpus:
        reason = "Paddle sees none" if paddle.is_compiled_with_cuda() else "this Paddle is built for CPUs only"
        raise UserError(f"train.device gpu: {reason}. Install paddlepaddle-gpu and its driver, or use device auto.")
    device = "gpu" if gpus and settings.device != "cpu" else "cpu"
    if settings.mixed_precision and device == "cpu":
        raise UserError("train.mixed_precision: Paddle has it on GPUs only, and this is a CPU. Leave it out.")
    paddle.set_device(device)
    return device
