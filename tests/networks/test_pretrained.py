"""Where pretrained weights come from, and what is said where they cannot be had."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks import pretrained
from paddle_cortexm.networks.build import build
from paddle_cortexm.networks.paddleclas import factories, imagenet_url


def off_line(url: str) -> Path:
    raise OSError(f"no route to {url}")


def test_nearly_every_backbone_of_paddleclas_has_a_url() -> None:
    without = [name for name in factories() if imagenet_url(name) is None]
    assert len(without) < len(factories()) / 10 and "MobileNetV3_small_x0_35" not in without
    assert (imagenet_url("SqueezeNet1_1") or "").endswith("SqueezeNet1_1_pretrained.pdparams")


def test_off_line_it_says_what_to_put_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "download", off_line)
    with pytest.raises(UserError, match=r"(?s)could not fetch .*GhostNet_x0_5_pretrained\.pdparams.*path/to/G"):
        build("GhostNet_x0_5", 10, "pretrained")


def test_a_backbone_without_weights_says_so() -> None:
    with pytest.raises(UserError, match=r"no pretrained weights of ResNet8\. Give a \.pdparams file"):
        build("ResNet8", 10, "pretrained")


def test_what_is_behind_the_url_is_loaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given, asked = build("ResNet8", 10, seed=1).network.state_dict(), []
    paddle.save(given, str(tmp_path / "made.pdparams"))
    monkeypatch.setattr(pretrained, "download", lambda url: asked.append(url) or tmp_path / "made.pdparams")
    made = build("ResNet8", 10, "pretrained", url="https://somewhere/made.pdparams").network.state_dict()
    assert asked == ["https://somewhere/made.pdparams"]
    assert all(np.array_equal(values.numpy(), given[name].numpy()) for name, values in made.items())
