"""`kernels: fastest`: the cheapest kernel a layer by the cost model, with the estimates in the reason."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from paddle_cortexm.artefacts.model import PlannedLayer
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.kernels import cost_model
from paddle_cortexm.compiler.kernels.cost_model import fitted_costs, quantities
from paddle_cortexm.compiler.kernels.fastest import FastestBackend, separate_layers
from paddle_cortexm.compiler.kernels.kernel import Kernel, KernelGraph
from paddle_cortexm.compiler.kernels.selection import select_kernels
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.bench.costs import fit, layer_samples, median_error
from tests.compiler.graphs import GraphBuilder, pointwise
from tests.compiler.kernels.backends import Knows, chosen, convolution_and_table

CONVOLUTION, FUSED, TABLE = "pointwise, IntegerConvolution", "pointwise, IntegerConvolution+table", "activation, Table"


def costing(monkeypatch: pytest.MonkeyPatch, costs: Mapping[str, int]) -> None:
    """Constant costs: {"one CONVOLUTION": instructions}, the backend's name in front."""
    names = {CONVOLUTION: "IntegerConvolution", FUSED: "IntegerConvolution+table", TABLE: "Table"}
    rows = {}
    for name, cost in costs.items():
        backend, layer = name.split(" ", 1)
        rows[f"{backend}_{names[layer]}, {layer}"] = [0, 0, 0, 0, 0, cost]
    monkeypatch.setattr(cost_model, "fitted_costs", lambda: rows)


def selected(*backends: Knows) -> KernelGraph:
    return select_kernels(convolution_and_table(), [FastestBackend(backends)])


def test_the_cheapest_kernel_wins_whatever_the_order(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = frozenset({"IntegerConvolution", "Table"})
    costing(monkeypatch, {f"one {CONVOLUTION}": 30, f"two {CONVOLUTION}": 20, f"one {TABLE}": 1, f"two {TABLE}": 2})
    result = selected(Knows("one", bare), Knows("two", bare))
    assert chosen(result) == ["two_IntegerConvolution", "one_Table"]
    assert "two 20, one 30" in result.kernels["mixed"].reason


@pytest.mark.parametrize(
    "known",
    [
        {f"two {CONVOLUTION}": 1},  # the preferred kernel's is unknown
        {f"one {CONVOLUTION}": 10**9},  # the other's is unknown
        {},
    ],
)
def test_without_an_estimate_the_order_of_preference_stays(
    known: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = frozenset({"IntegerConvolution", "Table"})
    costing(monkeypatch, known)
    result = selected(Knows("one", bare), Knows("two", bare))
    assert chosen(result) == ["one_IntegerConvolution", "one_Table"]
    assert "unknown" in result.kernels["mixed"].reason


def test_a_kernel_of_unknown_cost_does_not_keep_a_third_from_winning(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = frozenset({"IntegerConvolution", "Table"})
    costing(monkeypatch, {f"one {CONVOLUTION}": 30, f"three {CONVOLUTION}": 20})
    result = selected(Knows("one", bare), Knows("two", bare), Knows("three", bare))
    assert chosen(result)[0] == "three_IntegerConvolution"
    assert "three 20, one 30, two unknown" in result.kernels["mixed"].reason


@pytest.mark.parametrize(
    ("fused_cost", "layers"), [(24, ["one_IntegerConvolution+table"]), (26, ["two_IntegerConvolution", "one_Table"])]
)
def test_fusing_is_weighed_against_separate_layers(
    fused_cost: int, layers: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    costing(
        monkeypatch,
        {f"one {FUSED}": fused_cost, f"one {CONVOLUTION}": 40, f"two {CONVOLUTION}": 20, f"one {TABLE}": 5},
    )
    assert chosen(selected(Knows("one"), Knows("two", frozenset({"IntegerConvolution"})))) == layers


def test_fastest_takes_every_backend_on_this_machine() -> None:
    (fastest,) = backends_named(["fastest"])
    assert isinstance(fastest, FastestBackend)
    assert {"helium", "tvm"} <= {backend.name for backend in fastest.backends}


def test_a_fused_table_taken_apart_keeps_its_kind() -> None:
    graph = select_kernels(convolution_and_table(), [Knows("all")]).graph
    bare, table = separate_layers(graph.layers[0])
    assert (bare.operator.title, table.operator.title) == ("pointwise", "hard-swish")


def test_fastest_stands_alone() -> None:
    with pytest.raises(UserError, match="stands alone"):
        backends_named(["fastest", "helium"])


def test_the_committed_costs_know_the_helium_kernels_and_prefer_them_to_generated_c() -> None:
    (fastest,) = backends_named(["fastest"])
    builder = GraphBuilder((1, 14, 14, 64))
    builder.add("mixed", pointwise(np.ones((96, 64))), "image", shape=(1, 14, 14, 96))
    builder.add("sum", Add(), "mixed", "mixed")
    ranges = {"mixed": (-3.0, 3.0), "sum": (-6.0, 6.0)}
    graph = quantise_graph(builder.graph(), ranges, (-2.0, 2.0))
    kernel = fastest.select(graph, graph.layers[0])
    assert isinstance(kernel, Kernel) and kernel.name == "helium_pointwise_s8"
    assert kernel.reason.startswith("fewest estimated instructions: helium ")


def test_every_committed_row_has_six_factors_none_negative() -> None:
    assert fitted_costs()
    for name, factors in fitted_costs().items():
        assert len(factors) == len(quantities(0, (1, 1, 1, 1), (1, 1, 1, 1))) and min(factors) >= 0 < max(factors), name


def test_a_fit_finds_the_factors_that_made_the_samples() -> None:
    factors = np.array([0.75, 0.125, 2.0, 1.5, 30.0, 500.0])
    shapes = [(1, side, side, channels) for side in (1, 7, 14, 28) for channels in (8, 24, 96)]
    given = [quantities(depth * s[1] * s[2] * s[3], s, (1, 9, 9, depth)) for s in shapes for depth in (5, 16, 27)]
    samples = [(g, round(float(np.dot(factors, g)))) for g in given]
    assert median_error(fit(samples), samples) < 0.001


def test_a_layer_that_was_measured_is_a_sample_of_its_kernel_kind_and_operator() -> None:
    layer = PlannedLayer(
        name="a",
        title="pointwise a",
        operator="IntegerConvolution+add",
        kind="pointwise",
        inputs=("image", "b"),
        input_shapes=((1, 2, 3, 20), (1, 2, 3, 4)),
        output_shape=(1, 2, 3, 4),
        backend="helium",
        kernel="helium_pointwise_s8",
        reason="a test",
        macs=2 * 3 * 4 * 20,
        weight_bytes=80,
        activation_bytes=168,
        scratch_bytes=0,
    )
    ((name, sample),) = layer_samples([layer], [123])
    assert name == "helium_pointwise_s8, pointwise, IntegerConvolution+add"
    assert sample == ((48.0, 480.0, 24.0, 120.0, 6.0, 1.0), 123)
