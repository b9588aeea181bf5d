"""Whole backbones in float32 and float16: every layer has a kernel of helium, and the host's C computes the network."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.kernels.plan import planned_layers
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.pipeline import in_float16
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.quantisation.networks.programs import export_program
from tests.compiler.frontend.backbones import trained_alike
from tests.compiler.frontend.static_programs import random_image
from tests.compiler.host import run_graph

FAMILIES = ("MobileNetV2_x0_25", "PPLCNet_x0_25")
PRECISIONS = ("fp32", "fp16")
SIZE = 64
# Largest difference from float32 in numpy, as a share of the largest logit.
TOLERANCE = {"fp32": 1e-5, "fp16": 2e-2}


@cache
def backbone(name: str) -> Graph:
    with TemporaryDirectory() as folder:
        export_program(trained_alike(name), Path(folder), (SIZE, SIZE, 3))
        return load_graph(Path(folder))


def network(name: str, precision: str) -> Graph:
    return in_float16(backbone(name)) if precision == "fp16" else backbone(name)


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FAMILIES)
def test_no_layer_falls_back_to_generated_loops(name: str, precision: str) -> None:
    selected = select_kernels(network(name, precision), [HeliumBackend()])
    layers = planned_layers(selected)
    assert {layer.backend for layer in layers} == {"helium"}
    operators = Counter(layer.operator for layer in layers)
    assert operators["Add"] + operators["Activation"] == 0  # all in the epilogues of convolutions
    assert operators["DepthwiseConvolution+activation" if "PPLCNet" in name else "Convolution+add"] > 9


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("name", FAMILIES)
def test_the_host_s_c_computes_the_network(name: str, precision: str, tmp_path: Path) -> None:
    graph = network(name, precision)
    image = random_image((1, SIZE, SIZE, 3)).astype(graph.tensors[graph.input].dtype)
    output = run_graph(tmp_path, graph, [HeliumBackend()], image).astype(np.float32)
    expected = run_float(backbone(name), image.astype(np.float32))[graph.output].reshape(output.shape)
    assert np.abs(output - expected).max() <= TOLERANCE[precision] * np.abs(expected).max()
    assert output.argmax() == expected.argmax()


def test_in_float16_every_tensor_is_half() -> None:
    half = in_float16(backbone(FAMILIES[0]))
    assert {tensor.dtype for tensor in half.tensors.values()} == {"float16"}
    assert replace(half, tensors=backbone(FAMILIES[0]).tensors) == backbone(FAMILIES[0])
