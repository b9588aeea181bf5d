"""Functions of one value, imported: the layer graph computes what Paddle's executor does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paddle
import paddle.nn.functional as functional
import pytest

from paddle_cortexm.compiler.frontend.imports import OPERATORS
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.layers import to_graph
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from tests.compiler.frontend.paddle_programs import operator, program
from tests.compiler.frontend.static_programs import (
    constant,
    conv,
    imported,
    operators,
    raw_operator,
)

NN = paddle.nn


ACTIVATIONS: dict[str, Any] = {
    "relu": functional.relu,
    "relu6": functional.relu6,
    "clip": lambda x: paddle.clip(x, 0.0, 6.0),
    "clip elsewhere": lambda x: paddle.clip(x, -1.0, 2.0),
    "clip on one side": lambda x: paddle.clip(x, min=-1.0),
    "hard-tanh": functional.hardtanh,
    "leaky relu": lambda x: functional.leaky_relu(x, 0.2),
    "thresholded relu": lambda x: functional.thresholded_relu(x, 0.5),
    "hard-swish": functional.hardswish,
    "hard-sigmoid": functional.hardsigmoid,
    "sigmoid": functional.sigmoid,
    "silu": functional.silu,
    "swish": functional.swish,
    "swish of 1.5 x": lambda x: raw_operator("swish", {"X": [x]}, {"beta": 1.5}),
    "x * sigmoid(x)": lambda x: x * functional.sigmoid(x),
    "sigmoid(x) * x": lambda x: functional.sigmoid(x) * x,
    "tanh": functional.tanh,
    "gelu": functional.gelu,
    "gelu by tanh": lambda x: functional.gelu(x, approximate=True),
    "elu": lambda x: functional.elu(x, 0.7),
    "selu": functional.selu,
    "mish": functional.mish,
    "x * tanh(softplus(x))": lambda x: x * functional.tanh(functional.softplus(x)),
    "softplus": lambda x: functional.softplus(x, beta=2.0, threshold=15.0),
    "abs": paddle.abs,
    "square": paddle.square,
    "cube": lambda x: paddle.pow(x, 3.0),
    "pow of 2": lambda x: paddle.pow(x, 2.0),
    "exp": paddle.exp,
}
KINDS = {  # what becomes of those whose name is another
    "relu6": "relu6", "clip": "relu6", "clip elsewhere": "clip", "clip on one side": "clip",
    "hard-tanh": "clip", "silu": "swish", "swish of 1.5 x": "swish", "x * sigmoid(x)": "swish",
    "sigmoid(x) * x": "swish", "gelu by tanh": "gelu_tanh", "selu": "elu", "x * tanh(softplus(x))": "mish",
    "cube": "pow", "pow of 2": "square", "leaky relu": "leaky_relu", "thresholded relu": "thresholded_relu",
    "hard-swish": "hard_swish", "hard-sigmoid": "hard_sigmoid",
}  # fmt: skip


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name: str, tmp_path: Path) -> None:
    graph = imported(tmp_path, lambda x: functional.max_pool2d(x, 2), ACTIVATIONS[name])
    assert operators(graph) == ["MaxPool", KINDS.get(name, name)]


@pytest.mark.parametrize("name", ["relu", "relu6", "clip elsewhere", "clip on one side", "hard-tanh"])
def test_a_clamp_goes_into_the_convolution_before_it(name: str, tmp_path: Path) -> None:
    assert operators(imported(tmp_path, conv(3, 4), ACTIVATIONS[name])) == ["Convolution"]


@pytest.mark.parametrize("function", [paddle.sqrt, paddle.rsqrt, paddle.log], ids=["sqrt", "rsqrt", "log"])
def test_functions_of_what_is_positive(function: Any, tmp_path: Path) -> None:
    imported(tmp_path, lambda x: functional.softplus(x) + functional.softplus(x), function)


def test_attributes_that_paddle_3_leaves_unread_are_taken_as_they_stand() -> None:
    written = {"threshold": 5.0, "scale": 4.0, "offset": 2.0}
    relu6 = operator("relu6", "y", X="image", attributes={"threshold": 4.5})
    hard_swish = operator("hard_swish", "z", "Out", written, X="y")
    shapes = dict.fromkeys(("image", "y", "z"), (1, 3, 4, 4))
    graph = to_graph(RelaxBuilder(program(relu6, hard_swish, shapes=shapes)).build(OPERATORS), "bent")
    kinds = [layer.operator for layer in graph.layers]
    assert kinds == [Activation("clip", {"low": 0.0, "high": 4.5}), Activation("hard_swish", written)]


@pytest.mark.parametrize("mode", ["all", "channel"])
def test_prelu(mode: str, tmp_path: Path) -> None:
    def prelu(x: Any) -> Any:
        return functional.prelu(x, constant((1 if mode == "all" else 3,)))

    kind = "leaky_relu" if mode == "all" else "PRelu"
    assert operators(imported(tmp_path, lambda x: functional.max_pool2d(x, 2), prelu)) == ["MaxPool", kind]


def test_a_gate_of_another_tensor_is_no_swish(tmp_path: Path) -> None:
    gate = lambda x: x * functional.sigmoid(functional.max_pool2d(x, 3, 1, 1))  # noqa: E731
    assert operators(imported(tmp_path, conv(3, 4), gate)) == ["Convolution", "MaxPool", "sigmoid", "Multiply"]


def test_hard_sigmoid_keeps_its_slope_and_offset(tmp_path: Path) -> None:
    graph = imported(tmp_path, lambda x: functional.hardsigmoid(x, slope=0.2, offset=0.4))
    activation: Any = graph.layers[0].operator
    assert activation.parameters == pytest.approx({"slope": 0.2, "offset": 0.4})


@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (0.0, 4.0)])
def test_any_clip_fuses_into_a_convolution(bounds: tuple[float, float], tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 4), lambda x: paddle.clip(x, *bounds))
    assert graph.layers[-1].operator.clamp == bounds  # type: ignore[union-attr]
