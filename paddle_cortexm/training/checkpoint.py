"""Checkpoints: what an interrupted run needs to go on as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.errors import UserError
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.recipe.parts import Part

FILE = "checkpoint.pdparams"


@dataclass(frozen=True)
class State:
    """All that changes while a network trains. scaler: of the loss in mixed precision, otherwise disabled."""

    network: paddle.nn.Layer
    optimiser: paddle.optimizer.Optimizer
    scaler: paddle.amp.GradScaler
    parts: Sequence[Part] = ()

    def saved(self) -> dict[str, Any]:
        """In a form that paddle.save takes."""
        return {
            "network": self.network.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self.scaler.state_dict(),
            "parts": {type(part).__name__: part.state() for part in self.parts},
        }

    def restore(self, saved: Mapping[str, Any]) -> None:
        """Take back what `saved` gave, in a run with the same parts."""
        self.network.set_state_dict(saved["network"])
        self.optimiser.set_state_dict(saved["optimiser"])
        if self.scaler.is_enable():
            self.scaler.load_state_dict(saved["scaler"])
        for part in self.parts:
            part.restore(saved["parts"][type(part).__name__])


@dataclass(frozen=True)
class Checkpoint:
    """A folder with the state after the last whole epoch. `basis` says what is trained: a checkpoint of another basis
    is ignored."""

    folder: Path
    basis: str

    def save(self, state: State, epochs: list[Epoch]) -> None:
        """Replace the checkpoint in one step, so that there is always a whole one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{FILE}.partial"
        known = json.dumps([epoch.model_dump() for epoch in epochs])
        paddle.save({"basis": self.basis, "epochs": known, **state.saved()}, str(partial))
        partial.replace(self.folder / FILE)

    def restore(self, state: State, group: Group) -> list[Epoch]:
        """Put what the leading process saved into the state of every process, and return the epochs it had finished;
        none when there is no checkpoint of this basis. Raises UserError where this process is to train something else
        than the leading one."""
        saved = group.from_leader(self._read() if group.leads else {})
        if saved["basis"] != self.basis:
            raise UserError(
                "the config or the images here are not those of the leading machine. Give all machines the same config "
                "and the same files, under the same paths."
            )
        if "epochs" not in saved:
            return []
        state.restore(saved)
        return [Epoch(**values) for values in json.loads(saved["epochs"])]

    def _read(self) -> dict[str, Any]:
        path = self.folder / FILE
        saved: dict[str, Any] = paddle.load(str(path)) if path.is_file() else {}
        return saved if saved.get("basis") == self.basis else {"basis": self.basis}

    def remove(self) -> None:
        """Once the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)


def basis_of(values: Mapping[str, Any]) -> str:
    """One digest over the config values that decide a training run."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
