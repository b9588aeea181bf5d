"""method auto: a step is kept where images that the recipe has not seen say so, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.answers.divergence import of_classes
from paddle_cortexm.artefacts.quantisation import Recipe
from paddle_cortexm.quantisation.post_training import PostTraining
from paddle_cortexm.quantisation.recipe_choice import best_recipe
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images

START = Recipe(algorithm="hist")
HELD_OUT = images(32, seed=9)


def calibration() -> PostTraining:
    return PostTraining(block(), images(32), lambda *_: {}, PIXEL_RANGE, quiet=True)


def test_the_best_of_all_that_was_tried_is_returned() -> None:
    best, tried = best_recipe(START, calibration(), HELD_OUT)
    least = min(tried, key=lambda row: row.divergence)
    assert best == Recipe.model_validate(least.model_dump(include=set(Recipe.model_fields)))
    assert best != START  # hist cuts off what this network needs


def test_a_step_that_does_not_help_is_not_built_upon() -> None:
    _, tried = best_recipe(START, calibration(), HELD_OUT)
    best = tried[0]
    for row in tried[1:]:
        assert differences(row, best) == 1
        best = min(best, row, key=lambda row: row.divergence)


def differences(first: Recipe, second: Recipe) -> int:
    return sum(getattr(first, name) != getattr(second, name) for name in Recipe.model_fields)


def test_what_was_tried_is_shown_as_a_table_the_best_first(capsys: pytest.CaptureFixture[str]) -> None:
    best, tried = best_recipe(START, calibration(), HELD_OUT)
    lines = capsys.readouterr().out.splitlines()
    table = lines[-1 - len(tried) :]
    assert table[0].split() == ["recipe", "divergence", "same", "class", "as", "float,", "of", "32"]
    assert table[1].startswith(best.title)


def test_divergence_counts_what_is_near_a_decision() -> None:
    sure, unsure = np.array([[20.0, 0, 0]], np.float32), np.array([[0.1, 0, 0]], np.float32)
    error = np.array([[0, 1.0, 0]], np.float32)
    assert of_classes(sure, sure) == 0
    assert of_classes(unsure, unsure + error) > 1e4 * of_classes(sure, sure + error)
