"""Training batches: the same whatever number of processes reads or trains, and whatever came before."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from paddle_cortexm.config import Config
from paddle_cortexm.data.crops import ChooseBox
from paddle_cortexm.data.datasets import Dataset
from paddle_cortexm.data.image_files import ImageFiles
from paddle_cortexm.data.splits import open_splits
from paddle_cortexm.errors import UserError
from paddle_cortexm.settings.image_input import ImageInput
from paddle_cortexm.training.batches import Batches, EpochSampler
from paddle_cortexm.training.distributed.group import Group
from tests.data.photos import class_folders, config

ALONE = Group()


def noisy_photos(folder: Path, images: int) -> Path:
    """As class_folders, each photo with pixels of its own."""
    for number, path in enumerate(sorted(class_folders(folder, images).rglob("*.png"))):
        pixels = np.random.default_rng(number).integers(0, 256, (20, 24, 3), np.uint8)
        Image.fromarray(pixels).save(path)
    return folder


def settings(folder: Path, workers: int = 0, batch: int = 8) -> Config:
    some = config(folder, calibration_images=1)
    train = some.train.model_copy(update={"workers": workers, "batch_size": batch, "flip": True})
    model = some.model.model_copy(update={"image_size": 16})
    return some.model_copy(update={"train": train, "model": model})


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    noisy_photos(folder / "train", 20)
    class_folders(folder / "val", 1)
    return folder


def epoch(photos: Path, number: int, workers: int = 0, group: Group = ALONE) -> list[tuple[np.ndarray, np.ndarray]]:
    """Inputs and targets of every batch."""
    given = settings(photos, workers)
    batches = Batches(open_splits(given).train, given, group)
    return [(batch.inputs.numpy(), batch.targets.numpy()) for batch in batches.epoch(number)]


def assert_same(first: list[tuple[np.ndarray, np.ndarray]], second: list[tuple[np.ndarray, np.ndarray]]) -> None:
    assert len(first) == len(second) == 4
    for (inputs, targets), (others, their_targets) in zip(first, second, strict=True):
        np.testing.assert_array_equal(inputs, others)
        np.testing.assert_array_equal(targets, their_targets)


@pytest.mark.parametrize("workers", [1, 3])
def test_reading_processes_do_not_change_the_batches(photos: Path, workers: int) -> None:
    assert_same(epoch(photos, 2, workers), epoch(photos, 2))


def test_an_epoch_does_not_depend_on_those_before_it(photos: Path) -> None:
    given = settings(photos)
    batches = Batches(open_splits(given).train, given, Group())
    list(batches.epoch(1))
    assert_same([(batch.inputs.numpy(), batch.targets.numpy()) for batch in batches.epoch(2)], epoch(photos, 2))


def test_an_image_looks_different_in_every_epoch(photos: Path) -> None:
    first, second = (np.concatenate([inputs for inputs, _ in epoch(photos, number)]) for number in (1, 2))
    assert not {image.tobytes() for image in first} & {image.tobytes() for image in second}


def test_training_processes_share_the_batches_of_one(photos: Path) -> None:
    shares = [epoch(photos, 1, group=Group(rank, 2)) for rank in range(2)]
    together = [
        (np.concatenate([one, two]), np.concatenate([targets, more]))
        for (one, targets), (two, more) in zip(*shares, strict=True)
    ]
    assert_same(together, epoch(photos, 1))


@given(images=st.integers(1, 200), share=st.integers(1, 9), size=st.integers(1, 4), number=st.integers(1, 3))
def test_no_image_is_in_an_epoch_twice(images: int, share: int, size: int, number: int) -> None:
    places = []
    for rank in range(size):
        sampler = EpochSampler(images, share * size, 7, Group(rank, size))
        sampler.set_epoch(number)
        assert len(sampler) == images // (share * size)
        places += [place.image for batch in sampler for place in batch]
    assert len(set(places)) == len(places) == images // (share * size) * share * size


def training_split(folder: Path, images: int) -> Dataset:
    noisy_photos(folder / "train", images)
    class_folders(folder / "val", 1)
    return open_splits(settings(folder)).train


def damaged(folder: Path, images: int) -> Dataset:
    split = training_split(folder, images)
    Path(split.name(5)).write_bytes(b"not a picture")
    return split


def test_an_unreadable_image_is_named_and_another_takes_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    split = damaged(tmp_path, 60)
    batches = Batches(split, settings(tmp_path, batch=len(split.targets)), Group())
    (batch,) = batches.epoch(1)
    assert len(batch.targets) == len(split.targets)
    assert split.name(5) in capsys.readouterr().out and len(batches.unreadable) == 1


@pytest.mark.parametrize("workers", [0, 1])
def test_more_unreadable_images_stop_the_run(tmp_path: Path, workers: int) -> None:
    split = damaged(tmp_path, 10)
    with pytest.raises(UserError, match=r"(?s)1 of 19 images cannot be used.*more than 1%"):
        list(Batches(split, settings(tmp_path, workers, batch=19), Group()).epoch(1))


def cut_off(dataset: Dataset, indices: Iterable[int]) -> list[str]:
    """Files whose heads are whole and whose pixels are not; returns their names."""
    names = [dataset.name(index) for index in indices]
    for name in names:
        Path(name).write_bytes(Path(name).read_bytes()[:200])
    return names


def test_all_files_that_are_missing_or_no_images_are_named_before_training(tmp_path: Path) -> None:
    split = damaged(tmp_path, 10)
    Path(split.name(17)).unlink()
    with pytest.raises(UserError, match=r"2 of 19 images cannot be used") as error:
        Batches(split, settings(tmp_path), Group())
    assert split.name(5) in str(error.value) and split.name(17) in str(error.value)


@pytest.mark.parametrize("workers", [0, 1])
@pytest.mark.parametrize("every", [1, 4])
def test_all_files_that_are_cut_off_are_named_when_the_run_stops(tmp_path: Path, workers: int, every: int) -> None:
    given, split = settings(tmp_path, workers, batch=2), training_split(tmp_path, 10)
    names = cut_off(split, range(0, 19, every))
    with pytest.raises(UserError, match=rf"^training images: {len(names)} of 19 images cannot be used") as error:
        list(Batches(split, given, Group()).epoch(1))
    assert all(name in str(error.value) for name in names) and "Traceback" not in str(error.value)


def test_a_process_that_others_wait_for_names_what_it_met(tmp_path: Path) -> None:
    split = training_split(tmp_path, 10)
    cut_off(split, range(19))
    with pytest.raises(UserError, match="of 19 images cannot be used"):
        list(Batches(split, settings(tmp_path, batch=4), Group(0, 2)).epoch(1))


class Deadly(ImageFiles):
    """Whoever reads one of these is killed."""

    def read_crop(self, index: int, choose: ChooseBox, wanted: ImageInput) -> NDArray[np.uint8]:
        os.kill(os.getpid(), signal.SIGKILL)
        return super().read_crop(index, choose, wanted)


def test_a_reading_process_that_is_killed_is_told_in_a_line(photos: Path) -> None:
    given = settings(photos, workers=1)
    split = open_splits(given).train
    assert isinstance(split, ImageFiles)
    with pytest.raises(UserError, match=r"a process that reads them has ended.*train\.workers"):
        list(Batches(Deadly(split.paths, split.targets), given, ALONE).epoch(1))


def test_too_few_images_for_a_batch_are_refused(photos: Path) -> None:
    given = settings(photos)
    few = open_splits(given).train.subset(np.arange(3))  # type: ignore[attr-defined]
    with pytest.raises(UserError, match="3 training images are too few for 2 process"):
        Batches(few, given, Group(0, 2))


def test_reading_processes_are_forked_without_threads_of_opencv(photos: Path) -> None:
    cv2.setNumThreads(2)
    epoch(photos, 1, workers=1)
    assert cv2.getNumThreads() == 1
