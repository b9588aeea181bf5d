"""A compiled model over all images of a data set, on all cores.

A worker is a thread with a HostModel of its own: the generated C and the decoding of photos let go of Python's lock.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.data.datasets import Dataset, UnreadableImage
from paddle_cortexm.host.model import HostModel

Item = TypeVar("Item")
Result = TypeVar("Result")
Logits = NDArray[np.generic]
UNDER_WAY = 4  # items a worker, at most, that are begun or done but not yet taken


def logits_of(folder: Path, dataset: Dataset, workers: int) -> Iterator[Logits | None]:
    """What a stage 3 folder's model answers for each image, in order; None for one that cannot be read.

    A worker reads, decodes, preprocesses and classifies an image at a time; memory does not grow with the data set.
    """
    models: SimpleQueue[HostModel] = SimpleQueue()
    for _ in range(workers):
        models.put(HostModel(folder))

    def classify(index: int) -> Logits | None:
        try:
            frame = dataset.read(index)
        except UnreadableImage:
            return None
        model = models.get()
        try:
            return model.run(frame)
        finally:
            models.put(model)

    return in_order(classify, range(len(dataset.targets)), workers)


def in_order(work: Callable[[Item], Result], items: Iterable[Item], workers: int) -> Iterator[Result]:
    """The results of work(item), made by several threads, in the order of the items. Raises what `work` raises."""
    under_way: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for item in items:
                if len(under_way) == UNDER_WAY * workers:
                    yield under_way.popleft().result()
                under_way.append(pool.submit(work, item))
            while under_way:
                yield under_way.popleft().result()
        finally:  # one went wrong, or nobody wants the rest
            for future in under_way:
                future.cancel()
