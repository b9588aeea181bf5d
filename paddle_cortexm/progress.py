"""Progress of long work: a bar with ETA on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
PLAIN_LINES = 4  # lines printed over the whole work when there is no terminal


def progress(items: Sequence[Item], what: str, *, quiet: bool = False, unit: str = "image") -> Iterator[Item]:
    """Iterate over items and show how far it is."""
    if sys.stderr.isatty() and not quiet:
        yield from tqdm(items, desc=what, unit=unit)
        return
    step = max(1, len(items) // PLAIN_LINES)
    for number, item in enumerate(items, 1):
        yield item
        if number % step == 0 or number == len(items):
            print(f"{what}: {number}/{len(items)}", flush=True)
