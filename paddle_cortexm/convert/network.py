"""From PaddleClas's Arch: the network, its weights, and the teacher of a distillation."""

from __future__ import annotations

from typing import Any

from paddle_cortexm.convert.source import Note, Source
from paddle_cortexm.errors import nearest
from paddle_cortexm.networks.factories import factory_named
from paddle_cortexm.networks.paddleclas import IMAGENET_CLASSES, factories

Values = dict[str, Any]
DISTILLATION, STUDENT, TEACHER = "DistillationModel", "Arch.models.Student", "Arch.models.Teacher"
# Losses that a student learns from its teacher's answers by.
ANSWERS = ("DistillationCELoss", "DistillationKLDivLoss", "DistillationDMLLoss")
LABELS = "DistillationGTCELoss"
THRESHOLDED = ("ThreshOutput", "MultiLabelThreshOutput")
EVEN = 0.5  # PaddleClas's threshold, and ours


def answer(source: Source) -> Values:
    """What the outputs mean, where that is not the best of all classes."""
    values: Values = {"answer": "several"} if source.take("Global.use_multilabel") else {}
    if source.peek("Infer.PostProcess.name") in THRESHOLDED:
        threshold = source.number("Infer.PostProcess.threshold", EVEN)
        values |= {"threshold": threshold} if threshold != EVEN else {}
    return values


def model(source: Source) -> Values:
    """Section model, but for the image's size."""
    arch = STUDENT if source.has(STUDENT) else "Arch"
    if source.has(f"{arch}.Backbone"):
        source.note(f"{arch}.name", "more than a classifier: its backbone is taken, the rest is not")
        arch = f"{arch}.Backbone"
    backbone = str(source.peek(f"{arch}.name"))
    arguments: Values = {}
    if backbone in factories():
        source.take(f"{arch}.name")
        arguments = _arguments(source, arch, factory_named(backbone).keywords())
    source.note(
        f"{arch}.name", f"written as it is, but PaddleClas has no such backbone{nearest(backbone, factories())}"
    )
    weights = _weights(source, arch, "model.weights") or _file(source, "Global.pretrained_model", "model.weights")
    values: Values = {"backbone": backbone, "weights": weights or "scratch"}
    classes = {source.number(f"{part}.class_num") for part in ("Arch", arch)} - {None}
    values |= {"arguments": arguments} if arguments else {}
    return values | ({"classes": int(max(filter(None, classes)))} if classes else {})


def _arguments(source: Source, arch: str, keywords: list[str]) -> Values:
    """What the backbone itself is given, beside its name."""
    return {name: source.take(f"{arch}.{name}") for name in keywords if source.peek(f"{arch}.{name}") is not None}


def teacher(source: Source) -> Values | None:
    """Section train.teacher, where Arch is a distillation from the answers of a network with known weights."""
    if source.peek("Arch.name") != DISTILLATION:
        return None
    source.take("Arch.name")
    source.take("Arch.infer_model_name")
    if source.peek("Arch.pretrained_list"):
        source.note("Arch.pretrained_list", "name these files in train.teacher.weights and model.weights")
    if source.peek("Arch.freeze_params_list") == [True, False]:
        source.take("Arch.freeze_params_list")
    source.note("Arch.freeze_params_list", "the teacher does not learn, the student does")
    classes = source.number(f"{TEACHER}.class_num", source.peek("Arch.class_num"))
    if source.peek(f"{TEACHER}.pretrained") is True and classes != IMAGENET_CLASSES:
        source.note(f"{TEACHER}.pretrained", f"PaddleClas's weights know {IMAGENET_CLASSES} classes, not {classes}")
    weights = _weights(source, TEACHER, "train.teacher.weights")
    learned = _learned_from_answers(source)
    if weights is None or learned is None:
        lacking = "its weights" if weights is None else "a loss that learns from its answers"
        source.note(f"{TEACHER}.name", f"no distillation without {lacking}: see train.teacher in config.py")
        return None
    return {"backbone": source.take(f"{TEACHER}.name"), "weights": weights, **learned}


def _learned_from_answers(source: Source) -> Values | None:
    """temperature and share of train.teacher."""
    loss = next((name for name in ANSWERS if source.has(f"Loss.Train.{name}")), None)
    if loss is None:
        return None
    weight = source.number(f"Loss.Train.{loss}.weight", 1.0) or 0.0
    labels = (source.number(f"Loss.Train.{LABELS}.weight", 1.0) or 0.0) if source.has(f"Loss.Train.{LABELS}") else 0.0
    temperature = source.number(f"Loss.Train.{loss}.temperature", 1.0)
    for path in (f"{loss}.model_name_pairs", f"{loss}.key", f"{LABELS}.model_names", f"{LABELS}.key"):
        source.take(f"Loss.Train.{path}")
    if loss == "DistillationDMLLoss":
        source.notes.append(Note("Loss.Train", loss, "becomes cross entropy against the teacher's answers"))
    return {"temperature": temperature, "share": weight / (weight + labels)} if weight else None


def _weights(source: Source, arch: str, key: str) -> str | None:
    """What to write for the weights of one network; None where there are none."""
    if source.peek(f"{arch}.use_ssld") is True:
        source.note(f"{arch}.use_ssld", f"not PaddleClas's plain weights: download those of SSLD, name them in {key}")
    source.take(f"{arch}.use_ssld")
    if source.peek(f"{arch}.pretrained") is True:
        source.take(f"{arch}.pretrained")
        return "pretrained"
    return _file(source, f"{arch}.pretrained", key)


def _file(source: Source, path: str, key: str) -> str | None:
    """The path of a .pdparams file, which PaddleClas writes without the suffix."""
    value = source.peek(path)
    if not isinstance(value, str):
        source.take(path)  # False or null: no weights
        return None
    if "://" in value:
        source.note(path, f"not fetched: download it and name the file in {key}")
        return None
    source.take(path)
    return value if value.endswith(".pdparams") else f"{value}.pdparams"
