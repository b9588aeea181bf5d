"""What the user sees while a network trains: a bar with the time left and the accuracy, or a line an epoch."""

from __future__ import annotations

import sys
import time
from typing import Any

from tqdm import tqdm

from paddle_cortexm.training.checkpoint import Epoch


class Status:
    """Progress of one training run. Silent where `shown` is False (processes other than the first)."""

    def __init__(self, *, quiet: bool = False, shown: bool = True) -> None:
        self._shown = shown
        self._bar: Any = None
        self._with_bar = shown and not quiet and sys.stderr.isatty()
        self._epochs = self._done = 0
        self._started = time.monotonic()

    def start(self, epochs: int, steps: int, done: int) -> None:
        """epochs and steps an epoch of the whole run; `done` epochs come from a checkpoint."""
        self._epochs, self._started = epochs, time.monotonic()
        if done and self._shown:
            print(f"resumed after epoch {done} of {epochs}")
        if self._with_bar:
            self._bar = tqdm(total=epochs * steps, initial=done * steps, desc="training", unit="batch")

    def step_done(self, loss: float, accuracy: float) -> None:
        if self._bar is not None:
            self._bar.update()
            self._bar.set_postfix_str(f"loss {loss:.3f}, accuracy {accuracy:.1%}", refresh=False)

    def epoch_done(self, epoch: Epoch) -> None:
        self._done += 1
        line = (
            f"epoch {epoch.epoch}/{self._epochs}: loss {epoch.loss:.3f}, training {epoch.train_top1:.1%}, "
            f"validation {epoch.validation_top1:.1%}"
        )
        if self._bar is not None:
            self._bar.write(line)
        elif self._shown:
            left = (time.monotonic() - self._started) / self._done * (self._epochs - epoch.epoch)
            print(f"{line}, about {left:.0f} s left" if left else line, flush=True)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
