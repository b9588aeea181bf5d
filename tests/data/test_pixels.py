"""Images that cannot be read: a few are left out and named, more stop the run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.data import pixels as module
from paddle_cortexm.data.pixels import HeldPixels, Pixels, StreamedPixels, load_pixels, network_input, open_pixels
from paddle_cortexm.data.preprocessing import apply_table
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.image_input import ImageInput
from tests.data.photos import class_folders, config, photo

SMALL = ImageInput((16, 16), (16, 16))


@pytest.fixture
def both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[HeldPixels, StreamedPixels]:
    """201 photos, one of them unreadable, in memory and streamed."""
    for number in range(201):
        photo(tmp_path / "train" / "cat" / f"{number}.png", number)
    class_folders(tmp_path / "val", 1, ("cat",))
    (tmp_path / "train" / "cat" / "7.png").write_bytes(b"not a picture")
    split = open_splits(config(tmp_path, calibration_images=1)).train
    held = open_pixels(split, SMALL, "images", quiet=True)
    monkeypatch.setattr(module, "MOST_HELD", 1000)
    streamed = open_pixels(split, SMALL, "images", quiet=True)
    assert isinstance(held, HeldPixels) and isinstance(streamed, StreamedPixels)
    return held, streamed


def all_of(pixels: Pixels) -> np.ndarray:
    return np.concatenate(list(pixels.batches(64)))


def test_a_streamed_split_is_what_a_held_one_is(both_ways: tuple[HeldPixels, StreamedPixels]) -> None:
    held, streamed = both_ways
    np.testing.assert_array_equal(all_of(streamed), held.images)
    np.testing.assert_array_equal(streamed.targets, held.targets)
    np.testing.assert_array_equal(streamed.indices, held.indices)
    assert streamed.unreadable == held.unreadable and len(streamed.unreadable) == 1


def test_the_shares_of_the_processes_are_the_whole(both_ways: tuple[HeldPixels, StreamedPixels]) -> None:
    for pixels in both_ways:
        whole, shares = all_of(pixels), [pixels.share(rank, 3) for rank in range(3)]
        assert sum(map(len, shares)) == len(pixels)
        for rank, share in enumerate(shares):
            np.testing.assert_array_equal(all_of(share), whole[rank::3])


def test_the_networks_input_is_what_the_table_says() -> None:
    images = np.random.default_rng(3).integers(0, 256, (2, 5, 4, 3), np.uint8)
    table = np.random.default_rng(4).normal(size=(3, 256)).astype(np.float32)
    np.testing.assert_array_equal(network_input(images, table), apply_table(images, table).transpose(0, 3, 1, 2))


def test_a_photo_that_vanishes_while_streaming_is_an_error(both_ways: tuple[HeldPixels, StreamedPixels]) -> None:
    _, streamed = both_ways
    Path(streamed.dataset.name(int(streamed.indices[3]))).unlink()
    with pytest.raises(UserError, match="could be read when this run began"):
        all_of(streamed)


def test_one_unreadable_image_in_a_hundred_is_left_out_and_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class_folders(tmp_path / "train", 60)
    class_folders(tmp_path / "val", 1)
    (tmp_path / "train" / "cat" / "7.png").write_bytes(b"not a picture")
    train = open_splits(config(tmp_path, calibration_images=1)).train
    pixels = load_pixels(train, SMALL, "training images", quiet=True)
    assert len(pixels) == len(train.targets) - 1
    assert "7.png" in capsys.readouterr().out


def test_more_unreadable_images_stop_the_run(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", 10)
    class_folders(tmp_path / "val", 1)
    (tmp_path / "train" / "cat" / "7.png").write_bytes(b"not a picture")
    train = open_splits(config(tmp_path, calibration_images=1)).train
    with pytest.raises(UserError, match=r"(?s)1 of 19 images cannot be used.*7\.png.*more than 1%"):
        load_pixels(train, SMALL, "training images", quiet=True)
