"""Rendered pages: the same ones for the same seed, as many of each class, turned in PaddleClas's sense."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.data.image_list import read_list
from paddle_cortexm.measure.accuracy.pages import dataset
from paddle_cortexm.measure.accuracy.pages.camera import photographed
from paddle_cortexm.measure.accuracy.pages.typesetting import draw_page
from paddle_cortexm.target import MAXIMUM_SIDE


def test_the_same_seed_and_number_give_the_same_page() -> None:
    first, again, other = dataset.Page.drawn(7, 1), dataset.Page.drawn(7, 1), dataset.Page.drawn(8, 1)
    assert np.array_equal(first.photo, again.photo) and first.jpeg_quality == again.jpeg_quality
    assert first.photo.shape != other.photo.shape or not np.array_equal(first.photo, other.photo)


def test_a_page_of_class_one_lies_turned_clockwise_by_a_quarter() -> None:
    page = np.full((300, 200, 3), 255, np.uint8)
    page[:60] = 0  # a dark head
    photo = photographed(page, 1, np.random.default_rng(3)).astype(float).mean(axis=2)
    assert photo.shape == (200, 300)
    left, right = photo[60:140, 20:40].mean(), photo[60:140, 260:280].mean()
    assert right < left / 2


def test_a_page_is_a_frame_the_device_takes() -> None:
    for seed in range(8):
        page = np.asarray(draw_page(np.random.default_rng(seed)))
        assert page.dtype == np.uint8 and max(page.shape) <= MAXIMUM_SIDE and page.std() > 5


def test_the_lists_hold_as_many_pages_of_each_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dataset, "COUNTS", {"train_list.txt": 4, "val_list.txt": 8})
    folder = tmp_path / "pages"
    dataset.write_pages(folder, quiet=True)
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "labels.txt").read_text().split() == ["0", "90", "180", "270"]
    for name, each in (("train_list.txt", 1), ("val_list.txt", 2)):
        files = read_list(folder / name)
        assert Counter(files.targets.tolist()) == dict.fromkeys(range(4), each)
        assert all(path.is_file() for path in files.paths)
