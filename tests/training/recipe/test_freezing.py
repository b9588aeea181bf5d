"""A frozen backbone does not change in training; its classifier does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.networks.build import build
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.training.recipe.freezing import FrozenBackbone


def step(network: paddle.nn.Layer, optimiser: paddle.optimizer.Optimizer) -> set[str]:
    """One step of training; returns the names of what changed."""
    before = {name: tensor.numpy().copy() for name, tensor in network.state_dict().items()}
    images = paddle.to_tensor(np.random.default_rng(0).normal(size=(4, 3, 32, 32)).astype(np.float32))
    paddle.nn.functional.cross_entropy(network(images), paddle.to_tensor([0, 1, 2, 3])).backward()
    optimiser.step()
    optimiser.clear_grad()
    return {name for name, tensor in network.state_dict().items() if not np.array_equal(tensor.numpy(), before[name])}


@pytest.mark.parametrize("name", ["PPLCNet_x0_25", "MobileNetV2_x0_25", "ShuffleNetV2_x0_25"])
def test_only_the_classifier_learns_until_the_backbone_is_let_go(name: str) -> None:
    made = build(name, 4)
    network, head = made.network, made.head
    optimiser = paddle.optimizer.Momentum(0.1, parameters=network.parameters(), weight_decay=0.01)
    backbone = FrozenBackbone(network, head, epochs=1)
    network.train()
    backbone.before_epoch(1)
    assert step(network, optimiser) <= head
    network.train()
    backbone.before_epoch(2)
    changed = step(network, optimiser)
    assert changed > head and any("_mean" in name for name in changed)


def test_processes_stay_one_network_when_the_backbone_is_let_go(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "paddle.distributed.launch", "--nproc_per_node", "2", "--log_dir", str(tmp_path)]
    script = Path(__file__).with_name("freezing_process.py")
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "FLAGS_enable_pir_api": "0"}
    subprocess.run([*launch, str(script)], env=environment, check=True, capture_output=True)
    for log in sorted(tmp_path.glob("workerlog.*")):
        assert "furthest apart: 0.0" in log.read_text()
