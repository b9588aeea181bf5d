"""1x1, general and stem convolution and the fully connected layer: Helium == portable C == numpy reference."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_points
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.compiler.tensor import Tensor
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.layers import (
    Example,
    Random,
    bytes_of,
    example,
    saturating_layer,
    some_convolution,
    some_fully_connected,
)
from tests.compiler.backends.helium.rig.cases import Case

EPILOGUES = ({}, {"table": True}, {"add": True}, {"table": True, "add": True})


def assert_exact(run_on_helium: RunOnHelium, run_on_host: RunOnHost, examples: list[Example], rows: bool) -> None:
    """Every example, whole and (where it has rows) by rows, on both machines."""
    cases: list[tuple[Example, Case]] = [(e, e.case()) for e in examples]
    if rows:
        cases += [(e, e.row_case()) for e in examples if e.kernel().row_body is not None]
    for run in (run_on_host, run_on_helium):
        for (e, case), result in zip(cases, run([case for _, case in cases]), strict=True):
            wrong = int((result.output != e.expected).sum())
            what = f"{case.kernel.name}, {'rows' if case.rows else 'whole'}, {e.inputs[0].shape} -> {e.expected.shape}"
            assert wrong == 0, f"{what}: {wrong} of {e.expected.size} values differ"


def pointwise_examples(random: Random) -> Iterator[Example]:
    """Depths around the 16-value blocks, odd channel counts, pixels around the groups of 3."""
    depths = [1, 3, 4, 6, 8, 12, 15, 17, 24, 31, 33, 36, 49, 72, 100, 161, 300, *range(16, 290, 16)]
    for i, depth in enumerate(depths):
        channels = (1, 4, 6, 8, 12, 16, 17, 24, 36, 64, 70, 144)[i % 12]
        height, width = ((1, 2), (1, 3), (2, 2), (1, 5), (2, 3), (7, 7))[i % 6]
        operator = some_convolution(random, (depth, channels), Window(), **EPILOGUES[i // 3 % 4])
        yield example(random, operator, (1, height, width, depth))


def convolution_examples(random: Random) -> Iterator[Example]:
    """Windows of every kind: strides, one-sided and wide padding, kernels larger than the image."""
    windows = (
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (5, 4), (8, 5)),
        (Window((3, 3), (2, 2), (1, 1, 1, 1)), (7, 6), (16, 12)),
        (Window((3, 3), (2, 2), (0, 0, 1, 1)), (8, 8), (5, 6)),
        (Window((5, 5), (1, 1), (2, 2, 2, 2)), (3, 3), (4, 7)),
        (Window((7, 7), (2, 2), (3, 3, 3, 3)), (9, 8), (3, 10)),
        (Window((1, 1), (2, 2), (0, 0, 0, 0)), (7, 7), (33, 9)),
        (Window((1, 1), (2, 1), (0, 0, 0, 0)), (4, 6), (64, 17)),
        (Window((1, 1), (1, 1), (1, 1, 1, 1)), (2, 2), (20, 5)),
        (Window((1, 3), (1, 2), (0, 1, 0, 1)), (4, 7), (16, 4)),
        (Window((3, 1), (2, 1), (1, 0, 1, 0)), (5, 3), (18, 8)),
        (Window((2, 2), (2, 2), (0, 0, 0, 0)), (6, 6), (12, 66)),
        (Window((3, 3), (1, 1), (2, 2, 2, 2)), (1, 1), (6, 6)),
        # windows that lie wholly outside the image
        (Window((3, 3), (1, 1), (4, 4, 4, 4)), (2, 2), (6, 6)),
        (Window((1, 1), (1, 1), (2, 2, 2, 2)), (1, 3), (20, 4)),
        (Window((2, 5), (3, 2), (4, 7, 3, 9)), (2, 1), (7, 4)),
    )
    for i, (window, (height, width), channels) in enumerate(windows):
        operator = some_convolution(random, channels, window, **EPILOGUES[i % 4])
        yield example(random, operator, (1, height, width, channels[0]))


def stem_examples(random: Random) -> Iterator[Example]:
    windows = (
        (Window((3, 3), (2, 2), (1, 1, 1, 1)), (12, 12), (3, 32)),
        (Window((3, 3), (2, 2), (1, 1, 1, 1)), (9, 11), (3, 8)),
        (Window((3, 3), (2, 2), (0, 0, 1, 1)), (8, 10), (3, 6)),
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (2, 7), (1, 5)),
        (Window((5, 5), (2, 2), (2, 2, 2, 2)), (6, 6), (1, 12)),
        (Window((2, 4), (1, 1), (0, 3, 0, 3)), (4, 2), (4, 16)),
        (Window((3, 3), (2, 2), (1, 1, 1, 1)), (1, 1), (3, 4)),
        (Window((3, 3), (1, 1), (4, 4, 4, 4)), (2, 2), (3, 4)),  # windows wholly outside the image
    )
    for i, (window, (height, width), channels) in enumerate(windows):
        operator = some_convolution(random, channels, window, **EPILOGUES[i % 4])
        yield example(random, operator, (1, height, width, channels[0]))


def grouped_examples(random: Random) -> Iterator[Example]:
    """Groups of many widths, some filters a channel, dilations."""
    layers = (
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (5, 7), (32, 32), 2),
        (Window((3, 3), (2, 2), (1, 1, 1, 1)), (7, 9), (48, 48), 6),
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (4, 5), (24, 24), 6),
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (4, 5), (20, 30), 5),
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (3, 4), (18, 6), 3),
        (Window((3, 3), (1, 1), (1, 1, 1, 1)), (3, 4), (8, 224), 2),  # more channels than a call makes
        (Window((5, 5), (2, 2), (1, 2, 2, 1)), (6, 40), (32, 16), 4),  # more than one strip
        (Window(), (3, 7), (24, 40), 4),
        (Window(), (1, 1), (24, 40), 4),
        (Window((1, 1), (2, 2)), (7, 7), (36, 18), 9),
        (Window((1, 1), (2, 2), (1, 1, 0, 0)), (5, 5), (12, 12), 3),
        (Window((1, 3), (1, 2), (0, 1, 0, 1)), (4, 9), (8, 16), 8),
        (Window((5, 1), (2, 1), (2, 0, 2, 0)), (9, 3), (7, 21), 7),
        (Window((2, 2), (1, 1), (0, 0, 1, 1)), (4, 4), (16, 8), 4),
        (Window((3, 3), (1, 1), (2, 2, 2, 2), (2, 2)), (7, 6), (16, 12), 1),
        (Window((3, 2), (2, 2), (1, 3, 2, 0), (2, 3)), (9, 8), (5, 9), 1),
        (Window((3, 3), (1, 2), (4, 4, 4, 4), (4, 3)), (5, 9), (16, 16), 4),
        (Window((16, 2), (1, 1), (15, 0, 15, 0), (2, 1)), (3, 3), (6, 4), 2),  # the most rows
        (Window((3, 3), (1, 1), (6, 6, 6, 6), (2, 2)), (2, 2), (6, 6), 2),  # windows wholly outside the image
    )
    for i, (window, (height, width), channels, groups) in enumerate(layers):
        operator = some_convolution(random, channels, window, groups=groups, **EPILOGUES[i % 4])
        yield example(random, operator, (1, height, width, channels[0]))


def fully_connected_examples(random: Random) -> Iterator[Example]:
    sizes = ((1280, 10), (5, 3), (16, 16), (40, 7), (64, 100), (33, 4), (47, 2), (576, 17), (96, 24))
    for i, (inputs, outputs) in enumerate(sizes):
        operator = some_fully_connected(random, inputs, outputs, **EPILOGUES[i % 4])
        yield example(random, operator, (1, 1, 1, inputs))
    operator = some_convolution(random, (96, 24), Window())
    yield example(random, operator, (1, 1, 1, 96))  # as in squeeze-and-excitation


KINDS = {
    "pointwise": (pointwise_examples, {"helium_pointwise_s8"}),
    "general": (convolution_examples, {"helium_conv2d_s8"}),
    "grouped or dilated": (grouped_examples, {"helium_conv2d_s8"}),
    "stem": (stem_examples, {"helium_stem_s8"}),
    "fully connected": (fully_connected_examples, {"helium_fully_connected_s8"}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_random_layers_are_exact(kind: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    make, kernels = KINDS[kind]
    examples = list(make(np.random.default_rng(len(kind))))
    assert {e.kernel().name for e in examples} == kernels
    assert_exact(run_on_helium, run_on_host, examples, rows=True)


def test_nothing_is_read_in_front_of_inputs_or_behind_constants(run_on_helium: RunOnHelium) -> None:
    random = np.random.default_rng(12)
    examples = [e for make, _ in KINDS.values() for e in make(random)]
    cases = [(e, replace(case, guarded=True)) for e in examples for case in both(e)]
    for (e, case), result in zip(cases, run_on_helium([case for _, case in cases]), strict=True):
        assert np.array_equal(result.output, e.expected), case.kernel.name


def both(e: Example) -> list[Case]:
    """The whole layer and, where it has rows, by rows."""
    return [e.case()] if e.kernel().row_body is None else [e.case(), e.row_case()]


def test_gcc_makes_the_same_bits_as_clang(run_on_helium: RunOnHelium) -> None:
    random = np.random.default_rng(3)
    examples = [*pointwise_examples(random), *stem_examples(random), *fully_connected_examples(random)]
    for e, result in zip(examples, run_on_helium([e.case() for e in examples], compiler="gcc"), strict=True):
        assert np.array_equal(result.output, e.expected)


def extreme(operator: IntegerConvolution, scales: np.ndarray, weight: int) -> IntegerConvolution:
    """The operator with every weight the same, the given scales and the largest zero points."""
    multiplier, shift = fixed_points(scales)
    return replace(
        operator,
        weight=np.full_like(operator.weight, weight),
        input_zero_point=127,
        requantisation=Requantisation(multiplier, shift, 127),
    )


def test_extreme_values_and_scales_are_exact(run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    """All inputs -128, all weights largest; scales from 2^-30 (shift -30) to 2^29, 1/2 (shift 0) and 0 among them."""
    random = np.random.default_rng(11)
    scales = np.array([0.0, 2.0**-30, 1.9 * 2.0**-29, 1e-6, 0.3, 0.5, 0.75, 1.0, 3.7, 1000.0, 2.0**29, 1e-4])
    examples = []
    for weight, depth in ((-127, 1280), (127, 1280), (-128, 27), (1, 5)):
        operator = extreme(some_convolution(random, (depth, len(scales)), Window()), scales, weight)
        x = np.full((1, 2, 2, depth), -128, np.int8)
        examples.append(Example(operator, (x,)))
    assert_exact(run_on_helium, run_on_host, examples, rows=True)


def test_results_wider_than_32_bits_saturate(run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    x = bytes_of(np.random.default_rng(8), 1, 1, 1, 4)
    assert_exact(run_on_helium, run_on_host, [Example(saturating_layer(), (x,))], rows=False)


def test_small_sums_round_half_up_at_every_shift(run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    """One weight of 1 a channel: the sums are the inputs, scaled by powers of two, so that many are exactly halves."""
    scales = 2.0 ** np.arange(-12, 4)
    multiplier, shift = fixed_points(scales)
    operator = IntegerConvolution(
        np.ones((len(scales), 1, 1, 1), np.int8),
        np.zeros(len(scales), np.int32),
        Window(),
        0,
        Requantisation(multiplier, shift, 0),
    )
    x = np.arange(-128, 128).astype(np.int8).reshape(1, 16, 16, 1)
    assert_exact(run_on_helium, run_on_host, [Example(operator, (x,))], rows=False)


def test_the_residual_may_be_the_output_itself(run_on_host: RunOnHost, run_on_helium: RunOnHelium) -> None:
    """In place, each pixel is finished exactly once."""
    random = np.random.default_rng(5)
    operator = some_convolution(random, (40, 24), Window(), add=True)
    e = example(random, operator, (1, 7, 7, 40))
    case = e.case()
    in_place = case.kernel.body.replace("output, 49, scratch, input1", "output, 49, scratch, output")
    assert in_place != case.kernel.body
    copied = "    memcpy(output, input1, 49 * 24);\n" + in_place
    case = replace(case, kernel=replace(case.kernel, body=copied))
    for run in (run_on_host, run_on_helium):
        assert np.array_equal(run([case])[0].output, e.expected)


@pytest.mark.parametrize(("bias", "fits"), [(2**31 - 1 - 20 * 128, True), (2**31 - 20 * 128, False), (-(2**31), False)])
def test_a_bias_that_may_overflow_with_the_products_is_refused(bias: int, fits: bool) -> None:
    weight = np.resize(np.array([1, -1], np.int8), (1, 20))
    requantisation = Requantisation(np.array([2**30], np.int32), np.array([-20], np.int32), 0)
    operator = IntegerFullyConnected(weight, np.array([bias], np.int32), 0, requantisation)
    tensors = {"in": Tensor("in", (1, 1, 1, 20), "int8"), "out": Tensor("out", (1, 1, 1, 1), "int8")}
    layer = Layer(operator, ("in",), "out")
    answer = HeliumBackend().select(Graph("test", "in", "out", (layer,), tensors), layer)
    assert isinstance(answer, Kernel if fits else Rejection)


def test_one_scale_serves_all_channels() -> None:
    """A requantisation of length 1 packs as if it were repeated."""
    random = np.random.default_rng(2)
    operator = some_fully_connected(random, 20, 5)
    r = operator.requantisation
    one = replace(operator, requantisation=replace(r, multiplier=r.multiplier[:1], shift=r.shift[:1]))
    many = replace(
        operator,
        requantisation=replace(r, multiplier=r.multiplier[:1].repeat(5), shift=r.shift[:1].repeat(5)),
    )

    def packed(o: IntegerFullyConnected) -> list[bytes]:
        e = example(random, o, (1, 1, 1, 20))
        return [c.values.tobytes() for c in e.kernel().constants]

    assert packed(one) == packed(many)
