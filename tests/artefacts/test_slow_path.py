"""What is left to C that TVM generates: its share, as planned and as counted, and when it is worth a note."""

from __future__ import annotations

import pytest

from paddle_cortexm.artefacts.model import PlannedLayer
from paddle_cortexm.artefacts.slow_path import planned_slow_path, slow_path
from tests.tiny_model import tiny_facts


def layers(*backends: str, **changes: object) -> list[PlannedLayer]:
    layer = tiny_facts().layers[0]
    return [layer.model_copy(update={"backend": backend, **changes}) for backend in backends]


@pytest.mark.parametrize(("cost", "is_noted"), [(20, False), (21, True)])
def test_more_than_two_percent_of_a_network_is_a_note(cost: int, is_noted: bool) -> None:
    text = slow_path(layers("helium", "tvm"), [1000 - cost, cost], "instructions").text
    assert text.startswith("note: ") == is_noted
    assert f"1 layer, {cost / 10:.1f}% of the instructions" in text and "1 sums" in text


def test_the_heaviest_comes_first_and_only_tvm_counts() -> None:
    path = slow_path(layers("tvm", "cmsis-nn", "tvm", "helium"), [5, 40, 15, 40], "instructions")
    assert [(layer.title, layer.share) for layer in path.layers] == [("2 sums", 0.15), ("0 sums", 0.05)]
    assert path.share == pytest.approx(0.2)


def test_without_such_layers_nothing_is_noted() -> None:
    path = slow_path(layers("helium"), [7], "instructions")
    assert (path.share, path.text) == (0, "no layer is left to tvm's C")


def test_a_plan_goes_by_estimates_where_every_layer_has_one() -> None:
    slow, fast = (layers(name, estimated_instructions=count)[0] for name, count in (("tvm", 900), ("helium", 100)))
    assert planned_slow_path([slow, fast]).summary == "1 layer, 90.0% of the estimated instructions"
    unknown = layers("helium")
    assert planned_slow_path([slow, *unknown]).summary == "1 layer, 50.0% of the MACs and values"
    pool = layers("tvm", macs=0, input_shapes=((1, 16, 16, 9),))
    assert planned_slow_path([*pool, *unknown]).share == pytest.approx(0.75)
