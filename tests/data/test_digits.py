"""The embedded digits: real scans, split for good, the same pictures every time."""

import numpy as np

from paddle_cortexm.config import Config
from paddle_cortexm.data.digits import ComposedDigits, open_digits

CONFIG = Config.model_validate({"name": "digits", "model": {"backbone": "PPLCNet_x0_25"}})


def originals(split: ComposedDigits) -> set[bytes]:
    return {scan.tobytes() for scan in split.scans}


def test_no_scan_is_in_two_splits() -> None:
    splits = open_digits(CONFIG)
    parts = [originals(part) for part in (splits.train, splits.validation, splits.calibration)]  # type: ignore[arg-type]
    assert not (parts[0] & parts[1] or parts[0] & parts[2] or parts[1] & parts[2])


def test_every_split_has_every_digit() -> None:
    splits = open_digits(CONFIG)
    for part in (splits.train, splits.validation, splits.calibration):
        assert set(part.targets.tolist()) == set(range(10))


def test_a_picture_is_the_same_every_time_it_is_read() -> None:
    first, second = open_digits(CONFIG).train, open_digits(CONFIG).train
    assert np.array_equal(first.read(5), second.read(5))
    assert not np.array_equal(first.read(5), first.read(6))


def test_another_seed_gives_other_pictures() -> None:
    other = CONFIG.model_copy(update={"train": CONFIG.train.model_copy(update={"seed": 7})})
    assert not np.array_equal(open_digits(CONFIG).validation.read(0), open_digits(other).validation.read(0))


def test_pictures_are_in_colour_with_light_ink_on_dark_paper() -> None:
    picture = open_digits(CONFIG).train.read(0)
    corner, brightest = picture[:3, :3].reshape(-1, 3).mean(axis=0), picture.reshape(-1, 3).max(axis=0)
    assert np.ptp(corner) > 1, "the paper is grey"
    assert (brightest > corner + 30).all()
