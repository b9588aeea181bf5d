"""One line that says how many frames are done, kept up to date on a terminal."""

from __future__ import annotations

import sys
import threading
import time

PLAIN_LINES = 10  # lines printed over the whole run where there is no terminal


class FrameProgress:
    """Counts the frame lines that simulators print, from several threads. Silent for a single frame and, without a
    terminal, for few; there, many frames make ten lines at most."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        self._total, self._done = total, 0
        self._started = time.monotonic()
        self._lock = threading.Lock()
        self._live = sys.stdout.isatty() and not quiet
        self._every = 1 if self._live else -(-total // PLAIN_LINES)
        self._silent = total == 1 or (total <= PLAIN_LINES and not self._live)

    def see(self, line: str) -> None:
        """Take notice of a line from a simulator."""
        if self._silent or not line.startswith("frame "):
            return
        with self._lock:
            self._done += 1
            if self._done % self._every == 0 or self._done == self._total:
                self._show()

    def close(self) -> None:
        """End the line."""
        if self._live and self._done:
            print()

    def _show(self) -> None:
        rate = self._done / max(time.monotonic() - self._started, 1e-3)
        remaining = (self._total - self._done) / rate
        text = f"{self._done}/{self._total} frames, {rate:.1f} a second, {remaining:.0f} s left"
        print(f"\r{text:<60}" if self._live else text, end="" if self._live else "\n", flush=True)
