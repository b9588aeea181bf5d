"""A frozen backbone: only the classifier learns, and batch norm keeps the statistics that came with the weights."""

from __future__ import annotations

from collections.abc import Collection

import paddle

from paddle_cortexm.training.recipe.parts import Part

BATCH_NORMS = (paddle.nn.BatchNorm, paddle.nn.BatchNorm1D, paddle.nn.BatchNorm2D, paddle.nn.SyncBatchNorm)


class FrozenBackbone(Part):
    """Freezes what of a network is not its classifier (head: its parameters' names), for the first `epochs` epochs."""

    def __init__(self, network: paddle.nn.Layer, head: Collection[str], epochs: int) -> None:
        self._epochs = epochs
        trained = [(name, parameter) for name, parameter in network.named_parameters() if not parameter.stop_gradient]
        self._parameters = [parameter for name, parameter in trained if name not in head]
        self._batch_norms = [layer for layer in network.sublayers() if isinstance(layer, BATCH_NORMS)]

    def before_epoch(self, number: int) -> None:
        frozen = number <= self._epochs
        for parameter in self._parameters:
            parameter.stop_gradient = frozen
        for layer in self._batch_norms if frozen else ():
            layer.eval()
