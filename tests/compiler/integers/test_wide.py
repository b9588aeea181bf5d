"""Which tensors may be int16: linear block outputs, all that additions tie together, and the logits."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.wide import LARGEST_SUM, check_sums, check_wide, logits_of, wide_groups
from paddle_cortexm.compiler.operators.elementwise.activation import Activation
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.compiler.operators.weights.weighted import BIAS_LIMIT
from paddle_cortexm.errors import UserError
from tests.compiler.graphs import GraphBuilder, pointwise
from tests.compiler.wide_networks import BLOCK_OUTPUTS, LOGITS, SAME, float_blocks

LINEAR = pointwise(np.ones((3, 3)))
BENT = replace(LINEAR, clamp=(0.0, None))


def chain(**operators: object) -> Graph:
    """image -> one operator after the other; an Add has the result before the last one as its second input."""
    builder = GraphBuilder((1, 2, 2, 3))
    names = ["image"]
    for name, operator in operators.items():
        inputs = names[-1:] + (names[-2:-1] if isinstance(operator, Add) else [])
        outputs = operator.weight.shape[0] if isinstance(operator, Convolution) else 3
        names.append(builder.add(name, operator, *inputs, shape=(1, 2, 2, outputs)))  # type: ignore[arg-type]
    return builder.graph()


def test_a_mobilenetv2s_groups_are_its_block_outputs_what_depthwise_convolutions_make_and_the_logits() -> None:
    assert wide_groups(float_blocks()) == (BLOCK_OUTPUTS, ("depthwise2",), (LOGITS,))


def test_the_largest_sum_just_fits_32_bits() -> None:
    assert BIAS_LIMIT + LARGEST_SUM * 16383 <= 2**31 - 1 < BIAS_LIMIT + (LARGEST_SUM + 1) * 16383


def test_logits_may_be_a_pointwise_convolutions_and_flattened() -> None:
    graph = chain(stem=BENT, made=LINEAR, flat=Reshape())
    assert logits_of(graph) == "made"
    assert wide_groups(graph) == (("made",),)


@pytest.mark.parametrize(
    ("operators", "reason"),
    [
        ({"made": BENT, "read": BENT}, "'pointwise of the input' (made) has an activation"),
        (
            {"made": replace(LINEAR, window=SAME), "read": BENT},
            "(made) cannot make int16: only a 1×1 convolution",
        ),
        ({"made": LINEAR, "read": Activation("hard_swish")}, "(read) reads made and cannot read int16"),
        ({"made": LINEAR, "read": replace(BENT, window=SAME)}, "(read) reads made and cannot read int16"),
        ({"stem": BENT, "made": LINEAR, "read": Add()}, "'pointwise of the input' (stem) has an activation"),
        ({"stem": LINEAR, "made": Add(), "read": BENT}, "(made) adds the image"),
        ({"stem": LINEAR, "made": LINEAR, "read": Add((0.0, None)), "next": BENT}, "(read) has an activation"),
    ],
)
def test_any_other_tensor_is_refused_with_the_reason(operators: dict[str, object], reason: str) -> None:
    graph = chain(**operators)
    assert not any("made" in group for group in wide_groups(graph))
    with pytest.raises(UserError) as error:
        check_wide(graph, ["made"])
    assert str(error.value).startswith("ranges.json: 16 bits for made, but ")
    assert reason in str(error.value)


@pytest.mark.parametrize(
    ("depth", "others", "allowed"), [(774, 1, True), (775, 1, False), (1535, 0.5, True), (1536, 0.5, False)]
)
def test_readers_weights_decide_how_deep_they_may_be(depth: int, others: float, allowed: bool) -> None:
    weight = np.full((3, depth), others)
    weight[:, 0] = 1
    graph = chain(made=pointwise(np.ones((depth, 3))), read=replace(pointwise(weight), clamp=(0.0, 6.0)))
    assert (("made",) in wide_groups(graph)) == allowed


def test_integer_weights_whose_sums_may_leave_32_bits_are_refused() -> None:
    graph = chain(made=LINEAR, read=BENT)
    weight = np.full((2, 1, 1, 775), -127, np.int8)
    check_sums(graph, graph.layers[1], weight[..., :774])
    with pytest.raises(UserError, match=r"(?s)\(read\): its weights are too large .* bits of made to 8 in ranges.json"):
        check_sums(graph, graph.layers[1], weight)


def test_a_part_of_what_additions_tie_is_refused() -> None:
    expected = "ranges.json: 16 bits for project1 alone. Additions tie project1, project2, sum: give all of them 16"
    with pytest.raises(UserError, match=expected):
        check_wide(float_blocks(), ["project1"])


def test_a_tensor_that_no_layer_makes_is_refused() -> None:
    with pytest.raises(UserError, match="16 bits for sums, which no layer of the graph makes"):
        check_wide(float_blocks(), ["sums"])


def test_all_groups_at_once_are_accepted() -> None:
    check_wide(float_blocks(), [*BLOCK_OUTPUTS, LOGITS])
