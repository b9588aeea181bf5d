"""The networks: what PaddleClas has of up to 8.2 M weights and 620 M multiply-accumulates at 224 x 224."""

from __future__ import annotations

from dataclasses import dataclass

USUAL_SIZE = 224


@dataclass(frozen=True)
class ZooNetwork:
    """A backbone by PaddleClas's name, and its input's side in pixels."""

    backbone: str
    image_size: int = USUAL_SIZE


def _widths(family: str, *widths: str) -> tuple[str, ...]:
    """The names of a family's members."""
    return tuple(f"{family}{width}" for width in widths)


# A family a line, its smallest member first: that one stands for it in the tests.
FAMILIES: tuple[tuple[str, ...], ...] = (
    _widths("MobileNetV1", "_x0_25", "_x0_5", "_x0_75", ""),
    _widths("MobileNetV2", "_x0_25", "_x0_5", "_x0_75", "", "_x1_5"),
    _widths("MobileNetV3_small", "_x0_35", "_x0_5", "_x0_75", "_x1_0", "_x1_25"),
    _widths("MobileNetV3_large", "_x0_35", "_x0_5", "_x0_75", "_x1_0", "_x1_25"),
    _widths("PPLCNet", "_x0_25", "_x0_35", "_x0_5", "_x0_75", "_x1_0", "_x1_5", "_x2_0"),
    _widths("PPLCNetV2", "_small", "_base"),
    _widths("ShuffleNetV2", "_x0_25", "_x0_33", "_x0_5", "_x1_0", "_x1_5", "_x2_0"),
    ("ShuffleNetV2_swish",),
    _widths("GhostNet", "_x0_5", "_x1_0", "_x1_3"),
    _widths("ESNet", "_x0_25", "_x0_5", "_x0_75", "_x1_0"),
    _widths("EfficientNet", "B0_small", "B0", "B1"),
    _widths("TinyNet", "_E", "_D", "_C", "_B", "_A"),
    _widths("MixNet", "_S", "_M", "_L"),
    _widths("MicroNet", "_M0", "_M1", "_M2", "_M3"),
    ("SqueezeNet1_1",),
    ("PeleeNet",),
    ("HarDNet39_ds",),
    _widths("DLA", "46_c", "46x_c", "60x_c"),
    _widths("RegNetX", "_200MF", "_400MF", "_600MF"),
    _widths("PPHGNetV2", "_B0", "_B1"),
    ("FasterNet_T0",),
    ("ReXNet_1_0",),
    _widths("MobileViT", "_XXS"),
    _widths("MobileViTV3", "_XXS"),
    ("PVT_V2_B0",),
    ("LeViT_128S",),
)
OTHER_SIZES = {"MobileViT_XXS": 256, "MobileViTV3_XXS": 256}
NETWORKS = tuple(ZooNetwork(name, OTHER_SIZES.get(name, USUAL_SIZE)) for family in FAMILIES for name in family)
