"""answers.json: what the outputs of a network mean."""

from __future__ import annotations

import math
from typing import Literal

from paddle_cortexm.artefacts.artefact import Artefact

Kind = Literal["one", "several", "value"]


class Answers(Artefact):
    """kind: one class of all (softmax), several labels (a sigmoid each), or one value as it is. thresholds: of several
    one a label; of one class that of the second of two, () where the largest score decides; of a value one, or ()."""

    file, script = "answers.json", "01_finetune.py"

    kind: Kind
    thresholds: tuple[float, ...] = ()

    @property
    def limits(self) -> tuple[float, ...]:
        """What thresholds are for the outputs, which are logits: of two classes for the second's less the first's. A
        sigmoid is above t where its logit is above this, so that nobody needs the sigmoid to decide."""
        if self.kind == "value":
            return self.thresholds
        return tuple(math.log(threshold / (1 - threshold)) for threshold in self.thresholds)


ONE_OF_ALL = Answers(kind="one")
