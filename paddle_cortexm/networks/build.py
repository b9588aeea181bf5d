"""A network by name with its weights: `build("MobileNetV3_small_x0_35", 10).network`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paddle

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.factories import TEACHER, factory_named
from paddle_cortexm.networks.heads import with_head
from paddle_cortexm.networks.input_channels import take_channels, with_summed_channels
from paddle_cortexm.networks.pretrained import fetch_pretrained
from paddle_cortexm.networks.weights import State, load_weights, read_weights, shape_of
from paddle_cortexm.settings.weights import SCRATCH, UNTRAINED

FOR_SIZE_AND_SPEED = "For work on size and speed alone, model.weights: random."
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Backbone:
    """A model ready for training or export; head: the names of its classifier's parameters; notes: what there is to say
    about its weights."""

    network: paddle.nn.Layer
    head: frozenset[str]
    notes: tuple[str, ...] = ()


def build(
    name: str,
    classes: int,
    weights: str = SCRATCH,
    seed: int = 0,
    *,
    shape: tuple[int, int, int] = (96, 96, 3),
    arguments: Arguments | None = None,
    url: str | None = None,
    is_trained: bool = True,
) -> Backbone:
    """A network with `classes` outputs; takes (N, channels, H, W) float32, gives (N, classes) logits.

    shape: of an image, (height, width, channels).
    weights: "scratch" or "random" (initialised from the seed), "pretrained" (from `url`, by default PaddleClas's for
    ImageNet) or the path of a .pdparams file. Where the file's classifier has another number of classes it is left out
    and a note says so. arguments: the factory's keywords; is_trained: whether training follows.

    Raises UserError for an unknown name, arguments that the network does not take, weights that cannot be fetched, a
    file that does not fit, and for a network that would be deployed untrained but is not "random".
    """
    factory = factory_named(name, arguments)
    if weights == SCRATCH and not is_trained:
        raise UserError(
            f"model.weights: {SCRATCH} has to be trained, and train.epochs is 0. Name weights (pretrained, "
            f"or a .pdparams file), or set train.epochs. {FOR_SIZE_AND_SPEED}"
        )
    made = with_head(factory, classes, seed)
    take_channels(made.network, shape)
    if weights in UNTRAINED:
        return Backbone(made.network, made.head)
    state = fetch_pretrained(factory, url) if weights == "pretrained" else read_weights(Path(weights))
    state = with_summed_channels(state, made.network.state_dict())
    notes = load_weights(made.network, state, factory, weights, made.head)
    if notes and not is_trained:
        raise UserError(_without_its_classifier(state, made.head, classes, weights))
    return Backbone(made.network, made.head, notes)


def build_teacher(name: str, classes: int, weights: str, seed: int = 0) -> paddle.nn.Layer:
    """Any classifier with trained weights for `classes` classes; takes and gives what `build` says.

    weights: "pretrained" or the path of a .pdparams file. Raises UserError for an unknown name, and for weights that do
    not fit in every tensor: a teacher is not trained here.
    """
    factory = factory_named(name, section=TEACHER)
    network = with_head(factory, classes, seed).network
    state = fetch_pretrained(factory) if weights == "pretrained" else read_weights(Path(weights), TEACHER)
    load_weights(network, state, factory, weights)
    return network


def load_trained(
    name: str, classes: int, path: Path, shape: tuple[int, int, int], arguments: Arguments | None = None
) -> paddle.nn.Layer:
    """The network with the weights that stage 1 wrote, in evaluation mode. shape: as of build."""
    network = with_head(factory_named(name, arguments), classes, seed=0).network
    take_channels(network, shape)
    network.set_state_dict(paddle.load(str(path)))
    network.eval()
    return network


def _without_its_classifier(state: State, head: frozenset[str], classes: int, source: str) -> str:
    """What to say of weights that are to be deployed as they are, and whose classifier does not fit. Its bias has a
    value a class."""
    own = next((shape[0] for key in sorted(head) if key in state and len(shape := shape_of(state[key])) == 1), None)
    found = "no classifier" if own is None else f"a classifier for {own} classes"
    fitting = "" if own is None else f"set model.classes: {own} to deploy it as it is, "
    return (
        f"model.weights: {source} has {found}, the model has {classes} classes (model.classes or, without it, as many "
        f"as the data), and with train.epochs: 0 a new classifier would stay untrained. Choose: {fitting}set "
        f"train.epochs to fine-tune, or name weights for {classes} classes. {FOR_SIZE_AND_SPEED}"
    )
