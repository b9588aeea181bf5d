"""PaddleClas's tasks by name: what they stand for in a config, and that their networks can be built."""

from __future__ import annotations

from typing import Any

import pytest

from paddle_cortexm.answers.thresholds import answers_of
from paddle_cortexm.config import Config
from paddle_cortexm.networks.build import build
from paddle_cortexm.networks.paddleclas import task_labels
from paddle_cortexm.settings.tasks import TASKS


def config(task: str, **sections: Any) -> Config:
    return Config.model_validate({"name": "x", "model": {"task": task}, **sections})


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_a_whole_config(name: str) -> None:
    made = config(name)
    assert made.model.weights_url and made.model.weights_url.endswith(f"/{name}_pretrained.pdparams")
    assert made.model.weights == "pretrained" and made.train.epochs == 0
    assert made.model.classes == len(task_labels(name)) == len(set(task_labels(name)))
    network = build(made.model.backbone, made.model.classes, arguments=made.model.arguments).network
    assert network.fc.weight.shape[1] == made.model.classes


def test_preprocessing_is_the_task_s() -> None:
    page, line = config("text_image_orientation").input, config("textline_orientation").input
    assert (page.size, page.box, page.fit) == ((224, 224), (256, 256), "crop")
    assert (line.size, line.box, line.fit) == ((80, 160), (80, 160), "stretch")


def test_what_the_config_says_itself_goes_first() -> None:
    made = config("person_exists", data={"resize": 300}, train={"epochs": 5, "learning_rate": 0.5})
    assert made.input.box == (300, 300) and made.train.epochs == 5 and made.train.learning_rate == 0.5


def test_fine_tuned_to_other_classes_it_takes_those_of_the_data_and_the_gentle_recipe() -> None:
    made = config("person_exists", train={"epochs": 5})
    assert made.model.classes is None and made.train.frozen_epochs == 2


@pytest.mark.parametrize("name", ["person_attribute", "table_attribute", "vehicle_attribute"])
def test_attributes_are_labels_with_the_task_s_thresholds(name: str) -> None:
    made = config(name).model
    assert made.answer == "several" and made.classes is not None
    answers = answers_of("several", made.classes, made.threshold)
    others = {label: t for label, t in zip(task_labels(name), answers.thresholds, strict=True) if t != 0.5}
    assert others == ({"Glasses": 0.3, "HoldObjectsInFront": 0.6} if name == "person_attribute" else {})


def test_an_unknown_task_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'person_exists'.*car_exists"):
        config("person_exist")
