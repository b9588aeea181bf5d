"""What the loss counts: smoothed labels, weighted classes, a teacher."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest
from paddle.nn import functional

from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build
from paddle_cortexm.settings.training import Teacher
from paddle_cortexm.training.recipe.class_weights import label_shares
from paddle_cortexm.training.recipe.distillation import Distillation, distillation
from paddle_cortexm.training.recipe.entropy import entropy_of
from paddle_cortexm.training.recipe.loss import Loss
from paddle_cortexm.training.recipe.parts import Batch

CLASSES = 4
LABELS = paddle.to_tensor([0, 1, 2, 3, 0, 0])
BATCH = Batch(paddle.zeros([6, 3, 32, 32]), LABELS)


def logits(seed: int = 0) -> paddle.Tensor:
    return paddle.to_tensor(np.random.default_rng(seed).normal(size=(6, CLASSES)).astype(np.float32))


class Fixed(paddle.nn.Layer):
    """A teacher that always answers the same."""

    def __init__(self, answers: paddle.Tensor) -> None:
        super().__init__()
        self.answers = answers

    def forward(self, images: paddle.Tensor) -> paddle.Tensor:
        return self.answers


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_labels_alone_are_paddle_s_cross_entropy(smoothing: float) -> None:
    expected = functional.cross_entropy(logits(), LABELS, label_smoothing=smoothing)
    assert float(Loss(smoothing)(logits(), BATCH)) == float(expected)


def test_class_weights_are_those_of_paddle_s_cross_entropy() -> None:
    weights = paddle.to_tensor([0.5, 1.0, 2.0, 3.0])
    expected = functional.cross_entropy(logits(), LABELS, weight=weights)
    assert float(Loss(weights=weights)(logits(), BATCH)) == pytest.approx(float(expected), rel=1e-6)


def gradient(share: float, temperature: float, answers: paddle.Tensor) -> np.ndarray:
    given = logits()
    given.stop_gradient = False
    Loss(teacher=Distillation(Fixed(answers), temperature, share))(given, BATCH).backward()
    return given.grad.numpy()


@pytest.mark.parametrize("temperature", [1.0, 4.0])
def test_who_answers_like_the_teacher_has_nothing_to_learn_from_it(temperature: float) -> None:
    np.testing.assert_allclose(gradient(1, temperature, logits()), 0, atol=1e-6)
    assert abs(gradient(1, temperature, logits(seed=1))).max() > 1e-3


def test_the_share_is_divided_between_labels_and_teacher() -> None:
    other = logits(seed=1)
    labels, teacher = gradient(1e-9, 1, other), gradient(1, 1, other)
    np.testing.assert_allclose(gradient(0.25, 1, other), 0.75 * labels + 0.25 * teacher, rtol=1e-4, atol=1e-6)


def test_a_teacher_is_any_network_of_paddleclas_and_does_not_learn(tmp_path: Path) -> None:
    paddle.save(build("PPLCNet_x0_25", CLASSES, seed=1).network.state_dict(), str(tmp_path / "teacher.pdparams"))
    wanted = Teacher(backbone="PPLCNet_x0_25", weights=str(tmp_path / "teacher.pdparams"))
    teacher = distillation(wanted, CLASSES, seed=0)
    assert teacher is not None and not teacher.network.training
    given = logits()
    given.stop_gradient = False
    teacher.loss(given, BATCH.inputs).backward()
    assert all(parameter.grad is None for parameter in teacher.network.parameters())


def test_weights_for_other_classes_are_refused(tmp_path: Path) -> None:
    paddle.save(build("PPLCNet_x0_25", 7).network.state_dict(), str(tmp_path / "seven.pdparams"))
    wanted = Teacher(backbone="PPLCNet_x0_25", weights=str(tmp_path / "seven.pdparams"))
    with pytest.raises(UserError, match=r"train\.teacher\.weights: .*fc\.weight' has shape \(1280, 7\), not"):
        distillation(wanted, CLASSES, seed=0)


def test_a_teacher_with_several_outputs_is_refused() -> None:
    loss = Loss(teacher=Distillation(Fixed([logits(), logits()]), 1, 0.5))  # type: ignore[arg-type]
    with pytest.raises(UserError, match=r"train\.teacher\.backbone: this network has several outputs"):
        loss(logits(), BATCH)


def test_an_unknown_teacher_names_the_nearest() -> None:
    with pytest.raises(UserError, match=r"train\.teacher\.backbone: .*'ResNet50_vb' \(did you mean 'ResNet50_vd'"):
        distillation(Teacher(backbone="ResNet50_vb", weights="pretrained"), CLASSES, seed=0)


SEVERAL = paddle.to_tensor(np.random.default_rng(3).integers(0, 2, (6, CLASSES)).astype(np.float32))
LABELLED = Batch(paddle.zeros([6, 3, 32, 32]), SEVERAL)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_several_labels_are_paddleclas_s_binary_cross_entropy(smoothing: float) -> None:
    wanted = (1 - smoothing) * SEVERAL.numpy() + smoothing / CLASSES
    sigmoid = 1 / (1 + np.exp(-logits().numpy()))
    expected = -(wanted * np.log(sigmoid) + (1 - wanted) * np.log(1 - sigmoid)).mean()
    got = Loss(smoothing, entropy=entropy_of("several"))(logits(), LABELLED)
    assert float(got) == pytest.approx(float(expected), rel=1e-5)


def test_balanced_labels_are_paddleclas_s_weight_ratio() -> None:
    targets = SEVERAL.numpy()
    shares = label_shares("balanced", targets.astype(np.int64), CLASSES)
    assert shares is not None and shares == pytest.approx(targets.mean(axis=0))
    each = np.maximum(logits().numpy(), 0) - logits().numpy() * targets + np.log1p(np.exp(-np.abs(logits().numpy())))
    expected = (each * np.exp(np.where(targets == 1, 1 - shares, shares))).mean()
    got = Loss(weights=paddle.to_tensor(shares), entropy=entropy_of("several"))(logits(), LABELLED)
    assert float(got) == pytest.approx(float(expected), rel=1e-5)


def test_a_single_label_is_smoothed_alike_whether_it_holds_or_not() -> None:
    smoothed = entropy_of("several").smoothed(paddle.to_tensor([[0.0], [1.0]]), 0.2)
    np.testing.assert_allclose(smoothed.numpy(), [[0.1], [0.9]], rtol=1e-6)


def test_who_answers_the_labels_like_the_teacher_has_nothing_to_learn_from_it() -> None:
    given = logits()
    given.stop_gradient = False
    several = entropy_of("several")
    Loss(teacher=Distillation(Fixed(logits()), 2.0, 1, several), entropy=several)(given, LABELLED).backward()
    np.testing.assert_allclose(given.grad.numpy(), 0, atol=1e-6)


def test_labels_have_no_weights_of_their_own() -> None:
    with pytest.raises(UserError, match=r"train\.class_weights: .* only: balanced"):
        label_shares((1.0, 2.0), np.zeros((2, 2), np.int64), 2)


def test_a_value_cannot_be_trained() -> None:
    with pytest.raises(UserError, match=r"model\.answer value is deployed, not trained here"):
        entropy_of("value")
