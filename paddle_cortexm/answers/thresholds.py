"""From a config to what a network's outputs mean."""

from __future__ import annotations

from paddle_cortexm.artefacts.answers import Answers, Kind
from paddle_cortexm.errors import UserError

DEFAULT = 0.5  # of a label's score


def answers_of(kind: Kind, outputs: int, given: tuple[float, ...] | None) -> Answers:
    """given: model.threshold. Raises UserError for thresholds that do not fit the outputs."""
    if kind == "several":
        thresholds = given or (DEFAULT,)
        if len(thresholds) not in (1, outputs):
            raise UserError(
                f"model.threshold: {len(thresholds)} thresholds for {outputs} labels. Give one, or one each."
            )
        return Answers(kind=kind, thresholds=thresholds * outputs if len(thresholds) == 1 else thresholds)
    if given and len(given) > 1:
        raise UserError(f"model.threshold: {len(given)} thresholds, but model.answer is {kind}. Give one.")
    if kind == "one" and given and outputs != 2:
        raise UserError(
            f"model.threshold: of {outputs} classes the one with the largest score is the answer; a threshold is the "
            f"second's of two, or of labels of which several may hold (model.answer: several). Leave it out."
        )
    return Answers(kind=kind, thresholds=given or ())
