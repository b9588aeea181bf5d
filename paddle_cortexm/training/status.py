"""What the user sees while a network trains: a bar with the time left and the accuracy, and a line an epoch."""

from __future__ import annotations

from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.progress import Progress


class Status:
    """Progress of one training run. Silent where `shown` is False (processes other than the first)."""

    def __init__(self, *, quiet: bool = False, shown: bool = True) -> None:
        self._quiet, self._shown = quiet, shown
        self._epochs = 0

    def start(self, epochs: int, steps: int, done: int) -> None:
        """epochs and steps an epoch of the whole run; `done` epochs come from a checkpoint."""
        self._epochs = epochs
        if done and self._shown:
            print(f"resumed after epoch {done} of {epochs}")
        self._progress = Progress(
            epochs * steps,
            "training",
            unit="batch",
            quiet=self._quiet,
            shown=self._shown,
            lines=0,
            done=done * steps,
        )

    def step_done(self, loss: float, accuracy: float) -> None:
        self._progress.step(f"loss {loss:.3f}, accuracy {accuracy:.1%}")

    def epoch_done(self, epoch: Epoch) -> None:
        line = (
            f"epoch {epoch.epoch}/{self._epochs}: loss {epoch.loss:.3f}, training {epoch.train_accuracy:.1%}, "
            f"validation {epoch.validation_accuracy:.1%}"
        )
        left = 0.0 if self._progress.is_live or epoch.epoch == self._epochs else self._progress.seconds_left()
        self._progress.say(f"{line}, about {left:.0f} s left" if left else line)

    def stopped(self, epoch: int, reason: str) -> None:
        """Training ends after this epoch, which was not to be the last."""
        self.say(f"stopped after epoch {epoch} of {self._epochs}: {reason}")

    def say(self, line: str) -> None:
        if line:
            self._progress.say(line)

    def close(self) -> None:
        self._progress.close()
