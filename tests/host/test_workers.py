"""A model over a whole data set: in order, the same whatever the number of workers, a few images at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import numpy as np
import pytest

from paddle_cortexm.data.datasets import Indices, UnreadableImage
from paddle_cortexm.data.preprocessing import Image
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.host.workers import UNDER_WAY, in_order, logits_of
from tests.tiny_model import write_tiny_model

IMAGES, UNREADABLE = 50, 7


@dataclass(frozen=True)
class Noise:
    """Random frames; one cannot be read."""

    targets: Indices

    def name(self, index: int) -> str:
        return f"frame {index}"

    def read(self, index: int) -> Image:
        if index == UNREADABLE:
            raise UnreadableImage(self.name(index))
        return np.random.default_rng(index).integers(0, 256, (24, 20 + index, 3), dtype=np.uint8)


@pytest.mark.parametrize("workers", [1, 3])
def test_logits_come_in_order_and_are_those_of_one_model(tmp_path: Path, workers: int) -> None:
    folder = write_tiny_model(tmp_path / "model")
    dataset, model = Noise(np.zeros(IMAGES, np.int64)), HostModel(folder)
    for index, logits in enumerate(logits_of(folder, dataset, workers)):
        if index == UNREADABLE:
            assert logits is None
        else:
            assert logits is not None and np.array_equal(logits, model.run(dataset.read(index)))
    assert index == IMAGES - 1


def test_workers_run_at_the_same_time() -> None:
    everybody = Barrier(3)
    assert sorted(in_order(lambda _: everybody.wait(timeout=60), range(3), 3)) == [0, 1, 2]


def test_only_a_few_items_are_under_way() -> None:
    begun: list[int] = []

    def items() -> Iterator[int]:
        for item in range(1000):
            begun.append(item)
            yield item

    for result in in_order(lambda item: item, items(), 2):
        assert len(begun) - result <= 2 * UNDER_WAY + 1
    assert result == 999


def test_an_error_in_a_worker_ends_the_run() -> None:
    def work(item: int) -> int:
        if item == 30:
            raise RuntimeError("layer '3 pool' of the host model failed")
        return item

    results = in_order(work, range(10**9), 2)
    with pytest.raises(RuntimeError, match="3 pool"):
        for number, result in enumerate(results):
            assert number == result
    assert number == 29
