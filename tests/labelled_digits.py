"""A small set of images with several labels each: digits, and what is true of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PIL import Image

from paddle_cortexm.config import Config
from paddle_cortexm.data.datasets import Dataset
from paddle_cortexm.data.splits import open_splits

TRUTHS: Mapping[str, Callable[[int], bool]] = {
    "even": lambda digit: digit % 2 == 0,
    "5 or more": lambda digit: digit >= 5,
    "round": lambda digit: digit in (0, 6, 8, 9),
}


def write_digits(folder: Path, train: int, validation: int, truths: Sequence[str] = tuple(TRUTHS)) -> None:
    """Images, train_list.txt, val_list.txt and labels.txt, as data.kind 'list' reads them."""
    folder.mkdir(parents=True)
    counts = {"train_images": train, "validation_images": validation}
    config = Config.model_validate({"name": "x", "model": {"backbone": "PPLCNet_x0_25"}, "data": counts})
    splits = open_splits(config)
    for name, digits in (("train", splits.train), ("val", splits.validation)):
        (folder / f"{name}_list.txt").write_text(
            "".join(_line(folder, name, digits, i, truths) for i in range(len(digits.targets)))
        )
    (folder / "labels.txt").write_text("".join(f"{truth}\n" for truth in truths))


def _line(folder: Path, split: str, digits: Dataset, index: int, truths: Sequence[str]) -> str:
    file = f"{split}_{index}.png"
    Image.fromarray(digits.read(index)).save(folder / file)
    holding = ",".join(str(int(TRUTHS[truth](int(digits.targets[index])))) for truth in truths)
    return f"{file}\t{holding}\n"
