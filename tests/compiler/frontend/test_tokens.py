"""Tokens and attention: the graph computes what Paddle's executor does, and moves nothing that need not be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import paddle
import pytest

from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.operators.tokens.product import Product
from paddle_cortexm.compiler.operators.weights.convolution import Convolution
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.static_programs import constant, conv, imported, linear, operators

functional = paddle.nn.functional
WIDTH = 12


def to_tokens(x: Any) -> Any:
    """(1, C, H, W) as (1, H * W, C)."""
    return paddle.transpose(paddle.flatten(x, 2), [0, 2, 1])


def to_image(height: int, width: int) -> Callable[[Any], Any]:
    return lambda x: paddle.reshape(paddle.transpose(x, [0, 2, 1]), [1, x.shape[2], height, width])


def norm(x: Any) -> Any:
    return paddle.nn.LayerNorm(x.shape[-1])(x)


def tokens_linear(outputs: int) -> Callable[[Any], Any]:
    return lambda x: paddle.nn.Linear(x.shape[-1], outputs)(x)


def attention(heads: int, bias: bool = False) -> Callable[[Any], Any]:
    """As vision transformers write it: queries, keys and values of one layer, of tokens in groups."""

    def attend(x: Any) -> Any:
        groups, count, width = x.shape
        depth = width // heads
        taken = paddle.reshape(tokens_linear(3 * width)(x), [groups, count, 3, heads, depth])
        q, k, v = (paddle.transpose(taken, [2, 0, 3, 1, 4])[i] for i in range(3))
        scores = paddle.matmul(q * depth**-0.5, paddle.transpose(k, [0, 1, 3, 2]))
        scores = scores + constant((heads, count, count)) if bias else scores
        mixed = paddle.matmul(functional.softmax(scores), v)
        return paddle.reshape(paddle.transpose(mixed, [0, 2, 1, 3]), [groups, count, width])

    return attend


def block(heads: int) -> Callable[[Any], Any]:
    def transformed(x: Any) -> Any:
        x = x + tokens_linear(WIDTH)(attention(heads)(norm(x)))
        return x + tokens_linear(WIDTH)(functional.relu(tokens_linear(2 * WIDTH)(norm(x))))

    return transformed


def products(graph: Graph) -> list[Product]:
    return [layer.operator for layer in graph.layers if isinstance(layer.operator, Product)]


BLOCK = ["LayerNorm", "Convolution", "Product", "Softmax", "Product", "Convolution", "Add"]
BLOCK += ["LayerNorm", "Convolution", "Convolution", "Add"]  # the relu is in the convolution


def test_a_transformer_block_between_convolutions_moves_nothing(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, WIDTH), to_tokens, block(3), to_image(8, 8), conv(WIDTH, 4, 3))
    assert operators(graph) == ["Convolution", *BLOCK, "Convolution"]
    assert {graph.output_of(x).shape[1:3] for x in graph.layers if isinstance(x.operator, Convolution)} == {
        (8, 8),
        (6, 6),
    }


def test_the_factor_of_the_queries_is_the_product_s(tmp_path: Path) -> None:
    graph = imported(tmp_path, conv(3, WIDTH), to_tokens, attention(3), linear_of_mean)
    assert [operator.factor for operator in products(graph)] == [0.5, 1.0]


def linear_of_mean(x: Any) -> Any:
    return linear(x.shape[-1], 3)(paddle.mean(x, axis=1))


def test_patches_of_an_image_are_groups_of_tokens(tmp_path: Path) -> None:
    """MobileViT attends to the pixels at one place of every patch of 2 x 2."""

    def unfolded(x: Any) -> Any:
        patches = paddle.transpose(paddle.reshape(x, [WIDTH * 4, 2, 4, 2]), [0, 2, 1, 3])
        patches = paddle.transpose(paddle.reshape(patches, [1, WIDTH, 16, 4]), [0, 3, 2, 1])
        return paddle.reshape(patches, [4, 16, WIDTH])

    def folded(x: Any) -> Any:
        patches = paddle.transpose(paddle.reshape(x, [1, 4, 16, WIDTH]), [0, 3, 2, 1])
        patches = paddle.transpose(paddle.reshape(patches, [WIDTH * 4, 4, 2, 2]), [0, 2, 1, 3])
        return paddle.reshape(patches, [1, WIDTH, 8, 8])

    graph = imported(tmp_path, conv(3, WIDTH), unfolded, block(2), folded, conv(WIDTH, 4, 3))
    assert operators(graph) == ["Convolution", "Pixels", *BLOCK, "Pixels", "Convolution"]
    assert [operator.sizes for operator in products(graph)] == [(4, 2, 16, 16), (4, 2, 16, 6)]


def test_batch_norm_of_tokens_goes_into_the_weights_before(tmp_path: Path) -> None:
    """As LeViT has it, between a flatten and a reshape."""

    def normalised(x: Any) -> Any:
        flat = paddle.nn.BatchNorm1D(x.shape[2])(paddle.flatten(x, 0, 1))
        return paddle.reshape(flat, x.shape)

    graph = imported(tmp_path, conv(3, 8), to_tokens, tokens_linear(6), normalised, linear_of_mean)
    assert operators(graph) == ["Convolution", "Convolution", "AveragePool", "FullyConnected"]


@pytest.mark.parametrize(
    "step",
    [
        lambda x: x + constant((1, 64, WIDTH)),
        lambda x: x * constant((WIDTH,)),
        lambda x: norm(x)[:, 3:40],
        lambda x: paddle.reshape(paddle.reshape(x, [1, 8, 8, WIDTH])[:, ::2, ::2], [1, 16, WIDTH]),
        lambda x: paddle.concat([x, functional.relu(x)], axis=2),
        attention(2, bias=True),
        lambda x: tokens_linear(5)(x)[:, :, 1:4],
    ],
    ids=["position", "gain", "some", "every second", "concat", "bias", "channels"],
)
def test_tokens(step: Callable[[Any], Any], tmp_path: Path) -> None:
    imported(tmp_path, conv(3, WIDTH), to_tokens, step, linear_of_mean)


def test_channels_last_between_images(tmp_path: Path) -> None:
    """ConvNeXt's block: an image is transposed for its norm and its linear layers, and back."""

    def blocked(x: Any) -> Any:
        made = paddle.transpose(conv(WIDTH, WIDTH, 3, groups=WIDTH, padding=1)(x), [0, 2, 3, 1])
        made = tokens_linear(WIDTH)(functional.relu(tokens_linear(20)(norm(made)))) * constant((WIDTH,))
        return x + paddle.transpose(made, [0, 3, 1, 2])

    graph = imported(tmp_path, conv(3, WIDTH), blocked, conv(WIDTH, 4, 3))
    made = ["DepthwiseConvolution", "LayerNorm", "Convolution", "Convolution", "Add"]
    assert operators(graph) == ["Convolution", *made, "Convolution"]


def test_the_first_token_of_all(tmp_path: Path) -> None:
    imported(tmp_path, conv(3, WIDTH), to_tokens, norm, lambda x: linear(WIDTH, 3)(x[:, 0]))


def test_a_layer_norm_over_more_than_the_channels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"layer_norm.*only the last"):
        imported(tmp_path, conv(3, WIDTH), to_tokens, lambda x: paddle.nn.LayerNorm([64, WIDTH])(x), linear_of_mean)


def test_an_image_operator_of_channels_last_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is an image, but a softmax"):
        imported(tmp_path, conv(3, 8), norm, conv(8, 4))
