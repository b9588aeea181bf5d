"""Which weights training ends with: the last ones, their moving average, or either as it was after the best epoch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paddle

from paddle_cortexm.artefacts.training import Epoch
from paddle_cortexm.training.distributed.group import Group
from paddle_cortexm.training.recipe.parts import Part

State = dict[str, paddle.Tensor]


class MovingAverage(Part):
    """EMA: what is measured and kept is the exponential moving average of parameters and batch norm statistics."""

    def __init__(self, network: paddle.nn.Layer, decay: float, group: Group) -> None:
        self._network, self._decay, self._group = network, decay, group
        self._average, self._steps = copy_of(network), 0

    @paddle.no_grad()
    def after_step(self) -> None:
        """The first steps count for more, as in Paddle's static ExponentialMovingAverage with thres_steps: a short run
        shall not end close to where it began."""
        decay = min(self._decay, (1 + self._steps) / (10 + self._steps))
        for name, tensor in self._network.state_dict().items():
            self._average[name].lerp_(tensor, 1 - decay)
        self._steps += 1

    @contextmanager
    def measuring(self) -> Iterator[None]:
        own = copy_of(self._network)
        self.finish()
        try:
            yield
        finally:
            self._network.set_state_dict(own)

    def finish(self) -> str:
        statistics = [name for name, tensor in self._network.state_dict().items() if tensor.stop_gradient]
        self._group.average([self._average[name] for name in statistics])  # each process has seen images of its own
        self._network.set_state_dict(self._average)
        return "kept the moving average of the weights"

    def state(self) -> dict[str, Any]:
        return {"average": self._average, "steps": self._steps}

    def restore(self, state: dict[str, Any]) -> None:
        for name, tensor in self._average.items():
            tensor.set_value(state["average"][name])
        self._steps = state["steps"]


class EarlyStopping(Part):
    """Ends training after `patience` epochs without a better validation accuracy, and keeps the best epoch's weights:
    of equal ones the first's."""

    def __init__(self, network: paddle.nn.Layer, patience: int) -> None:
        self._network, self._patience = network, patience
        self._last = self._best = 0  # epochs
        self._accuracy = -1.0
        self._weights: State = {}

    def after_epoch(self, epoch: Epoch) -> None:
        self._last = epoch.epoch
        if epoch.validation_accuracy > self._accuracy:
            self._best, self._accuracy, self._weights = epoch.epoch, epoch.validation_accuracy, copy_of(self._network)

    def reason_to_stop(self) -> str:
        stalled = self._last - self._best >= self._patience
        return f"no better validation accuracy for {self._last - self._best} epochs" if stalled else ""

    def finish(self) -> str:
        self._network.set_state_dict(self._weights)
        return f"kept the weights of epoch {self._best}"

    def state(self) -> dict[str, Any]:
        return {"last": self._last, "best": self._best, "accuracy": self._accuracy, "weights": self._weights}

    def restore(self, state: dict[str, Any]) -> None:
        self._last, self._best, self._accuracy = state["last"], state["best"], state["accuracy"]
        self._weights = state["weights"]


def copy_of(network: paddle.nn.Layer) -> State:
    """Its parameters and batch norm statistics as they are now."""
    return {name: tensor.clone().detach() for name, tensor in network.state_dict().items()}
