"""Checkpoints: what an interrupted run needs to go on as if nothing had happened."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from paddle_cortexm.artefacts.training import Epoch

FILE = "checkpoint.pdparams"


@dataclass(frozen=True)
class Checkpoint:
    """A folder with the state after the last whole epoch. `basis` says what is trained: a checkpoint of another basis
    is ignored."""

    folder: Path
    basis: str

    def save(self, network: paddle.nn.Layer, optimiser: paddle.optimizer.Optimizer, epochs: list[Epoch]) -> None:
        """Replace the checkpoint in one step, so that there is always a whole one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.folder / f"{FILE}.partial"
        state = {
            "basis": self.basis,
            "epochs": json.dumps([epoch.model_dump() for epoch in epochs]),
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
        }
        paddle.save(state, str(partial))
        partial.replace(self.folder / FILE)

    def restore(self, network: paddle.nn.Layer, optimiser: paddle.optimizer.Optimizer) -> list[Epoch]:
        """Put the saved state into both and return the epochs it had finished; none when there is no checkpoint of
        this basis."""
        path = self.folder / FILE
        if not path.is_file():
            return []
        state = paddle.load(str(path))
        if state["basis"] != self.basis:
            return []
        network.set_state_dict(state["network"])
        optimiser.set_state_dict(state["optimiser"])
        return [Epoch(**values) for values in json.loads(state["epochs"])]

    def remove(self) -> None:
        """Once the run is finished."""
        shutil.rmtree(self.folder, ignore_errors=True)


def basis_of(values: Mapping[str, Any]) -> str:
    """One digest over the config values that decide a training run."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
