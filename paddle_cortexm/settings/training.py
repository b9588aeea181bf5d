"""Section train of a config."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, Field, PlainValidator, model_validator

from paddle_cortexm.settings.section import Fraction, Positive, Section, Seed, Share
from paddle_cortexm.settings.weights import UNTRAINED


def check_address(value: str) -> str:
    host, _, port = value.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("host:port of the machine that leads, for instance 192.168.1.10:8090")
    return value


def parse_class_weights(value: Any) -> Literal["balanced"] | tuple[float, ...]:
    """'balanced', or a weight above 0 for each class."""
    if value == "balanced":
        return "balanced"
    numbers = tuple(value) if isinstance(value, (list, tuple)) else ()
    if not numbers or not all(isinstance(w, (int, float)) and 0 < w < math.inf for w in numbers):
        raise ValueError("allowed: balanced, or a list with a weight above 0 for each class")
    return tuple(float(weight) for weight in numbers)


def check_trained(value: str) -> str:
    if value in UNTRAINED:
        raise ValueError("a teacher has to be trained: pretrained, or a .pdparams file for the classes of the data")
    return value


def check_order(value: tuple[float, float]) -> tuple[float, float]:
    if value[0] > value[1]:
        raise ValueError("the smaller share comes first")
    return value


NonNegative = Annotated[float, Field(ge=0)]
Decay = Annotated[float, Field(gt=0, lt=1)]
CropScale = Annotated[tuple[Share, Share], AfterValidator(check_order)]
ClassWeights = Annotated[Union[Literal["balanced"], tuple[float, ...]], PlainValidator(parse_class_weights)]


class Teacher(Section):
    """Distillation: a trained network whose answers are learned besides the labels. backbone: any classifier of
    PaddleClas; weights: pretrained (1000 ImageNet classes) or a .pdparams file for the classes of the data."""

    backbone: str
    weights: Annotated[str, AfterValidator(check_trained)]
    temperature: Annotated[float, Field(gt=0)] = 1  # both networks' logits are divided by it: above 1 softens answers
    share: Share = 0.5  # of the loss that is the teacher's; the rest is the labels'


class Train(Section):
    """Training. epochs 0 exports the weights as they are. The defaults are for a network that starts from nothing; see
    FINE_TUNING."""

    epochs: Annotated[int, Field(ge=0)] = 8
    batch_size: Positive = 64
    optimiser: Literal["momentum", "adamw"] = "momentum"
    learning_rate: Annotated[float, Field(gt=0)] = 0.05
    warmup_epochs: Annotated[float, Field(ge=0)] = 1
    weight_decay: Annotated[float, Field(ge=0)] = 4e-5
    label_smoothing: Fraction = 0.1
    crop_scale: CropScale = (0.7, 1.0)  # share of the image's area a random crop keeps
    crop_from: Literal["photo", "centre"] | None = None  # the whole photo (default) or its centre (default for digits)
    flip: bool = False  # mirror half of the images; wrong for digits and text
    colour_jitter: Fraction = 0.2
    random_erasing: Fraction = 0  # share of the images that get a rectangle of noise
    mixup: NonNegative = 0  # alpha of the Beta distribution that pairs of images are blended by; 0: none
    cutmix: NonNegative = 0  # the same for pasting a part of one into the other; with both, a batch gets either
    class_weights: ClassWeights | None = None  # balanced: by how rare a class is in the training images
    frozen_epochs: Annotated[int, Field(ge=0)] = 0  # the first epochs, which train the classifier alone
    backbone_rate: Share = 1  # learning rate of all but the classifier, as a share of learning_rate
    ema: Decay | None = None  # decay a step of the moving average of the weights, which is what is kept
    early_stopping: Positive | None = None  # epochs without a better validation accuracy; keeps the best weights
    teacher: Teacher | None = None
    workers: Annotated[int, Field(ge=0)] | None = None  # processes that read images; None: a core each
    processes: Positive = 1  # on each machine
    nodes: Positive = 1  # machines that train together, each started with the same command
    master: Annotated[str, AfterValidator(check_address)] | None = None  # host:port of the node that leads
    device: Literal["auto", "cpu", "gpu"] = "auto"  # auto: a GPU where Paddle has one
    mixed_precision: bool = False  # GPU only: float16 where it is safe
    seed: Seed = 42

    @model_validator(mode="after")
    def _nodes_have_a_master(self) -> Train:
        if self.nodes > 1 and self.master is None:
            raise ValueError(f"train.nodes {self.nodes} needs train.master: host:port of the machine that leads")
        return self


# Defaults instead, for a network that starts from trained weights: the new classifier first, then all of it, gently.
FINE_TUNING: dict[str, Any] = {
    "batch_size": 32,
    "optimiser": "adamw",
    "learning_rate": 0.003,
    "warmup_epochs": 0.0,
    "frozen_epochs": 2,
    "backbone_rate": 0.1,
}
