"""What becomes of a PaddleClas config, and what is said of the rest."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.config import Config
from paddle_cortexm.convert.conversion import convert
from paddle_cortexm.errors import UserError
from tests.convert.paddleclas_yaml import birds, birds_varied_by

MIXUP = {"MixupOperator": {"alpha": 0.2}}
BOTH = {"OpSampler": {"MixupOperator": {"alpha": 0.8, "prob": 0.5}, "CutmixOperator": {"alpha": 1.0, "prob": 0.5}}}
BATCHES = "DataLoader.Train.dataset.batch_transform_ops"
VARIED = "DataLoader.Train.dataset.transform_ops"
LABELS = "Loss.Train.MultiLabelLoss"


def test_every_value_with_a_counterpart_is_carried_over() -> None:
    made = convert(birds())
    assert made.values["model"] == {
        "backbone": "PPLCNet_x0_5",
        "weights": "pretrained",
        "classes": 7,
        "image_size": 128,
    }
    assert made.values["data"] == {
        "kind": "list",
        "path": "birds",
        "resize": 146,
        "mean": [0.485, 0.456, 0.406],
        "std": [0.229, 0.224, 0.225],
    }
    assert made.values["train"] == {
        "frozen_epochs": 0,
        "backbone_rate": 1,
        "epochs": 20,
        "batch_size": 32,
        "optimiser": "momentum",
        "learning_rate": 0.04,
        "warmup_epochs": 3,
        "weight_decay": 3e-5,
        "label_smoothing": 0.1,
        "crop_scale": [0.08, 1.0],
        "flip": True,
        "colour_jitter": 0,
    }
    assert [note.path for note in made.notes] == ["DataLoader.Train.sampler.batch_size"]


@pytest.mark.parametrize(
    ("given_values", "key", "value"),
    [
        (birds("EMA.decay", 0.999), "ema", 0.999),
        (birds(BATCHES, [MIXUP]), "mixup", 0.2),
        (birds(BATCHES, [BOTH]), "mixup", 0.8),
        (birds(BATCHES, [BOTH]), "cutmix", 1.0),
        (birds_varied_by({"RandomErasing": {"EPSILON": "0.25", "mode": "pixel"}}), "random_erasing", 0.25),
        (birds_varied_by({"ColorJitter": {"brightness": 0.4, "contrast": 0.4}}), "colour_jitter", 0.4),
        (birds("Optimizer", {"name": "AdamW", "lr": {"name": "Cosine"}, "weight_decay": 0.05}), "optimiser", "adamw"),
        (birds("Optimizer", {"name": "AdamW", "lr": {"name": "Cosine"}, "weight_decay": 0.05}), "weight_decay", 0.05),
    ],
)
def test_ingredients_of_a_recipe_have_their_keys(given_values: dict[str, Any], key: str, value: object) -> None:
    assert convert(given_values).values["train"][key] == value


@pytest.mark.parametrize(
    ("pretrained", "weights"),
    [(True, "pretrained"), (False, "scratch"), (None, "scratch"), ("./best/birds", "./best/birds.pdparams")],
)
def test_weights_are_pretrained_a_file_or_none(pretrained: object, weights: str) -> None:
    assert convert(birds("Arch.pretrained", pretrained)).values["model"]["weights"] == weights


def measured_by(*operators: dict[str, Any]) -> dict[str, Any]:
    """The birds, evaluated by other operators."""
    values = birds()
    values["DataLoader"]["Eval"]["dataset"]["transform_ops"] = list(operators)
    return values


@pytest.mark.parametrize(
    ("operators", "image_size", "data"),
    [
        ([{"ResizeImage": {"size": [160, 80]}}], [80, 160], {"fit": "stretch"}),  # (width, height) there
        ([{"ResizeImage": {"size": 256}}, {"CropImage": {"size": 224}}], 224, {"fit": "stretch", "resize": 256}),
        ([{"ResizeImage": {"resize_short": 96}}, {"CropImage": {"size": [64, 32]}}], [32, 64], {"resize": 96}),
        ([{"DecodeImage": {"to_rgb": False}}, {"ResizeImage": {"size": 64}}], 64, {"fit": "stretch", "colour": "bgr"}),
    ],
)
def test_how_an_image_becomes_the_input_is_carried_over(
    operators: list[dict[str, Any]], image_size: object, data: dict[str, Any]
) -> None:
    made = convert(measured_by(*operators))
    assert made.values["model"]["image_size"] == image_size
    assert {key: value for key, value in made.values["data"].items() if key in ("fit", "resize", "colour")} == data
    Config.model_validate({"name": "birds", **made.values})


def test_normalisation_of_pixels_up_to_255_becomes_that_of_shares() -> None:
    values = birds()
    values["DataLoader"]["Eval"]["dataset"]["transform_ops"][-1] = {
        "NormalizeImage": {"scale": 1.0, "mean": [127.5, 0, 255], "std": [51, 51, 51]}
    }
    data = convert(values).values["data"]
    assert data["mean"] == [0.5, 0, 1] and data["std"] == [0.2, 0.2, 0.2]


def distilled(**teacher: Any) -> dict[str, Any]:
    models = [
        {"Teacher": {"name": "ResNet50_vd", **teacher}},
        {"Student": {"name": "PPLCNet_x0_5", "pretrained": True}},
    ]
    values = birds(
        "Arch", {"name": "DistillationModel", "class_num": 7, "models": models, "infer_model_name": "Student"}
    )
    pairs = {"model_name_pairs": [["Student", "Teacher"]]}
    values["Loss"]["Train"] = [
        {"DistillationCELoss": {"weight": 3.0, **pairs}},
        {"DistillationGTCELoss": {"weight": 1.0, "model_names": ["Student"]}},
    ]
    return values


def test_a_teacher_with_weights_is_carried_over_with_its_share_of_the_loss() -> None:
    made = convert(distilled(pretrained="teacher.pdparams"))
    assert made.values["model"]["backbone"] == "PPLCNet_x0_5" and made.values["model"]["classes"] == 7
    assert made.values["train"]["teacher"] == {
        "backbone": "ResNet50_vd",
        "weights": "teacher.pdparams",
        "temperature": 1,
        "share": 0.75,
    }


def test_several_labels_are_carried_over_with_how_they_are_weighed() -> None:
    values = birds("Loss.Train", [{"MultiLabelLoss": {"weight": 1.0, "weight_ratio": True, "epsilon": 0.2}}])
    values["Global"]["use_multilabel"] = True
    for split in ("Train", "Eval"):
        values["DataLoader"][split]["dataset"] |= {"name": "MultiLabelDataset", "label_ratio": True}
    made = convert(values)
    assert made.values["model"]["answer"] == "several"
    assert (made.values["train"]["class_weights"], made.values["train"]["label_smoothing"]) == ("balanced", 0.2)
    assert [note.path for note in made.notes] == ["DataLoader.Train.sampler.batch_size"]


def test_a_threshold_of_two_classes_is_carried_over() -> None:
    made = convert(birds("Infer.PostProcess", {"name": "ThreshOutput", "threshold": 0.9, "label_0": "nobody"}))
    assert made.values["model"]["threshold"] == 0.9 and "answer" not in made.values["model"]


def test_what_the_backbone_is_given_is_carried_over() -> None:
    strides = [2, [2, 1], [2, 1], [2, 1], [2, 1]]
    made = convert(birds("Arch.stride_list", strides))
    assert made.values["model"]["arguments"] == {"stride_list": strides}
    assert not any(note.path.startswith("Arch.stride_list") for note in made.notes)


@pytest.mark.parametrize("teacher", [{}, {"pretrained": True}, {"pretrained": "https://teacher.pdparams"}])
def test_a_teacher_whose_weights_are_not_at_hand_is_left_out_and_said_to_be(teacher: dict[str, Any]) -> None:
    made = convert(distilled(**teacher))
    assert "teacher" not in made.values["train"]
    assert any(note.path == "Arch.models.Teacher.name" and "weights" in note.reason for note in made.notes)


@pytest.mark.parametrize(
    ("values", "path", "reason"),
    [
        (birds("Arch.name", "ResNet51"), "Arch.name", "no such backbone .did you mean 'ResNet5"),
        (birds("Arch.use_ssld", True), "Arch.use_ssld", "SSLD"),
        (birds("Optimizer.lr.name", "Piecewise"), "Optimizer.lr.name", "half a cosine"),
        (birds("Optimizer.name", "RMSProp"), "Optimizer.name", "Momentum and AdamW"),
        (birds("Optimizer.momentum", 0.8), "Optimizer.momentum", "0.9 is built in"),
        (birds("Global.image_shape", [3, 80, 160]), "Global.image_shape", "evaluation makes another size"),
        (birds("Loss.Train", [{"MultiLabelLoss": {"size_sum": True}}]), f"{LABELS}.size_sum", "mean over the labels"),
        (birds("DataLoader.Train.dataset.cls_label_path", "./all.txt"), None, "put this list at birds/train_list.txt"),
        (birds("Loss.Train", [{"TripletLoss": {"weight": 1}}]), "Loss.Train.TripletLoss", "cross entropy"),
        (birds_varied_by({"AutoAugment": None}), f"{VARIED}.AutoAugment", "no such augmentation"),
        (birds_varied_by({"AugMix": {"prob": 0.5}}), f"{VARIED}.AugMix", "no such augmentation"),
        (birds("Global.epochs", -3), "train.epochs", "not allowed here: .*greater than or equal to 0"),
        (birds("Unheard.of", 1), "Unheard", "no counterpart"),
    ],
)
def test_what_has_no_counterpart_is_named_with_the_reason(
    values: dict[str, Any], path: str | None, reason: str
) -> None:
    reasons = [note.reason for note in convert(values).notes if path in (None, note.path)]
    assert any(re.search(reason, given) for given in reasons)


def test_a_network_that_is_not_supported_is_written_all_the_same() -> None:
    assert convert(birds("Arch.name", "ResNet51")).values["model"]["backbone"] == "ResNet51"


def test_training_for_quantisation_becomes_qat() -> None:
    assert convert(birds("Slim.quant.name", "pact")).values["quantise"]["method"] == "qat"


def test_the_text_is_a_config_with_the_notes_at_its_head() -> None:
    made = convert(birds("Arch.name", "ResNet51"))
    text = made.text("Birds.")
    assert text.startswith("# Birds.\n# Not carried over") and "#   Arch.name (ResNet51): written as it is" in text
    assert yaml.safe_load(text) == made.values
    Config.model_validate({"name": "birds", **made.values})


@pytest.mark.parametrize("values", [{}, {"ARCHITECTURE": {"name": "VGG16"}}, {"Global": {"epochs": 3}}, {"Arch": "x"}])
def test_what_is_no_training_config_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"no PaddleClas training config.*Global, Arch, DataLoader, Optimizer"):
        convert(values)


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-10, 3000) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
PLACES = (
    *("Global", "Arch.pretrained", "Arch.class_num", "Optimizer", "Optimizer.lr", "EMA", "DataLoader", "Loss.Train"),
    *("Global.image_shape", "Global.epochs", "DataLoader.Eval.dataset.transform_ops", BATCHES, "Slim", "Arch.models"),
    *("DataLoader.Train.dataset.image_root", "DataLoader.Train.dataset.transform_ops", "DataLoader.Train.sampler"),
)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_a_yaml_a_valid_config_comes_out(place: str, value: Any) -> None:
    Config.model_validate({"name": "birds", **convert(birds(place, value)).values})
