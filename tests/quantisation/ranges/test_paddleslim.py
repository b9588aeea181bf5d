"""PaddleSlim's calibration on a real, if tiny, program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.quantisation.networks.programs import STEM, export_program
from paddle_cortexm.quantisation.ranges.paddleslim import batch_size, calibrate


def network() -> paddle.nn.Layer:
    paddle.seed(2)
    nn = paddle.nn
    return nn.Sequential(
        nn.Conv2D(3, 8, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2D(1), nn.Flatten(), nn.Linear(8, 4)
    )


@pytest.mark.parametrize("algorithm", ["abs_max", "mse"])
def test_thresholds_are_reached_by_the_tensors_and_no_larger(tmp_path: Path, algorithm: str) -> None:
    export_program(network(), tmp_path, (8, 8, 3), batch=None)
    images = np.random.default_rng(0).normal(size=(16, 3, 8, 8)).astype(np.float32)
    thresholds = calibrate(tmp_path, images, algorithm, tmp_path / "quantised")
    graph = load_graph(tmp_path)
    largest = float(np.abs(images).max())
    assert 0.29 * largest < thresholds[graph.input] <= largest * 1.0001
    assert set(thresholds) & {layer.output for layer in graph.layers}
    with static_mode():
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path / "quantised" / STEM), executor)
        assert executor.run(program, {feeds[0]: images}, fetches)[0].shape == (16, 4)


def test_avg_sees_single_images_and_the_others_as_many_as_fit() -> None:
    small, large = np.zeros((60, 3, 64, 64), np.float32), np.zeros((20, 3, 224, 224), np.float32)
    assert [batch_size(small, "avg"), batch_size(small, "mse"), batch_size(large, "mse")] == [1, 60, 5]
