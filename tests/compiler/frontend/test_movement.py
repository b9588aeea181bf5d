"""Concat, split, slice, shuffle: the graph computes what Paddle's executor does, and moves as little as it can."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paddle
import pytest

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.movement.concat import Concat
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.static_programs import check_against_paddle, conv, imported, linear, operators

functional = paddle.nn.functional
NN = paddle.nn


def shuffled(x: Any, groups: int = 2) -> Any:
    """As PaddleClas's networks write it."""
    _, channels, height, width = x.shape
    grouped = paddle.reshape(x, [1, groups, channels // groups, height, width])
    return paddle.reshape(paddle.transpose(grouped, [0, 2, 1, 3, 4]), [1, channels, height, width])


def shuffle_unit(channels: int) -> Any:
    """A unit of ShuffleNetV2: half of the channels pass, the others are convolved, then they are shuffled."""

    def unit(x: Any) -> Any:
        passed, taken = paddle.split(x, 2, axis=1)
        branch = functional.relu(conv(channels // 2, channels // 2)(taken))
        return shuffled(paddle.concat([passed, branch], axis=1))

    return unit


def concats(graph: Graph) -> list[Concat]:
    return [layer.operator for layer in graph.layers if isinstance(layer.operator, Concat)]


def test_a_shuffle_goes_into_the_weights_behind_it(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 12), lambda x: shuffled(functional.hardswish(x), 3), conv(12, 5, 3))
    assert operators(graph) == ["Convolution", "hard_swish", "Convolution"]


def test_shuffle_units_move_runs_and_no_single_channels(tmp_path: Path) -> None:
    units = [shuffle_unit(48)] * 4
    graph = imported(tmp_path, conv(3, 48), *units, conv(48, 5))
    assert sum(len(operator.runs) for operator in concats(graph)) <= 30  # 192 channels one by one otherwise


def test_a_split_convolution_is_several(tmp_path: Path) -> None:
    def mixed(x: Any) -> Any:
        parts = paddle.split(functional.hardswish(conv(8, 12)(x)), [4, 6, 2], axis=1)
        made = [conv(p.shape[1], p.shape[1], 3, groups=p.shape[1], padding=1)(p) for p in parts]
        return paddle.concat(made, axis=1)

    graph = imported(tmp_path, conv(3, 8), mixed, conv(12, 4))
    parts = ["Convolution"] * 3 + ["hard_swish"] * 3 + ["DepthwiseConvolution"] * 3
    assert sorted(operators(graph)) == sorted(["Convolution", *parts, "Concat", "Convolution"])


def test_channels_that_are_assigned_to(tmp_path: Path) -> None:
    """ReXNet's residual goes to the first channels: the convolution is two, and one of them adds it."""
    block = Assigning()
    block.eval()
    spec = paddle.static.InputSpec([1, 3, 8, 8], "float32", "image")
    paddle.jit.save(block, str(tmp_path / "model"), input_spec=[spec])
    graph = check_against_paddle(tmp_path)
    assert operators(graph) == ["Convolution", "Convolution", "Add", "Convolution", "Concat", "Convolution"]


class Assigning(paddle.nn.Layer):  # type: ignore[misc]
    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = paddle.nn.Conv2D(3, 8, 1), paddle.nn.Conv2D(8, 12, 1)
        self.last = paddle.nn.Conv2D(12, 4, 1)

    def forward(self, x: Any) -> Any:
        before = self.first(x)
        after = self.second(before)
        after[:, 0:8] += before
        return self.last(after)


def test_nested_concats_are_one(tmp_path: Path) -> None:
    def dense(x: Any) -> Any:
        a, b, c = conv(8, 4)(x), conv(8, 5)(x), conv(8, 6)(x)
        return paddle.concat([paddle.concat([a, b], axis=1), c], axis=1)

    graph = imported(tmp_path, conv(3, 8), dense, conv(15, 4))
    assert [len(operator.runs) for operator in concats(graph)] == [3]


@pytest.mark.parametrize(
    "part",
    [
        lambda x: x[:, 2:5],
        lambda x: x[:, ::2],
        lambda x: x[:, :, 1:7, 2:],
        lambda x: x[:, 1:4, ::2, 1::3],
        lambda x: paddle.flip(x, [1]),
        lambda x: paddle.transpose(paddle.transpose(x, [0, 2, 3, 1]), [0, 3, 1, 2]),
        lambda x: paddle.squeeze(paddle.unsqueeze(x, 2), 2),
        lambda x: paddle.reshape(x, [1, 2, 4, 8, 8])[:, 1],
        lambda x: paddle.transpose(x, [0, 1, 3, 2]),
        lambda x: paddle.flip(x[:, ::2], [2]),
    ],
)
def test_any_part_of_an_image(part: Any, tmp_path: Path) -> None:
    imported(tmp_path, conv(3, 8), part, lambda x: conv(x.shape[1], 4)(x))


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_what_is_cut_off_a_convolution_is_not_computed(kernel: int, stride: int, tmp_path: Path) -> None:
    """As EfficientNet pads: on all sides, and then the first row and column go. The norm behind is folded still."""
    padded = conv(3, 8, kernel, stride=stride, padding=kernel - 1)
    graph = imported(tmp_path, padded, lambda x: NN.BatchNorm2D(8)(x[:, :, 1:, 1:]), shape=(1, 3, 9, 9))
    assert operators(graph) == ["Convolution"]


def test_a_shuffle_goes_into_the_weights_in_front_of_groups(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, 8), functional.relu, shuffled, conv(8, 8, groups=4), conv(8, 3))
    assert not concats(graph)


def test_a_shuffle_between_groups_stays(tmp_path: Path) -> None:
    """The weights of a grouped convolution cannot have its channels in any order."""
    graph = imported(tmp_path, conv(3, 8), conv(8, 8, groups=2), shuffled, conv(8, 8, groups=4), conv(8, 3))
    assert len(concats(graph)) == 1


def test_a_chain_of_movement_ends_in_a_vector(tmp_path: Path) -> None:
    imported(
        tmp_path, conv(3, 8), lambda x: paddle.flatten(paddle.squeeze(paddle.unsqueeze(x, 1), 1), 1), linear(512, 3)
    )


def test_a_vector_is_split_and_put_together(tmp_path: Path) -> None:
    def swapped(x: Any) -> Any:
        first, second = paddle.split(x, [3, 5], axis=1)
        return paddle.concat([second, functional.relu(first)], axis=1)

    pooled = lambda x: paddle.flatten(functional.adaptive_avg_pool2d(x, 1), 1)  # noqa: E731
    imported(tmp_path, conv(3, 8), pooled, swapped, linear(8, 3))


def test_movement_that_has_no_form_here_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"transpose2.*neither some channels and pixels"):
        imported(tmp_path, conv(3, 8), lambda x: paddle.transpose(x, [0, 2, 1, 3]), conv(8, 4))


def test_channels_in_order_have_the_values_of_channels_out_of_order(tmp_path: Path) -> None:
    """Through a pool and a depthwise convolution, which hand the order on."""
    graph = imported(
        tmp_path,
        conv(3, 12),
        lambda x: shuffled(functional.hardswish(x)),
        lambda x: functional.max_pool2d(conv(12, 12, 3, groups=12)(x), 2),
        conv(12, 5),
    )
    assert not concats(graph)
