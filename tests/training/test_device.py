"""Which device trains, and what it cannot do."""

from __future__ import annotations

import paddle
import pytest

from paddle_cortexm.config import Train
from paddle_cortexm.errors import UserError
from paddle_cortexm.training.device import use_device


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What Paddle is told to compute on, instead of doing so."""
    asked: list[str] = []
    monkeypatch.setattr(paddle, "set_device", asked.append)
    return asked


def machine(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, gpus: int) -> None:
    monkeypatch.setattr(paddle, "is_compiled_with_cuda", lambda: cuda)
    monkeypatch.setattr(paddle.device.cuda, "device_count", lambda: gpus)


@pytest.mark.parametrize(("cuda", "gpus", "used"), [(False, 0, "cpu"), (True, 0, "cpu"), (True, 2, "gpu")])
def test_a_gpu_is_used_where_there_is_one(
    asked_for: list[str], monkeypatch: pytest.MonkeyPatch, cuda: bool, gpus: int, used: str
) -> None:
    machine(monkeypatch, cuda=cuda, gpus=gpus)
    assert use_device(Train()) == used
    assert use_device(Train(device="cpu")) == "cpu"
    assert asked_for == [used, "cpu"]


@pytest.mark.parametrize(("cuda", "reason"), [(True, "Paddle sees none"), (False, "built for CPUs only")])
def test_a_gpu_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch, cuda: bool, reason: str) -> None:
    machine(monkeypatch, cuda=cuda, gpus=0)
    with pytest.raises(UserError, match=rf"train\.device gpu: .*{reason}"):
        use_device(Train(device="gpu"))


def test_mixed_precision_on_a_cpu_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch, cuda=True, gpus=1)
    with pytest.raises(UserError, match=r"train\.mixed_precision: .* this is a CPU"):
        use_device(Train(device="cpu", mixed_precision=True))
