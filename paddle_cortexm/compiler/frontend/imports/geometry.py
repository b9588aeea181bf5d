"""Window geometry from Paddle's attributes."""

from __future__ import annotations

import math

from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator

Pair = tuple[int, int]
Padding = tuple[int, int, int, int]


def pair(op: PaddleOperator, attribute: str) -> Pair:
    """A (height, width) attribute."""
    height, width = op.attributes[attribute]
    return int(height), int(width)


def padding_of(op: PaddleOperator, size: Pair, kernel: Pair, stride: Pair) -> Padding:
    """(top, left, bottom, right) from Paddle's padding algorithm and its paddings of 2 or 4 elements.

    size: the input's height and width. Two elements are (height, width), four (top, bottom, left, right). SAME makes
    ceil(size / stride) outputs and puts the odd row or column at the end.
    """
    algorithm, given = op.attributes.get("padding_algorithm", "EXPLICIT"), [int(n) for n in op.attributes["paddings"]]
    if algorithm == "VALID":
        return 0, 0, 0, 0
    if algorithm == "SAME":
        total = [max(0, (math.ceil(n / s) - 1) * s + k - n) for n, k, s in zip(size, kernel, stride, strict=True)]
        return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2
    if len(given) == 2:
        return given[0], given[1], given[0], given[1]
    top, bottom, left, right = given
    return top, left, bottom, right


def dilation_of(op: PaddleOperator) -> Pair:
    """What Paddle dilates by: with the padding algorithm SAME it takes no notice of the attribute."""
    return (1, 1) if op.attributes.get("padding_algorithm") == "SAME" else pair(op, "dilations")
