"""Weights from files: what does not fit or cannot be right is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build

BACKBONE = "PPLCNet_x0_25"
HEAD = ("fc.weight", "fc.bias")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_with_the_tensor_s_name(tmp_path: Path, value: float) -> None:
    state = build(BACKBONE, 10).network.state_dict()
    name = next(iter(state))
    state[name] = paddle.full_like(state[name], value)
    paddle.save(state, str(tmp_path / "broken.pdparams"))
    with pytest.raises(UserError, match=rf"broken\.pdparams holds values that are not finite.*1 of .*{name}"):
        build(BACKBONE, 10, str(tmp_path / "broken.pdparams"))


@pytest.mark.parametrize("classes", [7, 12])
def test_a_classifier_of_another_size_starts_from_scratch_and_all_else_is_kept(tmp_path: Path, classes: int) -> None:
    given = build(BACKBONE, 10, seed=1).network.state_dict()
    paddle.save(given, str(tmp_path / "ten.pdparams"))
    made = build(BACKBONE, classes, str(tmp_path / "ten.pdparams"), seed=2)
    (note,) = made.notes
    assert "classifier not taken from" in note and "fc.weight" in note and "it starts from scratch" in note
    own, fresh = made.network.state_dict(), build(BACKBONE, classes, seed=2).network.state_dict()
    for name, values in own.items():
        expected = fresh[name] if name in HEAD else given[name]
        assert np.array_equal(values.numpy(), expected.numpy()), name


def test_weights_that_fit_are_taken_whole_and_without_a_word(tmp_path: Path) -> None:
    given = build(BACKBONE, 10, seed=1).network.state_dict()
    paddle.save(given, str(tmp_path / "ten.pdparams"))
    made = build(BACKBONE, 10, str(tmp_path / "ten.pdparams"), seed=2)
    assert made.notes == ()
    assert all(
        np.array_equal(values.numpy(), given[name].numpy()) for name, values in made.network.state_dict().items()
    )


def test_weights_without_a_classifier_say_so(tmp_path: Path) -> None:
    state = build(BACKBONE, 10, seed=1).network.state_dict()
    paddle.save({name: values for name, values in state.items() if name not in HEAD}, str(tmp_path / "body.pdparams"))
    (note,) = build(BACKBONE, 10, str(tmp_path / "body.pdparams")).notes
    assert "(not in it)" in note


@pytest.mark.parametrize("backbone", [BACKBONE, "MobileNetV2_x0_25", "SqueezeNet1_1"])
def test_without_training_a_classifier_that_does_not_fit_is_refused(tmp_path: Path, backbone: str) -> None:
    paddle.save(build(backbone, 10).network.state_dict(), str(tmp_path / "ten.pdparams"))
    with pytest.raises(UserError, match=r"ten\.pdparams has a classifier for 10 .*model has 7 .*classes: 10 "):
        build(backbone, 7, str(tmp_path / "ten.pdparams"), is_trained=False)
    assert build(backbone, 10, str(tmp_path / "ten.pdparams"), is_trained=False).notes == ()


def test_without_training_weights_have_to_have_a_classifier(tmp_path: Path) -> None:
    state = build(BACKBONE, 10).network.state_dict()
    paddle.save({name: values for name, values in state.items() if name not in HEAD}, str(tmp_path / "body.pdparams"))
    with pytest.raises(UserError, match=r"body\.pdparams has no classifier, the model has 10 classes"):
        build(BACKBONE, 10, str(tmp_path / "body.pdparams"), is_trained=False)


def test_without_training_an_untrained_network_has_to_be_asked_for() -> None:
    with pytest.raises(UserError, match=r"scratch has to be trained.*model\.weights: random"):
        build(BACKBONE, 10, "scratch", is_trained=False)
    assert build(BACKBONE, 10, "random", is_trained=False).notes == ()


def test_constants_that_nothing_trains_need_not_be_in_the_file(tmp_path: Path) -> None:
    state = build("LeViT_128S", 10, seed=1).network.state_dict()
    constants = {name for name in state if name.endswith("attention_bias_idxs")}
    kept = {name: values for name, values in state.items() if name not in constants}
    paddle.save(kept, str(tmp_path / "levit.pdparams"))
    made = build("LeViT_128S", 10, str(tmp_path / "levit.pdparams"))
    assert constants and made.notes == ()


def test_weights_of_another_backbone_are_refused_with_the_tensor(tmp_path: Path) -> None:
    paddle.save(build("PPLCNet_x0_5", 10).network.state_dict(), str(tmp_path / "half.pdparams"))
    with pytest.raises(
        UserError, match=rf"half\.pdparams does not fit {BACKBONE}: \d+ of \d+ tensors differ.*has shape"
    ):
        build(BACKBONE, 10, str(tmp_path / "half.pdparams"))
