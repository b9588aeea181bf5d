"""PaddleClas backbones by name, and where their weights come from.

Importing `paddleclas` itself pulls in faiss and the like; its `ppcls` package alone holds the backbones, so that is
what is put on the path.
"""

from __future__ import annotations

import importlib.util
import inspect
import logging
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import paddle

from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.networks.input_channels import take_channels, with_summed_channels
from paddle_cortexm.settings.weights import SCRATCH, UNTRAINED, WEIGHT_WORDS

# Paddle takes SIGTERM for a crash, and the process would end without removing what is half made: back to Python's.
paddle.disable_signal_handler()
signal.signal(signal.SIGTERM, signal.getsignal(signal.SIGTERM))

IMAGENET_CLASSES = 1000
PRETRAINED_FOLDER = Path("~/.paddleclas/weights")
BACKBONES = (
    *("MobileNetV2_x0_25", "MobileNetV2_x0_5", "MobileNetV2_x0_75"),
    *("MobileNetV2", "MobileNetV2_x1_5", "MobileNetV2_x2_0"),
    *("PPLCNet_x0_25", "PPLCNet_x0_35", "PPLCNet_x0_5", "PPLCNet_x0_75"),
    *("PPLCNet_x1_0", "PPLCNet_x1_5", "PPLCNet_x2_0", "PPLCNet_x2_5"),
)
HEADS = ("out.weight", "out.bias", "fc.weight", "fc.bias")  # the classifier: MobileNetV2's and PPLCNet's
MODEL, TEACHER = "model", "train.teacher"  # the config's sections that name weights
WORDS = {MODEL: WEIGHT_WORDS, TEACHER: ("pretrained",)}  # what their weights may be besides a file
FOR_SIZE_AND_SPEED = "For work on size and speed alone, model.weights: random."
State = Mapping[str, paddle.Tensor]


@dataclass(frozen=True)
class Backbone:
    """A model ready for training or export, and what there is to say about its weights."""

    network: paddle.nn.Layer
    notes: tuple[str, ...] = ()


def build(
    name: str,
    classes: int,
    weights: str = SCRATCH,
    seed: int = 0,
    *,
    shape: tuple[int, int, int] = (96, 96, 3),
    is_trained: bool = True,
) -> Backbone:
    """A PaddleClas backbone with `classes` outputs; takes (N, channels, H, W) float32, gives (N, classes) logits.

    shape: of an image, (height, width, channels).

    weights: "scratch" or "random" (initialised from the seed), "pretrained" (PaddleClas's own loader) or the path of a
    .pdparams file. Where the file's classifier has another number of classes it is left out and a note says so.
    is_trained: whether training follows. Raises UserError for an unknown name, for weights that cannot be fetched, for
    a file that does not fit the backbone, and for a network that would be deployed untrained but is not "random".
    """
    if name not in BACKBONES:
        raise UserError(f"model.backbone: no '{name}'{nearest(name, BACKBONES)}. There are: {', '.join(BACKBONES)}")
    if weights == SCRATCH and not is_trained:
        raise UserError(
            f"model.weights: {SCRATCH} has to be trained, and train.epochs is 0. Name weights (pretrained, "
            f"or a .pdparams file), or set train.epochs. {FOR_SIZE_AND_SPEED}"
        )
    network = _construct(name, classes, seed)
    take_channels(network, shape)
    if weights in UNTRAINED:
        return Backbone(network)
    state = _fetch_pretrained(name, seed) if weights == "pretrained" else _read_weights(Path(weights))
    notes = _load(network, with_summed_channels(state, network.state_dict()), name, weights)
    if notes and not is_trained:
        raise UserError(_without_its_classifier(state, classes, weights))
    return Backbone(network, notes)


def _without_its_classifier(state: State, classes: int, source: str) -> str:
    """What to say of weights that are to be deployed as they are, and whose classifier does not fit."""
    own = next((_shape(state[key])[-1] for key in HEADS if key in state and _shape(state[key])), None)
    found = "no classifier" if own is None else f"a classifier for {own} classes"
    fitting = "" if own is None else f"set model.classes: {own} to deploy it as it is, "
    return (
        f"model.weights: {source} has {found}, the model has {classes} classes (model.classes or, without it, as many "
        f"as the data), and with train.epochs: 0 a new classifier would stay untrained. Choose: {fitting}set "
        f"train.epochs to fine-tune, or name weights for {classes} classes. {FOR_SIZE_AND_SPEED}"
    )


def build_teacher(name: str, classes: int, weights: str, seed: int = 0) -> paddle.nn.Layer:
    """Any classifier of PaddleClas with trained weights for `classes` classes; takes and gives what `build` says.

    weights: "pretrained" or the path of a .pdparams file. Raises UserError for an unknown name, and for weights that do
    not fit in every tensor: a teacher is not trained here.
    """
    known = [key for key, value in vars(_backbone_module()).items() if _makes_a_classifier(value)]
    if name not in known:
        raise UserError(f"{TEACHER}.backbone: PaddleClas has no '{name}'{nearest(name, known)}")
    network = _construct(name, classes, seed)
    state = _fetch_pretrained(name, seed, TEACHER) if weights == "pretrained" else _read_weights(Path(weights), TEACHER)
    _load(network, state, name, weights, TEACHER, replaceable=())
    return network


def _makes_a_classifier(value: object) -> bool:
    """Whether this is one of PaddleClas's functions that build a backbone with so many classes."""
    if not inspect.isfunction(value):
        return False
    arguments = inspect.signature(value).parameters.values()
    return any(argument.name == "class_num" or argument.kind == argument.VAR_KEYWORD for argument in arguments)


def load_trained(name: str, classes: int, path: Path, shape: tuple[int, int, int]) -> paddle.nn.Layer:
    """The backbone with the weights that stage 1 wrote, in evaluation mode. shape: as of build."""
    network = _construct(name, classes, seed=0)
    take_channels(network, shape)
    network.set_state_dict(paddle.load(str(path)))
    network.eval()
    return network


def imagenet_labels() -> list[str]:
    """The 1000 class names that PaddleClas ships, in the order of its pretrained models' outputs."""
    lines = (_paddleclas_folder() / "ppcls/utils/imagenet1k_label_list.txt").read_text(encoding="utf-8").splitlines()
    return [line.split(" ", 1)[1].split(",")[0].strip() for line in lines if line.strip()]


def _construct(name: str, classes: int, seed: int) -> paddle.nn.Layer:
    """The backbone, initialised from the seed; parameter names do not depend on what was built before."""
    factory = getattr(_backbone_module(), name)
    paddle.seed(seed)
    with paddle.utils.unique_name.guard():
        return factory(class_num=classes)


def _fetch_pretrained(name: str, seed: int, section: str = MODEL) -> State:
    """The ImageNet weights, through the loader that is part of PaddleClas's backbones."""
    module = _backbone_module()
    urls = getattr(sys.modules[getattr(module, name).__module__], "MODEL_URLS", {})
    if name not in urls:
        raise UserError(f"{section}.weights: PaddleClas has no pretrained weights of {name}. Give a .pdparams file.")
    file_name = urls[name].rsplit("/", 1)[1]
    paddle.seed(seed)
    try:
        with paddle.utils.unique_name.guard():
            return getattr(module, name)(pretrained=True, class_num=IMAGENET_CLASSES).state_dict()
    except Exception as error:  # PaddleClas raises whatever its download does
        raise UserError(
            f"{section}.weights: PaddleClas could not fetch {urls[name]} ({error}).\nDownload it on a machine that "
            f"can, then put it at {PRETRAINED_FOLDER / file_name} or name it in the config: "
            f"weights: path/to/{file_name}"
        ) from None


def _read_weights(path: Path, section: str = MODEL) -> State:
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


def _load(
    network: paddle.nn.Layer,
    state: State,
    name: str,
    source: str,
    section: str = MODEL,
    replaceable: Sequence[str] = HEADS,
) -> tuple[str, ...]:
    """Copy the weights into the network; returns the note on what of `replaceable` did not fit. section: of the config,
    for messages."""
    own = network.state_dict()
    missing = [key for key in own if key not in state]
    wrong = [key for key in own if key in state and _shape(state[key]) != _shape(own[key])]
    dropped = [key for key in (*missing, *wrong) if key in replaceable]
    unfit = [key for key in (*missing, *wrong) if key not in replaceable]
    if unfit:
        key = unfit[0]
        found = f"has shape {_shape(state[key])}, not {_shape(own[key])}" if key in state else "is not in it"
        raise UserError(
            f"{section}.weights: {source} does not fit {name}: {len(unfit)} of {len(own)} tensors differ; '{key}' "
            f"{found}. Use the weights of {name}, or set {section}.backbone to the network they belong to."
        )
    broken = [key for key in own if key not in dropped and not np.isfinite(np.asarray(state[key])).all()]
    if broken:
        raise UserError(
            f"{section}.weights: {source} holds values that are not finite (NaN or infinity) in {len(broken)} of "
            f"{len(own)} tensors; '{broken[0]}' is the first. The training that wrote it failed: use an earlier file."
        )
    network.set_state_dict({key: state[key] for key in own if key not in dropped})
    if not dropped:
        return ()
    shapes = ", ".join(f"{key} {_shape(state[key])}" for key in dropped if key in state)
    return (f"classifier not taken from {source} ({shapes or 'not in it'}): it starts from scratch",)


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(np.shape(value))


def _paddleclas_folder() -> Path:
    spec = importlib.util.find_spec("paddleclas")
    if spec is None or spec.origin is None:
        raise UserError("paddleclas is not installed. Run: make setup")
    return Path(spec.origin).parent


def _backbone_module() -> Any:
    """`ppcls.arch.backbone`, with PaddleClas's logger quiet but ready (its loader needs it)."""
    folder = str(_paddleclas_folder())
    if folder not in sys.path:
        sys.path.append(folder)
    from ppcls.arch import backbone
    from ppcls.utils import logger

    if logger._logger is None:
        logger.init_logger(log_level=logging.WARNING)
    return backbone
