"""Rendered lines of text: the same ones every time, as many of each class, upside down where the class says so."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.config import Config
from paddle_cortexm.data import text_lines
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.data.text_lines import CLASSES, TextLines
from paddle_cortexm.target import MAXIMUM_SIDE

CONFIG = Config.model_validate(
    {
        "name": "lines",
        "model": {"backbone": "PPLCNet_x0_25"},
        "data": {"kind": "text_lines", "train_images": 12, "validation_images": 8, "calibration_images": 6},
    }
)


def test_the_splits_have_the_configs_counts_and_no_line_in_common() -> None:
    splits = open_splits(CONFIG)
    parts = (splits.train, splits.validation, splits.calibration)
    assert splits.class_names == CLASSES and [len(part.targets) for part in parts] == [12, 8, 6]
    lines = [part.read(index).tobytes() for part in parts for index in range(len(part.targets))]
    assert len(set(lines)) == len(lines)


def test_both_classes_have_as_many_lines() -> None:
    assert np.bincount(open_splits(CONFIG).train.targets).tolist() == [6, 6]


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), index=st.integers(0, 5999))
def test_a_line_is_the_same_every_time_and_a_frame_the_device_takes(seed: int, index: int) -> None:
    line, again = (TextLines(6000, seed, 1).read(index) for _ in range(2))
    assert np.array_equal(line, again)
    assert line.dtype == np.uint8 and line.shape[2] == 3 and max(line.shape) <= MAXIMUM_SIDE and line.std() > 5


def test_every_second_line_is_upside_down(monkeypatch: pytest.MonkeyPatch) -> None:
    typeset = np.arange(18, dtype=np.float32).reshape(2, 3, 3)
    monkeypatch.setattr(text_lines, "_typeset", lambda random: typeset)
    monkeypatch.setattr(text_lines, "exposed", lambda drawn, random: drawn.astype(np.uint8))
    lines = TextLines(2, 0, 0)
    assert np.array_equal(lines.read(0), typeset) and np.array_equal(lines.read(1), typeset[::-1, ::-1])
