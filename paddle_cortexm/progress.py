"""Progress of long work: a bar with the time left on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
PLAIN_LINES = 4  # lines printed over the whole work when there is no terminal
SHORTEST_WAIT = 10  # seconds: less is left unsaid


class Progress:
    """Counts steps, which may come from several threads. shown: False for nothing at all, as for processes other than
    the first; lines: how many are printed without a terminal, 0 for none; done: steps that an earlier run made."""

    def __init__(
        self,
        total: int,
        what: str,
        *,
        unit: str = "image",
        quiet: bool = False,
        shown: bool = True,
        lines: int = PLAIN_LINES,
        done: int = 0,
    ) -> None:
        self._total, self._what, self._shown, self._done, self._before = total, what, shown, done, done
        self._every = max(1, -(-total // lines)) if shown and lines else 0
        self._started, self._lock = time.monotonic(), threading.Lock()
        live = shown and not quiet and sys.stderr.isatty()
        self._bar = tqdm(total=total, initial=done, desc=what, unit=unit) if live else None

    def step(self, note: str = "") -> None:
        """One more is done; note: what stands behind the bar."""
        with self._lock:
            self._done += 1
            if self._bar is not None:
                self._bar.set_postfix_str(note, refresh=False)
                self._bar.update()
            elif self._every and (self._done % self._every == 0 or self._done == self._total):
                left = self.seconds_left()
                wait = f", about {left:.0f} s left" if left >= SHORTEST_WAIT else ""
                print(f"{self._what}: {self._done}/{self._total}{wait}", flush=True)

    def seconds_left(self) -> float:
        """Estimated from the steps of this run."""
        made = self._done - self._before
        return (time.monotonic() - self._started) / max(made, 1) * (self._total - self._done)

    def say(self, line: str) -> None:
        """Print a line, above the bar where there is one."""
        if self._bar is not None:
            self._bar.write(line)
        elif self._shown:
            print(line, flush=True)

    @property
    def is_live(self) -> bool:
        """Whether there is a bar."""
        return self._bar is not None

    def close(self) -> None:
        """End the bar."""
        if self._bar is not None:
            self._bar.close()


def progress(items: Sequence[Item], what: str, *, quiet: bool = False, unit: str = "image") -> Iterator[Item]:
    """Iterate over items and show how far it is."""
    shown = Progress(len(items), what, unit=unit, quiet=quiet)
    try:
        for item in items:
            yield item
            shown.step()
    finally:
        shown.close()
