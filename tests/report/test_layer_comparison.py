"""The per-layer report reads its images as stage 2 does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.compiler.tensor import Grid
from paddle_cortexm.config import Config, Data, Model
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.report.layer_comparison import MOST_IMAGES, comparison_images


def photos(folder: Path) -> Config:
    """A config of 520 small photos; 104 of them are its calibration split."""
    for name in ("cat", "dog"):
        (folder / name).mkdir()
        for number in range(260):
            Image.fromarray(np.full((20, 24, 3), 100, np.uint8)).save(folder / name / f"{number}.png")
    data = Data(kind="folder", path=folder, calibration_images=104)
    return Config(name="test", model=Model(backbone="PPLCNet_x0_25", image_size=16), data=data)


def test_an_unreadable_calibration_image_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = photos(tmp_path)
    calibration = open_splits(config).calibration
    broken = Path(calibration.name(7))
    broken.write_bytes(b"not a picture")
    images = list(comparison_images(config, calibration, Grid(0.02, 0)))
    assert len(images) == MOST_IMAGES and images[0][1].shape == (1, 16, 16, 3)
    assert "1 of 104 images cannot be used" in (said := capsys.readouterr().out) and broken.name in said
