"""What outputs mean: which answer they are, and how right it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from paddle_cortexm.answers.kinds import AnswerKind, agreement, kind_of
from paddle_cortexm.answers.thresholds import answers_of
from paddle_cortexm.artefacts.answers import Answers, Kind
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.errors import UserError

LOGITS = arrays.arrays(np.float32, (5, 2), elements=st.floats(-8, 8, width=32))
SCORES = st.floats(0.01, 0.99)


def asked(kind: Kind, *thresholds: float) -> AnswerKind:
    return kind_of(Answers(kind=kind, thresholds=thresholds))


@given(LOGITS, SCORES)
def test_of_two_classes_the_second_is_the_answer_where_its_score_is_above_the_threshold(
    logits: np.ndarray, threshold: float
) -> None:
    second = 1 / (1 + np.exp(logits[:, 0] - logits[:, 1], dtype=np.float64))
    clear = np.abs(second - threshold) > 1e-5
    taken = asked("one", threshold).decisions(logits)
    assert np.array_equal(taken[clear], (second > threshold)[clear])
    assert [asked("one", threshold).ranking(row)[0] for row in logits] == taken.tolist()


@given(LOGITS)
def test_a_threshold_of_one_half_takes_the_larger_of_two_logits(logits: np.ndarray) -> None:
    assert np.array_equal(asked("one", 0.5).decisions(logits), asked("one").decisions(logits))


@given(LOGITS, SCORES, SCORES)
def test_a_label_holds_where_its_sigmoid_is_above_its_threshold(
    logits: np.ndarray, first: float, second: float
) -> None:
    sigmoid = 1 / (1 + np.exp(-logits.astype(np.float64)))
    clear = np.abs(sigmoid - [first, second]) > 1e-5
    assert np.array_equal(asked("several", first, second).decisions(logits)[clear], (sigmoid > [first, second])[clear])


@given(LOGITS, st.integers(1, 4), st.data())
def test_the_figure_of_merit_is_the_same_whatever_parts_the_images_come_in(
    logits: np.ndarray, cut: int, data: st.DataObject
) -> None:
    labels = data.draw(arrays.arrays(np.int64, (5, 2), elements=st.integers(0, 1)))
    for kind, targets in ((asked("several", 0.5, 0.5), labels), (asked("one"), labels[:, 0])):
        decisions = kind.decisions(logits)
        parts = [kind.counts(decisions[part], targets[part]) for part in (slice(cut), slice(cut, None))]
        assert kind.merit_of(np.sum(parts, axis=0)) == pytest.approx(kind.scores(logits, targets).merit)


def test_of_a_mixed_image_the_larger_share_counts() -> None:
    shares = np.array([[0.7, 0.3], [0.4, 0.6]], np.float32)
    assert asked("one").counts(np.array([0, 1]), shares).tolist() == [2, 2]
    several = asked("several", 0.5, 0.5)
    assert several.merit_of(several.counts(np.array([[1, 0], [0, 1]]), shares)) == 1


def test_of_equal_logits_the_lower_class_comes_first() -> None:
    logits = np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 0.0]], np.float32)
    assert asked("one").scores(logits, np.array([1, 1])) == Scores(images=2, top1=0.5, top5=1.0)
    assert asked("one").ranking(logits[1]) == [0, 1, 2]


@given(LOGITS, LOGITS)
def test_equal_answers_do_not_diverge_and_others_do(exact: np.ndarray, other: np.ndarray) -> None:
    for kind in (asked("one"), asked("several", 0.5, 0.5), asked("value")):
        assert kind.divergence(exact, exact) == 0
        assert kind.divergence(exact, other) >= -1e-12
    moved = exact + np.array([0, 1], np.float32)
    assert all(kind.divergence(exact, moved) > 0 for kind in (asked("one"), asked("several", 0.5, 0.5), asked("value")))


def test_a_single_score_diverges_though_its_softmax_would_not() -> None:
    assert asked("several", 0.5).divergence(np.array([[2.0]]), np.array([[0.5]])) > 0.1


def test_images_agree_where_all_their_labels_do() -> None:
    assert agreement(np.array([[0, 1], [1, 1]]), np.array([[0, 1], [1, 0]])) == 0.5
    assert agreement(np.array([3, 4]), np.array([[3], [5]])) == 0.5


def test_one_threshold_stands_for_all_labels_and_one_half_for_none() -> None:
    assert answers_of("several", 3, (0.3,)).thresholds == (0.3,) * 3
    assert answers_of("several", 2, None).thresholds == (0.5, 0.5)
    assert answers_of("one", 2, (0.9,)).thresholds == (0.9,) and answers_of("one", 7, None).thresholds == ()
    assert answers_of("value", 1, (37.5,)).limits == (37.5,)


@pytest.mark.parametrize(
    ("kind", "outputs", "given_", "said"),
    [
        ("several", 3, (0.1, 0.2), "2 thresholds for 3 labels"),
        ("one", 2, (0.1, 0.2), "2 thresholds, but model.answer is one"),
        ("one", 10, (0.5,), "of 10 classes the one with the largest score is the answer"),
    ],
)
def test_thresholds_that_do_not_fit_are_refused(kind: Kind, outputs: int, given_: tuple[float, ...], said: str) -> None:
    with pytest.raises(UserError, match=said):
        answers_of(kind, outputs, given_)
