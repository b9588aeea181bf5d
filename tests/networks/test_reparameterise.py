"""Branches become one convolution, and the answers stay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build
from paddle_cortexm.networks.reparameterise import re_parameterise
from paddle_cortexm.quantisation.networks.programs import export_program
from tests.compiler.frontend.backbones import trained_alike

SHAPE = (64, 64, 3)


@pytest.mark.parametrize(("name", "blocks"), [("PPLCNetV2_small", 11), ("RepVGG_A0", 22), ("PPLCNet_x0_25", 0)])
def test_the_answers_stay_up_to_rounding(name: str, blocks: int) -> None:
    network = trained_alike(name)
    image = paddle.to_tensor(np.random.default_rng(5).normal(size=(1, 3, 64, 64)).astype(np.float32))
    before = network(image).numpy()
    assert re_parameterise(network, SHAPE) == blocks
    after = network(image).numpy()
    assert np.abs(after - before).max() <= 1e-4 * np.abs(before).max()


def test_of_all_branches_one_convolution_is_compiled(tmp_path: Path) -> None:
    network = build("RepVGG_A0", 10).network
    assert re_parameterise(network, SHAPE) == 22
    export_program(network, tmp_path, SHAPE)
    kinds = [layer.operator.layer_kind for layer in load_graph(tmp_path).layers]
    assert kinds.count("stem") + kinds.count("convolution") == 22 and "pointwise" not in kinds and "add" not in kinds


def test_a_method_that_changes_the_answers_is_refused() -> None:
    class Wrong(paddle.nn.Layer):
        def __init__(self) -> None:
            super().__init__()
            self.factor = 1.0

        def forward(self, x: paddle.Tensor) -> paddle.Tensor:
            return x * self.factor

        def re_parameterize(self) -> None:
            self.factor = 2.0

    with pytest.raises(UserError, match=r"changes the network's answers \(by 100\.0%\)"):
        re_parameterise(paddle.nn.Sequential(Wrong()), SHAPE)
