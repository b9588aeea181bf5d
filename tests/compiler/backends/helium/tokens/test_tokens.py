"""Softmax, layer norm and products of attention: Helium gives the bits of portable C, and those the reference's."""

from __future__ import annotations

from itertools import product as every

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.compiler.backends.helium import movement
from paddle_cortexm.compiler.backends.helium.tokens import integers as tokens
from paddle_cortexm.compiler.operators.movement.pixels import Pixels
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.tokens.layer_norm import LayerNorm
from paddle_cortexm.compiler.operators.tokens.product import Product
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.operators.tokens.view import View
from paddle_cortexm.compiler.tensor import Grid
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.float_layers import FloatExample, Maker
from tests.compiler.backends.helium.examples.int8_cases import Expected, Random, expected_of, int8
from tests.compiler.backends.helium.rig.cases import Rows

WHOLE_AND_ROWS = (None, Rows(Window()))
Int8 = NDArray[np.int8]


def flat_and_extreme(random: Random, channels: int) -> list[Int8]:
    """Random values, ends only, and pixels of one value: a variance of 0."""
    pixels = np.repeat(int8(random, 1, 2, 3, 1), channels, 3)
    return [int8(random, 1, 2, 3, channels), int8(random, 1, 2, 3, channels, extreme=True), pixels]


def softmaxes(random: Random) -> list[Expected]:
    made = []
    for channels, (source, result) in every(
        (1, 4, 7, 49, 196), ((Grid(0.05, 3), Grid(1 / 255, -128)), (Grid(0.8, -20), Grid(1 / 127, 0)))
    ):
        operator = Softmax().integer([source], result)
        for x in flat_and_extreme(random, channels):
            made += [expected_of(tokens.softmax, operator, (x,), rows) for rows in WHOLE_AND_ROWS]
    return made


def layer_norms(random: Random) -> list[Expected]:
    made = []
    for channels, epsilon in every((1, 3, 16, 21, 160), (1e-6, 1e-5, 10.0)):
        gain, offset = random.normal(0, 2, channels), random.normal(0, 1, channels)
        gain[channels // 2] = 0
        norm = LayerNorm(gain.astype(np.float32), offset.astype(np.float32), epsilon)
        operator = norm.integer([Grid(0.04, 17)], Grid(0.05, -9))
        assert operator is not None
        for x in flat_and_extreme(random, channels):
            made += [expected_of(tokens.layer_norm, operator, (x,), rows) for rows in WHOLE_AND_ROWS]
    return made


Attention = tuple[Product, Product, tuple[int, ...], tuple[int, ...]]


def attention(groups: int, heads: int, rows: int, columns: int, depth: int) -> Attention:
    """Scores of tokens with tokens, (groups, rows, heads * depth) each, scores times values, back to tokens; the shapes
    of the queries, and of keys and values, which stand behind each other."""
    width = heads * depth
    queries = View(0, (rows * width, depth, width, 1))
    keys = View(0, (columns * 2 * width, depth, 2 * width, 1))
    values = View(width, (columns * 2 * width, depth, 1, 2 * width))
    scores = View(0, (heads * rows * columns, rows * columns, columns, 1))
    scored = (1, groups * heads, rows, columns)
    shapes = (1, groups, rows, width), (1, groups, columns, 2 * width)
    first = Product((groups, heads, rows, columns), depth, queries, keys, scores, scored, 0.25)
    second = Product((groups, heads, rows, depth), columns, scores, values, queries, shapes[0])
    return first, second, *shapes


SIZES = (1, 1, 3, 4, 16), (1, 3, 5, 7, 20), (2, 2, 6, 9, 33), (1, 2, 4, 1, 5)


def products(random: Random) -> list[Expected]:
    made = []
    for sizes, output in every(SIZES, (Grid(0.2, 5), Grid(1e-4, 0))):
        first, second, queries, both = attention(*sizes)
        a = first.integer([Grid(0.05, -3), Grid(0.1, 40)], output)
        b = second.integer([Grid(1 / 255, -128), Grid(0.1, 40)], output)
        assert a is not None and b is not None
        keys = int8(random, *both)
        made.append(expected_of(tokens.product, a, (int8(random, *queries), keys)))
        made.append(expected_of(tokens.product, b, (int8(random, *first.shape), keys)))
    return made


def pixels(random: Random) -> list[Expected]:
    chosen = random.integers(0, 12, (2, 5))
    return [expected_of(movement.pixels, Pixels(chosen), (int8(random, 1, 3, 4, c),)) for c in (1, 9)]  # type: ignore[arg-type]


@pytest.mark.parametrize("expectations", [softmaxes, layer_norms, products, pixels])
def test_the_kernels_give_the_operators_bits(
    expectations: object, run_on_host: RunOnHost, run_on_helium: RunOnHelium
) -> None:
    cases, expected = zip(*expectations(np.random.default_rng(0)), strict=True)  # type: ignore[operator]
    for results in (run_on_host(cases), run_on_helium(cases), run_on_helium(cases, compiler="gcc")):
        for result, wanted in zip(results, expected, strict=True):
            np.testing.assert_array_equal(result.output, wanted)


def float_examples(m: Maker) -> list[FloatExample]:
    made = [FloatExample(Softmax(), (m.values(1, 2, 3, c, spread=4.0),)) for c in (1, 4, 7, 49)]
    for c in (1, 3, 16, 21):
        norm = LayerNorm(m.parameters(c, depth=1), m.parameters(c, depth=1), 1e-5)
        made.append(FloatExample(norm, (m.values(1, 2, 3, c) + m.values(1),)))
    for sizes in SIZES:
        first, second, queries, both = attention(*sizes)
        made.append(FloatExample(first, (m.values(*queries), m.values(*both))))
        made.append(FloatExample(second, (m.values(*first.shape), m.values(*both))))
    return [*made, FloatExample(Pixels(np.array([[3, 0, 5]])), (m.values(1, 2, 3, 5),))]


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float16", 2e-3)])
def test_float_kernels_give_the_same_bits(
    dtype: str, tolerance: float, run_on_helium: RunOnHelium, run_on_host: RunOnHost
) -> None:
    made = float_examples(Maker(dtype))
    cases = [example.case() for example in made]
    cases += [example.row_case() for example in made if isinstance(example.operator, Softmax | LayerNorm)]
    expected = [x.expected for x in made]
    expected += [x.expected for x in made if isinstance(x.operator, Softmax | LayerNorm)]
    for wanted, ours, theirs in zip(expected, run_on_helium(cases), run_on_host(cases), strict=True):
        assert ours.output.tobytes() == theirs.output.tobytes()
        np.testing.assert_allclose(
            theirs.output.astype(np.float32), wanted, rtol=0, atol=tolerance * np.abs(wanted).max()
        )
