"""Rare classes count for more, by as much as they are rarer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.utils.class_weight import compute_class_weight

from paddle_cortexm.errors import UserError
from paddle_cortexm.training.recipe.class_weights import class_weights


@given(st.lists(st.integers(1, 50), min_size=2, max_size=8))
def test_balanced_weights_are_those_of_scikit_learn(counts: list[int]) -> None:
    targets = np.repeat(np.arange(len(counts)), counts)
    expected = compute_class_weight("balanced", classes=np.arange(len(counts)), y=targets)
    np.testing.assert_allclose(class_weights("balanced", targets, len(counts)), expected, rtol=1e-6)


def test_a_class_without_images_counts_for_nothing() -> None:
    weights = class_weights("balanced", np.array([0, 2, 2]), 3)
    assert weights is not None and weights[1] == 0 and weights[0] == 2 * weights[2]


def test_given_weights_have_to_be_one_a_class() -> None:
    np.testing.assert_array_equal(class_weights((1.0, 2.0), np.array([0, 1]), 2), [1, 2])
    with pytest.raises(UserError, match=r"train\.class_weights: 2 weights for 3 classes"):
        class_weights((1.0, 2.0), np.array([0, 1, 2]), 3)


def test_nothing_asked_for_is_no_weights() -> None:
    assert class_weights(None, np.array([0, 1]), 2) is None
