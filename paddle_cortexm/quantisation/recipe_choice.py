"""method auto: the recipe whose integers stay closest to the float model, on images that it has not seen.

From the config's recipe on, one thing is tried after the other - other algorithms to start from, bias correction, the
other way of rounding - and kept only where held-out images say that it helps.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import agreement
from paddle_cortexm.artefacts.quantisation import Recipe, TriedRecipe
from paddle_cortexm.quantisation.networks.paddle_graph import PaddleGraph
from paddle_cortexm.quantisation.post_training import PostTraining
from paddle_cortexm.tables import text_table

STEPS: tuple[Mapping[str, Any], ...] = (
    {"algorithm": "snr"},
    {"algorithm": "avg"},
    {"algorithm": "abs_max"},
    {"bias_correction": True},
    {"adaround": True},
    {"adaround": False},
)
HELD_OUT = 0.5  # share of the calibration images that recipes are compared on
Images = NDArray[np.float32]


def best_recipe(start: Recipe, calibration: PostTraining, held_out: Images) -> tuple[Recipe, list[TriedRecipe]]:
    """The best recipe that single steps from `start` lead to, and all that were tried, printed as a table.

    calibration: without the held-out images; these: (N, H, W, 3), normalised.
    """
    exact, kind = PaddleGraph(calibration.graph).logits(held_out), calibration.kind

    def tried_as(recipe: Recipe) -> TriedRecipe:
        got = calibration.quantised(recipe).logits(held_out)
        same = agreement(kind.decisions(got), kind.decisions(exact))
        row = TriedRecipe(**dict(recipe), divergence=kind.divergence(exact, got), agreement=same)
        print(f"tried {recipe.title}: divergence from the float model {row.divergence:.3g}", flush=True)
        return row

    best, recipes, tried = start, [start], [tried_as(start)]
    for step in STEPS:
        candidate = best.model_copy(update=step)
        if candidate in recipes:
            continue
        recipes.append(candidate)
        tried.append(tried_as(candidate))
        if tried[-1].divergence < min(row.divergence for row in tried[:-1]):
            best = candidate
    print(tried_table(tried, len(held_out), kind.agreement))
    return best, tried


def tried_table(tried: list[TriedRecipe], images: int, agreement: str) -> str:
    """What was tried, the best first. images: how many were held out; agreement: what it is to answer as the float
    model."""
    head = ("recipe", "divergence", f"{agreement}, of {images}")
    rows = sorted(tried, key=lambda row: row.divergence)
    return text_table(head, [(row.title, f"{row.divergence:.3g}", f"{row.agreement:.1%}") for row in rows])
