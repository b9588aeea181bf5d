"""--explain takes the names that reports print and shows every tensor of a fused layer on its grid."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.errors import UserError
from paddle_cortexm.report.layer_comparison import Comparison
from paddle_cortexm.report.layer_explanation import describe, explanation, named_layer
from tests.quantisation.small_graphs import squeezed
from tests.report.comparisons import comparison_of

EVERYWHERE = (-float("inf"), float("inf"))


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    return comparison_of(tmp_path_factory.mktemp("squeezed"), squeezed())


def test_a_fused_layer_has_the_names_of_its_parts_and_the_one_that_is_printed(comparison: Comparison) -> None:
    printed = next(layer.title for layer in comparison.layers() if layer.output == "swish")
    for asked in ("stem", "swish", printed, printed.split(" ", 1)[1]):
        assert named_layer(asked, comparison).output == "swish"


@pytest.mark.parametrize("asked", ["", "swich"])
def test_an_unknown_layer_is_refused_with_the_known_ones(asked: str, comparison: Comparison) -> None:
    with pytest.raises(UserError, match=rf"no layer '{asked}'(?s:.*)swish: hard-swish(?s:.*)squeeze: "):
        named_layer(asked, comparison)


def test_the_tensor_inside_a_fused_layer_is_explained_too(comparison: Comparison) -> None:
    text = explanation(comparison, "swish")
    inside, result = text.index("(stem), inside the layer"), text.index("hard-swish of the input (swish), the result")
    assert inside < result and text.count("percentiles") == 2
    assert "beyond -3 ... inf all values are one to the next layer" in text[inside:result]
    assert "0.000% of the float values saturate" in text[inside:result]


def test_a_layer_in_floating_point_inside_another_is_said_to_be(tmp_path: Path) -> None:
    kept = comparison_of(tmp_path, squeezed(), keep_float=("stem", "swish"))
    assert "convolution 3×3/2 of the input (stem): computed in floating point" in explanation(kept, "stem")


def test_an_explanation_marks_what_lies_outside_the_grid() -> None:
    grid = Grid(0.01, -128)
    floats = np.array([0.5, 1.0, 2.0, 2.4, 5.1], np.float32)
    integers = grid.integers(floats).astype(np.float32)
    text = describe("conv", grid, integers, floats, EVERYWHERE)
    assert "grid     0 ... 2.55" in text and "20.000% of the float values saturate" in text
    assert any(line.startswith("  !") and "#" in line for line in text.splitlines())
    assert "0.000% of the float values saturate" in describe("conv", grid, integers, floats, (0.0, 2.5))
