"""Operators of two operands, every broadcast, constants included: portable C and Helium give the operators' bits."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddle_cortexm.compiler.backends.helium import elementwise
from paddle_cortexm.compiler.backends.helium.parts.broadcast import broadcast_of
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.operators.elementwise.binary import FloatBinary, IntegerWithConstant, WithConstant
from paddle_cortexm.compiler.operators.elementwise.divide import Divide
from paddle_cortexm.compiler.operators.elementwise.extremum import Extremum
from paddle_cortexm.compiler.operators.elementwise.multiply import Multiply
from paddle_cortexm.compiler.operators.elementwise.subtract import Subtract
from paddle_cortexm.compiler.operators.parts.base import IntegerOperator
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import Grid, Shape
from tests.compiler.backends.helium.conftest import RunOnHelium, RunOnHost
from tests.compiler.backends.helium.examples.float_layers import FloatExample, Floats, Maker
from tests.compiler.backends.helium.examples.int8_cases import Expected, Int8, Random, expected_of, int8, layer_of
from tests.compiler.backends.helium.rig.cases import Rows

OPERATORS: dict[str, FloatBinary] = {
    "add": Add(),
    "clamped add": Add((0.0, None)),
    "subtract": Subtract(),
    "subtract exchanged": Subtract(exchanged=True, clamp=(-1.0, 1.0)),
    "multiply": Multiply(),
    "divide": Divide(),
    "divide exchanged": Divide(exchanged=True),
    "maximum": Extremum("maximum"),
    "minimum": Extremum("minimum"),
}
FIRST = (3, 5, 20)  # height, width, channels
SECONDS = [tuple(n if keep else 1 for n, keep in zip(FIRST, kept, strict=True)) for kept in product((1, 0), repeat=3)]
SHAPES = [*((FIRST, second) for second in SECONDS), ((2, 3, 33), (1, 1, 33)), ((4, 4, 3), (4, 4, 1)), ((1, 1, 7),) * 2]


def grid(random: Random) -> Grid:
    return Grid(float(random.uniform(0.005, 0.1)), int(random.integers(-128, 128)))


def every_pair() -> tuple[Int8, Int8]:
    """All 65536 pairs of int8 values."""
    values = np.arange(-128, 128, dtype=np.int8)
    return tuple(x.reshape(1, 64, 64, 16).copy() for x in np.meshgrid(values, values))  # type: ignore[return-value]


def twin(operator: FloatBinary, random: Random) -> IntegerOperator:
    made = operator.integer((grid(random), grid(random)), grid(random))
    assert isinstance(made, IntegerOperator)
    return made


def rows_of(first: Shape, second: Shape) -> tuple[Rows | None, ...]:
    return (None, Rows(Window())) if first[0] == second[0] else (None,)


def computed(operator: FloatBinary, random: Random) -> list[Expected]:
    cases = []
    for first, second in SHAPES:
        inputs = int8(random, 1, *first), int8(random, 1, *second)
        made = twin(operator, random)
        cases += [expected_of(elementwise.select, made, inputs, rows) for rows in rows_of(first, second)]
    return cases


def with_constants(operator: FloatBinary, random: Random) -> list[Expected]:
    cases = []
    for first, second in SHAPES:
        made = IntegerWithConstant(twin(operator, random), int8(random, 1, *second))
        row_wise = (None, Rows(Window())) if second[0] == 1 else (None,)
        cases += [expected_of(elementwise.select, made, (int8(random, 1, *first),), rows) for rows in row_wise]
    return cases


def check(results: list, cases: list[Expected]) -> None:
    for number, (result, (case, expected)) in enumerate(zip(results, cases, strict=True)):
        assert np.array_equal(result.output, expected), f"case {number}: {case.kernel.name}, {case.kernel.body}"


def all_cases() -> list[Expected]:
    random = np.random.default_rng(2)
    return [case for o in OPERATORS.values() for case in (*computed(o, random), *with_constants(o, random))]


def every_pair_of_values() -> list[Expected]:
    random = np.random.default_rng(3)
    kinds = (OPERATORS["subtract"], OPERATORS["multiply"], OPERATORS["divide"], OPERATORS["maximum"])
    return [expected_of(elementwise.select, twin(operator, random), every_pair()) for operator in kinds]


def products_of_any_scale() -> list[Expected]:
    """From 2**-24 to 2**2: with and without the instruction that narrows."""
    random = np.random.default_rng(4)
    cases = []
    for exponent in range(-24, 2):
        grids = Grid(float(random.uniform(0.5, 1.0)), -7), Grid(2.0**exponent, 100)
        operator = Multiply().integer(grids, Grid(1.0, int(random.integers(-128, 128))))
        for second in ((1, 9, 5, 40), (1, 1, 1, 40)):
            inputs = int8(random, 1, 9, 5, 40, extreme=exponent % 2 == 0), int8(random, *second)
            cases.append(expected_of(elementwise.select, operator, inputs))
    return cases


def test_portable_c_equals_the_definition(run_on_host: RunOnHost) -> None:
    cases = [*all_cases(), *every_pair_of_values(), *products_of_any_scale()]
    check(run_on_host([case for case, _ in cases]), cases)


def test_helium_equals_the_definition(run_on_helium: RunOnHelium) -> None:
    cases = [*all_cases(), *every_pair_of_values(), *products_of_any_scale()]
    check(run_on_helium([case for case, _ in cases]), cases)


def test_gcc_builds_the_same(run_on_helium: RunOnHelium) -> None:
    cases = [*all_cases(), *products_of_any_scale()]
    check(run_on_helium([case for case, _ in cases], compiler="gcc"), cases)


def test_nothing_is_read_in_front_of_inputs_or_behind_constants(run_on_helium: RunOnHelium) -> None:
    cases = [(replace(case, guarded=True), expected) for case, expected in all_cases() if case.kernel.constants]
    check(run_on_helium([case for case, _ in cases]), cases)


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_floats(dtype: str, run_on_helium: RunOnHelium, run_on_host: RunOnHost) -> None:
    """Helium gives the bits of portable C, both the reference's to rounding; rows are the rows of the whole layer."""
    made = float_examples(dtype)
    cases = [x.case() for x in made]
    rows = [x for x in made if x.case().kernel.row_body is not None]
    results = run_on_helium([*cases, *(x.row_case() for x in rows)])
    for example, ours, theirs in zip(made, results, run_on_host(cases), strict=False):
        tolerance = {"float32": 1e-6, "float16": 1e-3}[dtype]
        np.testing.assert_allclose(theirs.output, example.expected.astype(dtype), rtol=tolerance, atol=tolerance)
        assert ours.output.tobytes() == theirs.output.tobytes(), example.operator
    whole = {id(x): result for x, result in zip(made, results, strict=False)}
    for example, result in zip(rows, results[len(made) :], strict=True):
        assert result.output.tobytes() == whole[id(example)].output.tobytes(), example.operator


def float_examples(dtype: str) -> list[FloatExample]:
    """Every operator with every broadcast, and with a constant a channel."""
    m = Maker(dtype)

    def positive(shape: Shape) -> Floats:
        return (m.values(1, *shape) ** 2 + 0.5).astype(dtype)

    made = [FloatExample(o, tuple(map(positive, shapes))) for o, shapes in product(OPERATORS.values(), SHAPES)]
    constant = positive((1, 1, 20)).astype(np.float32)
    return [*made, *(FloatExample(WithConstant(o, constant), (positive(FIRST),)) for o in OPERATORS.values())]


lengths = st.integers(1, 4)


@given(st.tuples(lengths, lengths, lengths), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_the_loops_meet_every_element_with_its_partner(size: tuple[int, ...], kept: tuple[bool, ...]) -> None:
    first = (1, *size)
    second = (1, *(n if keep else 1 for n, keep in zip(size, kept, strict=True)))
    b, partners = broadcast_of(first, second), np.arange(np.prod(second)).reshape(second)
    met = [
        i * b.second_step + r * b.step + (0 if b.is_one else c)
        for i in range(b.times)
        for r in range(b.repeats)
        for c in range(b.count)
    ]
    np.testing.assert_array_equal(met, np.broadcast_to(partners, first).reshape(-1))


def test_a_factor_that_may_be_made_of_the_very_tensor_is_not_streamed() -> None:
    operator = twin(Multiply(), np.random.default_rng(0))
    for second, streamed in (
        ((1, 3, 5, 20), True),
        ((1, 3, 5, 1), True),
        ((1, 1, 1, 20), False),
        ((1, 1, 5, 20), False),
    ):
        kernel = elementwise.select(*layer_of(operator, ((1, 3, 5, 20), second), (1, 3, 5, 20)))
        assert isinstance(kernel, Kernel) and (kernel.row_body is not None) == streamed, second


def test_a_first_operand_that_is_broadcast_is_left_to_tvm() -> None:
    operator, random = Divide(), np.random.default_rng(0)
    shapes = ((1, 3, 1, 20), (1, 1, 5, 20))
    assert isinstance(elementwise.select(*layer_of(twin(operator, random), shapes, (1, 3, 5, 20))), Rejection)
