"""The measured figures name the layer that was spoilt, not those that inherit its noise."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.artefacts.layers import LayerQuality, worst
from paddle_cortexm.report.layer_measurement import compare_layers
from paddle_cortexm.report.plots import save_layer_quality
from tests.quantisation.small_graphs import block, squeezed
from tests.report.comparisons import comparison_of


def qualities_of(folder: Path, *arguments: object, **options: object) -> dict[str, LayerQuality]:
    comparison = comparison_of(folder, *arguments, **options)  # type: ignore[arg-type]
    measured = compare_layers(comparison.model, comparison.reference, comparison.rounded, comparison.images)
    return {quality.name: quality for quality in measured}


def test_a_layer_with_a_range_too_narrow_is_named_and_the_next_ones_are_not(tmp_path: Path) -> None:
    found = qualities_of(tmp_path, block(), ranges={"depthwise": (0.0, 0.5)})
    blamed = worst(list(found.values()))[0]
    assert blamed.name == "depthwise" and blamed.reason.startswith("range of depthwise 3×3 of the input too narrow")
    assert found["sum"].own > 30 and found["sum"].sqnr < found["sum"].own - 6


def test_the_range_of_a_tensor_that_fusion_hides_is_named(tmp_path: Path) -> None:
    found = qualities_of(tmp_path, squeezed(), ranges={"stem": (-0.1, 0.1)})
    assert found["swish"].parts == ("stem", "swish")
    assert found["swish"].reason.startswith("range of convolution 3×3/2 of the input too narrow")
    assert worst(list(found.values()))[0].name == "swish"


def test_a_convolution_before_a_hard_swish_in_float_is_not_blamed_for_its_cut(tmp_path: Path) -> None:
    found = qualities_of(tmp_path, squeezed(), keep_float=("swish",))
    assert found["stem"].parts == ("stem",)
    assert found["stem"].grids[0].saturated == 0 and found["stem"].own > 30


def test_a_layer_that_only_moves_values_adds_no_noise(tmp_path: Path) -> None:
    found = qualities_of(tmp_path, squeezed())
    assert (
        found["pool"].own == float("inf")
        and found["pool"].grids == ()
        and found["pool"].sqnr == pytest.approx(found["pool"].inherited, abs=10)
    )
    assert found["logits"].title.endswith("fully connected of the input")


def test_the_picture_takes_layers_without_noise(tmp_path: Path) -> None:
    save_layer_quality(tmp_path / "layers.png", list(qualities_of(tmp_path, squeezed()).values()), "test")
    assert (tmp_path / "layers.png").stat().st_size > 10_000


def test_int16_is_measured_against_its_own_ends(tmp_path: Path) -> None:
    quality = qualities_of(tmp_path, block(), wide=("logits",))["logits"]
    assert quality.grids[0].saturated == 0 and 0.5 < quality.grids[0].used <= 1
