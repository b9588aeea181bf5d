"""Weights from .pdparams files, checked against the network that they are for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.networks.factories import MODEL, TEACHER, Factory
from paddle_cortexm.settings.weights import WEIGHT_WORDS

WORDS = {MODEL: WEIGHT_WORDS, TEACHER: ("pretrained",)}  # what their weights may be besides a file
State = Mapping[str, paddle.Tensor]


def read_weights(path: Path, section: str = MODEL) -> State:
    """What a .pdparams file holds. Raises UserError for a file that is missing, damaged or something else."""
    if not path.is_file():
        raise UserError(
            f"{section}.weights: '{path}' is no file{nearest(str(path), WORDS[section])}. "
            f"Allowed: {', '.join(WORDS[section])} or the path of a .pdparams file"
        )
    try:
        state = paddle.load(str(path))
    except Exception as error:  # a damaged pickle may raise anything
        raise UserError(f"{path}: cannot be read as Paddle weights ({error})") from None
    if not isinstance(state, dict):
        raise UserError(f"{path}: holds {type(state).__name__}, not a dictionary of weights as paddle.save writes it")
    return state


def load_weights(
    network: paddle.nn.Layer, state: State, factory: Factory, source: str, replaceable: Collection[str] = ()
) -> tuple[str, ...]:
    """Copy the weights into the network; returns the note on what of `replaceable` did not fit. source: for messages.

    Constants of a network that nothing trains need not be in the file. Raises UserError for other tensors that are
    missing or of another shape, and for values that are not finite.
    """
    own, section = network.state_dict(), factory.section
    trained = {name for name, _ in network.named_parameters()}
    missing = [key for key in own if key not in state and key in trained]
    wrong = [key for key in own if key in state and shape_of(state[key]) != shape_of(own[key])]
    dropped = [key for key in (*missing, *wrong) if key in replaceable]
    unfit = [key for key in (*missing, *wrong) if key not in replaceable]
    if unfit:
        key = unfit[0]
        found = f"has shape {shape_of(state[key])}, not {shape_of(own[key])}" if key in state else "is not in it"
        raise UserError(
            f"{section}.weights: {source} does not fit {factory.name}: {len(unfit)} of {len(own)} tensors differ; "
            f"'{key}' {found}. Use the weights of {factory.name}, or set {section}.backbone to the network they belong "
            f"to, with its {section}.arguments."
        )
    taken = {key: state[key] for key in own if key in state and key not in dropped}
    broken = [key for key, values in taken.items() if not np.isfinite(np.asarray(values)).all()]
    if broken:
        raise UserError(
            f"{section}.weights: {source} holds values that are not finite (NaN or infinity) in {len(broken)} of "
            f"{len(own)} tensors; '{broken[0]}' is the first. The training that wrote it failed: use an earlier file."
        )
    network.set_state_dict({**own, **taken})
    if not dropped:
        return ()
    shapes = ", ".join(f"{key} {shape_of(state[key])}" for key in dropped if key in state)
    return (f"classifier not taken from {source} ({shapes or 'not in it'}): it starts from scratch",)


def shape_of(value: Any) -> tuple[int, ...]:
    return tuple(np.shape(value))
