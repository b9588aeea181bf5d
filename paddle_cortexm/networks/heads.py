"""The classifier of a network ("head"), found by structure: the parameters whose shapes follow the number of classes.

PaddleClas's families name it in more than twenty ways (`out`, `fc`, `classifier`, `head.l`, ...), some have one beside
the last.
"""

from __future__ import annotations

from dataclasses import dataclass

import paddle

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.factories import CLASS_KEYWORDS, Factory, UnknownKeyword


@dataclass(frozen=True)
class Headed:
    """A network and the names of its classifier's parameters, as its state dictionary has them."""

    network: paddle.nn.Layer
    head: frozenset[str]


def with_head(factory: Factory, classes: int, seed: int) -> Headed:
    """The factory's network for so many classes, initialised from the seed. Raises UserError for a network whose shapes
    do not depend on the number of classes, and for arguments that the factory does not take."""
    for keyword in CLASS_KEYWORDS:
        try:
            other = shapes_of(factory.network(seed, **{keyword: classes + 1}))
            network = factory.network(seed, **{keyword: classes})
        except UnknownKeyword:
            continue
        if head := frozenset(name for name, shape in shapes_of(network).items() if other.get(name) != shape):
            return Headed(network, head)
    raise UserError(
        f"{factory.section}.backbone: {factory.name} has no classifier: it takes no number of classes. "
        f"Choose a backbone that is a classifier"
    )


def shapes_of(network: paddle.nn.Layer) -> dict[str, tuple[int, ...]]:
    """The shape of everything in the state dictionary, by name."""
    return {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
