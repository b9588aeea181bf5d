"""Networks of ours are what their papers say: parameters and multiply-accumulates."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.networks.build import build
from paddle_cortexm.quantisation.networks.programs import export_program

# Classes, (height, width, channels), published parameters and multiply-accumulates, and how far off they may be.
PUBLISHED = {
    "ResNet8": (10, (32, 32, 3), 78_666, 12.5e6, 0.001),  # MLPerf Tiny, image classification
    "DSCNN": (12, (49, 10, 1), 24_908, 2.7e6, 0.02),  # MLPerf Tiny, keyword spotting
    "MobileNetV1_x0_25": (2, (96, 96, 3), 221_794 - 2_736, 7.5e6, 0.002),  # visual wake words; less the unused biases
    "MCUNetLike": (1000, (176, 176, 3), 0.74e6, 81.8e6, 0.05),  # of the size of mcunet-in3
    # Its batch norms' statistics are no parameters in the published count; the multiply-accumulates are all operations.
    "EfficientNetLite0": (1000, (224, 224, 3), 4_652_008 + 2 * 21_008, 407e6, 0.06),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_size_and_work_are_as_published(name: str, tmp_path: Path) -> None:
    classes, shape, parameters, macs, tolerance = PUBLISHED[name]
    network = build(name, classes).network
    assert sum(p.size for p in network.parameters()) == pytest.approx(parameters, rel=tolerance if macs > 50e6 else 0)
    export_program(network, tmp_path, shape)
    graph = load_graph(tmp_path)
    counted = sum(layer.operator.macs(graph.tensors[layer.output].shape) for layer in graph.layers)
    assert counted == pytest.approx(macs, rel=tolerance)
