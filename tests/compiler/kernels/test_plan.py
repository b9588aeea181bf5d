"""The plan on the screen."""

from __future__ import annotations

import pytest

from paddle_cortexm.artefacts.model import PlannedLayer
from paddle_cortexm.compiler.kernels.plan import plan_table


def layer(name: str, kernel: str, reason: str) -> PlannedLayer:
    return PlannedLayer(
        name=name,
        title=f"depthwise 3×3 {name}",
        operator="IntegerDepthwiseConvolution+table+add",
        kind="depthwise 3x3",
        inputs=("x",),
        input_shapes=((1, 112, 112, 32),),
        output_shape=(1, 56, 56, 32),
        backend="helium",
        kernel=kernel,
        reason=reason,
        macs=903_168,
        weight_bytes=416,
        activation_bytes=501_760,
        scratch_bytes=1_040,
    )


LAYERS = [layer(f"blocks{i}.dw_conv", "helium_depthwise_window_s8", "a window in a vector") for i in range(3)]


def test_the_table_has_shapes_bytes_and_every_reason_once() -> None:
    text = plan_table([*LAYERS, layer("pool", "helium_average_pool_s8", "16 channels a vector")], 200)
    for word in ("112x112x32", "56x56x32", "903,168", "416", "501,760", "1,040", "2 depthwise 3×3 blocks2.dw_conv"):
        assert word in text
    assert text.splitlines()[-3:] == [
        "   3 x helium_depthwise_window_s8: a window in a vector",
        "   1 x helium_average_pool_s8: 16 channels a vector",
        "no layer is left to tvm's C",
    ]


@pytest.mark.parametrize("width", [120, 130, 140])
def test_the_table_fits_the_screen(width: int) -> None:
    rows = plan_table(LAYERS, width).split("\n\n")[0].splitlines()
    assert max(map(len, rows)) <= width and len({len(row) for row in rows}) == 1


def test_what_is_left_to_tvm_is_listed_with_its_share() -> None:
    slow = layer("pool", "tvm_IntegerMaxPool", "generated").model_copy(update={"backend": "tvm"})
    assert plan_table([*LAYERS, slow], 200).splitlines()[-2:] == [
        "note: left to tvm's C: 1 layer, 25.0% of the MACs and values",
        "  25.0%  3 depthwise 3×3 pool  tvm_IntegerMaxPool",
    ]
