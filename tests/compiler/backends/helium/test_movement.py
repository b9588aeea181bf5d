"""Concat, split and crop: portable C and Helium give the operators' bits, whole and row by row, in every type."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.helium import movement
from paddle_cortexm.compiler.operators.movement.concat import Concat, IntegerConcat, Run
from paddle_cortexm.compiler.operators.movement.crop import Crop
from paddle_cortexm.compiler.operators.parts.window import Window
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.int8_cases import Expected, Random, expected_of, int8
from tests.compiler.backends.helium.rig.cases import Rows

RUNS = (
    (Run(0, 0, 20), Run(1, 0, 33)),  # a concat
    (Run(1, 0, 33), Run(0, 0, 20)),
    (Run(0, 3, 16), Run(1, 5, 1), Run(0, 0, 3), Run(1, 17, 16)),
    (Run(0, 0, 20),),  # all of it
    (Run(0, 7, 11),),  # a split
    tuple(Run(0, channel, 1) for channel in (5, 0, 19, 7, 7)),  # a shuffle
    tuple(Run(0, 19 - channel, 1) for channel in range(20)),  # of more than a vector
)


def concats(random: Random) -> list[Expected]:
    """Inputs of 20 and 33 channels; as they are, and to another grid."""
    made = []
    for runs, converted, rows in product(RUNS, (False, True), (None, Rows(Window()))):
        inputs = (int8(random, 1, 3, 5, 20), int8(random, 1, 3, 5, 33))[: 1 + max(run.input for run in runs)]
        tables = tuple(int8(random, 256) if converted and i == 0 else None for i in range(len(inputs)))
        made.append(expected_of(movement.concat, IntegerConcat(runs, tables), inputs, rows))
    return made


def crops(random: Random) -> list[Expected]:
    made = []
    spans = (range(7), range(1, 6), range(0, 7, 2), range(2, 3), range(1, 7, 3))
    for rows, columns, channels in product(spans, spans[:3], (1, 18)):
        image = (int8(random, 1, 7, 7, channels),)
        crop = Crop(rows, columns)
        window = crop.window_over((1, 7, 7, channels))
        made += [expected_of(movement.crop, crop, image, r) for r in (None, Rows(window))]  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("expectations", [concats, crops])
def test_the_kernels_give_the_operators_bits(
    expectations: object, run_on_host: RunOnHost, run_on_helium: RunOnHelium
) -> None:
    cases, expected = zip(*expectations(np.random.default_rng(0)), strict=True)  # type: ignore[operator]
    for results in (run_on_host(cases), run_on_helium(cases), run_on_helium(cases, compiler="gcc")):
        for result, wanted in zip(results, expected, strict=True):
            np.testing.assert_array_equal(result.output, wanted)


def test_a_shuffled_channel_stands_where_it_should() -> None:
    image = np.arange(12, dtype=np.float32).reshape(1, 1, 2, 6)
    shuffled = Concat((Run(0, 0, 1), Run(0, 3, 1), Run(0, 1, 1))).evaluate([image])
    np.testing.assert_array_equal(shuffled, [[[[0, 3, 1], [6, 9, 7]]]])
