"""PaddleClas's ready-made tasks (PULC), by name: `model.task: text_image_orientation`.

All are PPLCNet_x1_0 with ImageNet's mean and deviation, in RGB. A task of two classes answers the second above a score
of 0.5, which is the larger score. The attributes answer each label by itself; PaddleClas goes on from there, and says
for instance which of the three ages is the likeliest. Source: github.com/PaddlePaddle/PaddleClas, release 2.6:
deploy/configs/PULC/TASK/ for preprocessing, thresholds and labels, ppcls/configs/PULC/TASK/PPLCNet_x1_0.yaml for the
arguments, ppcls/data/postprocess/attr_rec.py for the order of attributes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

BACKBONE = "PPLCNet_x1_0"
WEIGHTS_URL = "https://paddleclas.bj.bcebos.com/models/PULC/pretrained/{name}_pretrained.pdparams"
SQUARE, SHORT_SIDE = 224, 256  # pixels
TEXT_LINE = (80, 160)  # height, width
ALONG_THE_LINE = {"stride_list": [2, [2, 1], [2, 1], [2, 1], [2, 1]]}  # halved in height only
NO_LAST = {"use_last_conv": False}
PERSON = (
    *("Hat", "Glasses", "ShortSleeve", "LongSleeve", "UpperStride", "UpperLogo", "UpperPlaid", "UpperSplice"),
    *("LowerStripe", "LowerPattern", "LongCoat", "Trousers", "Shorts", "Skirt&Dress", "Boots", "HandBag"),
    *("ShoulderBag", "Backpack", "HoldObjectsInFront", "AgeLess18", "Age18-60", "AgeOver60", "Female"),
    *("Front", "Side", "Back"),
)
VEHICLE = (
    *("yellow", "orange", "green", "gray", "red", "blue", "white", "golden", "brown", "black"),
    *("sedan", "suv", "van", "hatchback", "mpv", "pickup", "bus", "truck", "estate"),
)
TABLE = ("Scanned", "Little", "Black-and-White", "Clear", "Without-Obstacles", "Horizontal")
PERSON_THRESHOLDS = {"Glasses": 0.3, "HoldObjectsInFront": 0.6}


@dataclass(frozen=True)
class Task:
    """classes: outputs; labels: their names in order, empty where PaddleClas's own list of that name has them;
    stretched: height and width of images that are stretched, None for those whose centre is cut out; thresholds: of
    the labels, of which several may hold at once; None where one class does."""

    classes: int
    labels: tuple[str, ...] = ()
    arguments: Mapping[str, Any] | None = None
    stretched: tuple[int, int] | None = None
    thresholds: tuple[float, ...] | None = None


TASKS: dict[str, Task] = {
    "car_exists": Task(2, ("no_car", "contains_car")),
    "clarity_assessment": Task(2, ("clear", "blur"), NO_LAST),
    "code_exists": Task(2, ("no_code", "contains_code")),
    "image_orientation": Task(4, ("0", "90", "180", "270"), NO_LAST),
    "language_classification": Task(10, (), ALONG_THE_LINE, TEXT_LINE),
    "person_attribute": Task(
        26, PERSON, stretched=(256, 192), thresholds=tuple(PERSON_THRESHOLDS.get(name, 0.5) for name in PERSON)
    ),
    "person_exists": Task(2, ("nobody", "someone")),
    "safety_helmet": Task(2, ("wearing_helmet", "unwearing_helmet")),
    "table_attribute": Task(6, TABLE, stretched=(224, 224), thresholds=(0.5,) * 6),
    "text_image_orientation": Task(4, ("0", "90", "180", "270")),
    "textline_orientation": Task(2, ("0_degree", "180_degree"), ALONG_THE_LINE, TEXT_LINE),
    "traffic_sign": Task(232),
    "vehicle_attribute": Task(19, VEHICLE, stretched=(192, 256), thresholds=(0.5,) * 19),
}


def weights_url(name: str) -> str:
    """Where PaddleClas's trained weights of a task are."""
    return WEIGHTS_URL.format(name=name)


def task_defaults(name: str, *, deployed_as_is: bool) -> dict[str, dict[str, Any]]:
    """What a task stands for in a config, by section. deployed_as_is: with its own classes, not tuned to others."""
    task = TASKS[name]
    model: dict[str, Any] = {"backbone": BACKBONE, "weights": "pretrained", "arguments": dict(task.arguments or {})}
    if deployed_as_is:
        model["classes"] = task.classes
        if task.thresholds:
            model |= {"answer": "several", "threshold": task.thresholds}
    model["image_size"] = task.stretched or SQUARE
    data = {"fit": "stretch"} if task.stretched else {"resize": SHORT_SIDE}
    return {"model": model, "data": data, "train": {"epochs": 0}}
