"""Arithmetic of two tensors and with constants, imported: the layer graph computes what Paddle's executor does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import paddle
import paddle.nn.functional as functional
import pytest

from paddle_cortexm.compiler.frontend.imports import OPERATORS
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.paddle_programs import operator, program
from tests.compiler.frontend.static_programs import (
    constant,
    conv,
    imported,
    linear,
    operators,
    raw_operator,
)

NN = paddle.nn


def test_a_sum_of_two_tensors(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 4), lambda x: NN.Conv2D(4, 4, 1)(x) + x, NN.ReLU())
    assert operators(graph) == ["Convolution", "Convolution", "Add"]
    assert graph.layers[-1].operator.clamp == (0.0, None)  # type: ignore[union-attr]


def test_a_sum_of_a_tensor_and_itself(tmp_path: Path) -> None:
    assert operators(imported(tmp_path, conv(3, 4), lambda x: x + x)) == ["Convolution", "Add"]


@pytest.mark.parametrize("swapped", [True, False])
def test_one_factor_a_channel_is_the_second_input(swapped: bool, tmp_path: Path) -> None:
    def gate(x: Any) -> Any:
        factor = functional.hardsigmoid(functional.adaptive_avg_pool2d(x, 1))
        return factor * x if swapped else x * factor

    graph = imported(tmp_path, conv(3, 4), gate)
    shapes = [tensor.shape for tensor in graph.inputs_of(graph.layers[-1])]
    assert shapes == [(1, 8, 8, 4), (1, 1, 1, 4)]


def test_a_vector_as_factors_along_axis_0(tmp_path: Path) -> None:
    def gate(x: Any) -> Any:
        factor = paddle.flatten(functional.adaptive_avg_pool2d(x, 1), 1)
        return raw_operator("elementwise_mul", {"X": [x], "Y": [factor]}, {"axis": 0})

    assert operators(imported(tmp_path, conv(3, 4), gate)) == ["Convolution", "AveragePool", "Multiply"]


BINARY = {
    "add": paddle.add,
    "subtract": paddle.subtract,
    "multiply": paddle.multiply,
    "divide": paddle.divide,
    "maximum": paddle.maximum,
    "minimum": paddle.minimum,
}
each_binary = pytest.mark.parametrize("binary", BINARY.values(), ids=BINARY)
BROADCAST: dict[str, Any] = {
    "same shape": lambda x: x * x + 1.0,
    "a value a channel": lambda x: functional.adaptive_avg_pool2d(x, 1),
    "a value a column": lambda x: functional.adaptive_avg_pool2d(x, (1, 8)),
    "a value a pixel": conv(4, 1),
    "a scalar": lambda x: NN.AdaptiveAvgPool2D(1)(conv(4, 1)(x)),
}
CONSTANTS = {"image": (1, 4, 8, 8), "pixel": (1, 1, 8, 8), "columns": (8,), "scalar": (1,), "channel": (4, 1, 1)}


@each_binary
@pytest.mark.parametrize("exchanged", [False, True], ids=["", "exchanged"])
@pytest.mark.parametrize("other", BROADCAST)
def test_two_computed_operands_broadcast(binary: Any, other: str, exchanged: bool, tmp_path: Path) -> None:
    def both(x: Any) -> Any:
        second = functional.hardsigmoid(BROADCAST[other](x), offset=1.0)  # no denominator near 0
        first = functional.hardswish(x) + 0.5
        return binary(second, first) if exchanged else binary(first, second)

    imported(tmp_path, conv(3, 4), both)


@each_binary
@pytest.mark.parametrize("exchanged", [False, True], ids=["", "exchanged"])
@pytest.mark.parametrize("shape", CONSTANTS.values(), ids=CONSTANTS)
def test_an_operand_may_be_constant(binary: Any, shape: Any, exchanged: bool, tmp_path: Path) -> None:
    def with_constant(x: Any) -> Any:
        x = functional.hardsigmoid(x) + 0.5
        return binary(constant(shape), x) if exchanged else binary(x, constant(shape))

    imported(tmp_path, conv(3, 4), functional.relu, with_constant)


def test_a_constant_goes_with_a_flattened_image_element_by_element(tmp_path: Path) -> None:
    steps = conv(3, 5), NN.Flatten(), lambda x: paddle.maximum(x, constant((120,))), linear(120, 7)
    assert "WithConstant" in operators(imported(tmp_path, *steps, shape=(1, 3, 6, 4)))


def test_shapes_that_do_not_go_together_are_refused(tmp_path: Path) -> None:
    sides = {"X": "image", "Y": "made.c"}
    given = program(
        operator("elementwise_max", "made", **sides), shapes={"image": (1, 2, 4, 4)}, made_c=np.ones((3, 1, 1))
    )
    with pytest.raises(
        UserError, match=r"elementwise_max \(tensor 'made'\): the shapes \(1, 2, 4, 4\) and \(1, 3, 1, 1\)"
    ):
        RelaxBuilder(given).build(OPERATORS)
