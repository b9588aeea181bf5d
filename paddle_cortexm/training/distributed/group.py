"""The processes that train one network, on one machine or several (gloo on CPUs, NCCL on GPUs)."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import paddle


@dataclass(frozen=True)
class Group:
    """This process among `size`, size_here of them on this machine; rank 0 writes files and talks to the user."""

    rank: int = 0
    size: int = 1
    size_here: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def join(self) -> None:
        """Connect with the other processes, and wait for them (up to 15 minutes). From then on none may keep the others
        waiting for more than 30 seconds: so long does gloo, and a process that is gone is noticed by it."""
        if self.size > 1 and not paddle.distributed.is_initialized():
            if paddle.get_device() == "cpu":
                os.environ["PADDLE_DISTRI_BACKEND"] = "gloo"  # the launcher chooses NCCL wherever there is a GPU
            paddle.distributed.init_parallel_env()

    def parallel(self, network: paddle.nn.Layer, *, freezes: bool = False) -> paddle.nn.Layer:
        """The network whose backward pass averages gradients over the processes; they start from rank 0's weights.
        freezes: some parameters have no gradient in some steps, which Paddle has to be told to look for."""
        return paddle.DataParallel(network, find_unused_parameters=freezes) if self.size > 1 else network

    def average(self, tensors: Sequence[paddle.Tensor]) -> None:
        """Replace each tensor by its mean over the processes, with one exchange for all of them."""
        if self.size == 1 or not tensors:
            return
        flat = paddle.concat([tensor.reshape([-1]) for tensor in tensors])
        paddle.distributed.all_reduce(flat)
        parts = paddle.split(flat / self.size, [tensor.size for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.set_value(part.reshape(tensor.shape))

    def mean(self, values: Sequence[float]) -> list[float]:
        """The mean of each value over the processes."""
        tensor = paddle.to_tensor(np.asarray(values, np.float64))
        self.average([tensor])
        return [float(value) for value in tensor.numpy()]

    def from_leader(self, state: dict[str, Any]) -> dict[str, Any]:
        """What rank 0 gives: tensors, numbers and texts in dictionaries and lists. The others' own is not looked at."""
        if self.size == 1:
            return state
        saved = io.BytesIO()
        if self.leads:
            paddle.save(state, saved)
        length = paddle.to_tensor([len(saved.getvalue())])
        paddle.distributed.broadcast(length, 0)
        content = np.frombuffer(saved.getvalue(), np.uint8) if self.leads else np.zeros(length.item(), np.uint8)
        received = paddle.to_tensor(content)
        paddle.distributed.broadcast(received, 0)
        return state if self.leads else paddle.load(io.BytesIO(received.numpy().tobytes()))

    def union(self, texts: set[str]) -> set[str]:
        """The texts of all processes together."""
        if self.size == 1:
            return texts
        everybodys: list[list[str]] = []
        paddle.distributed.all_gather_object(everybodys, sorted(texts))
        return {text for some in everybodys for text in some}


def launched_group() -> Group:
    """The group that paddle.distributed.launch made; a group of one without it."""
    names = {"PADDLE_TRAINER_ID": "0", "PADDLE_TRAINERS_NUM": "1", "PADDLE_LOCAL_SIZE": "1"}
    return Group(*(int(os.environ.get(name, absent)) for name, absent in names.items()))
