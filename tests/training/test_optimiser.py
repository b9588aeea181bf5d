"""What the optimiser does to which parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import paddle
import pytest

from paddle_cortexm.config import Train
from paddle_cortexm.networks.build import build
from paddle_cortexm.training.optimiser import make_optimiser

HEAD = {"fc.weight", "fc.bias"}


def changes(**settings: Any) -> dict[str, float]:
    """How far one step with all gradients 1 moves each parameter, from the same start."""
    network = build("PPLCNet_x0_25", 4, seed=1).network
    trained = {name: p for name, p in network.named_parameters() if not p.stop_gradient}
    before = {name: parameter.numpy().copy() for name, parameter in trained.items()}
    optimiser = make_optimiser(network, Train(learning_rate=0.01, weight_decay=0, **settings), HEAD)
    paddle.add_n([parameter.sum() for parameter in trained.values()]).backward()
    optimiser.step()
    return {name: float(np.abs(p.numpy() - before[name]).mean()) for name, p in trained.items()}


@pytest.mark.parametrize("optimiser", ["momentum", "adamw"])
def test_the_backbone_learns_by_its_share_of_the_rate_and_the_classifier_by_all_of_it(optimiser: str) -> None:
    whole, tenth = changes(optimiser=optimiser), changes(optimiser=optimiser, backbone_rate=0.1)
    for name, change in whole.items():
        assert tenth[name] == pytest.approx(change if name in HEAD else change / 10, rel=0.05), name
