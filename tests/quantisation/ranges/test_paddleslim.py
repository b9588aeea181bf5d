"""PaddleSlim's calibration on a real, if tiny, program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.quantisation.networks.graph_program import export_graph
from paddle_cortexm.quantisation.networks.programs import STEM
from paddle_cortexm.quantisation.ranges.paddleslim import batch_size, calibrate
from tests.quantisation.small_graphs import block, images, squeezed


@pytest.mark.parametrize("graph", [block(), squeezed()], ids=["block", "squeezed"])
@pytest.mark.parametrize("algorithm", ["abs_max", "mse"])
def test_thresholds_of_a_graph_are_reached_by_its_tensors_and_no_larger(
    graph: Graph, algorithm: str, tmp_path: Path
) -> None:
    names = export_graph(graph, tmp_path)
    inputs = np.ascontiguousarray(images(16).transpose(0, 3, 1, 2))
    known = calibrate(tmp_path, inputs, algorithm, tmp_path / "quantised")
    thresholds = {name: known[names[name]] for name in graph.tensors if names[name] in known}
    assert set(graph.tensors) - set(thresholds) <= {graph.output}
    for name, values in run_float(graph, images(16)).items():
        largest = float(np.abs(values).max())
        assert name == graph.output or 0.2 * largest < thresholds[name] <= largest * 1.0001, name


def test_what_paddleslim_calibrates_computes_what_the_graph_does(tmp_path: Path) -> None:
    graph = squeezed()
    export_graph(graph, tmp_path)
    with static_mode():
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, feeds, fetches = paddle.static.load_inference_model(str(tmp_path / STEM), executor)
        (got,) = executor.run(program, {feeds[0]: images(5).transpose(0, 3, 1, 2)}, fetches)
    np.testing.assert_allclose(got[:, :, 0, 0], run_float(graph, images(5))["logits"][:, 0, 0], atol=1e-4)


def test_avg_sees_single_images_and_the_others_as_many_as_fit() -> None:
    small, large = np.zeros((60, 3, 64, 64), np.float32), np.zeros((20, 3, 224, 224), np.float32)
    assert [batch_size(small, "avg"), batch_size(small, "mse"), batch_size(large, "mse")] == [1, 60, 5]
