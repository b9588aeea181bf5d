"""Section model of a config: which network, with which weights, for images of which size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from paddle_cortexm.errors import nearest
from paddle_cortexm.settings.image_input import Size
from paddle_cortexm.settings.section import Section
from paddle_cortexm.settings.tasks import TASKS, weights_url
from paddle_cortexm.settings.weights import SCRATCH


def check_task(value: str) -> str:
    if value not in TASKS:
        raise ValueError(f"unknown task{nearest(value, TASKS)}. There are: {', '.join(TASKS)}")
    return value


def as_list(value: Any) -> Any:
    """A single number stands for a list of one."""
    return [value] if isinstance(value, (int, float)) else value


Thresholds = Annotated[tuple[float, ...], Field(min_length=1), BeforeValidator(as_list)]


class Model(Section):
    """The network. backbone: one of PaddleClas's or of networks/own/; arguments: keywords for what builds it; task: one
    of settings/tasks.py, which sets the other keys of the network and its images, and deploys its trained weights as
    they are. weights: scratch (train from nothing), pretrained (PaddleClas's, of the task or of ImageNet), random
    (seeded, for size and speed work) or the path of a .pdparams file. Or an exported program, deployed as it is:
    inference.pdmodel or Paddle 3's inference.json, each with its .pdiparams; the suffix may be left out. Or a word of
    settings/published_programs.py, for one that is fetched.

    answer: what its outputs mean. one: the best of all classes (softmax). several: labels that hold or do not, a
    sigmoid each, also a single one. value: one number as it is, deployed but not trained here. None: several where the
    data give several labels an image, the program ends in a sigmoid, or classes is 1; otherwise one. threshold: of the
    scores above which a label holds (0.5); of two classes the second's; of a value none unless given."""

    task: Annotated[str, AfterValidator(check_task)] | None = None
    backbone: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict)
    program: Path | None = None
    output: str | int | None = None  # name or number of the program's output, where it has several
    weights: str = SCRATCH
    image_size: Size = 96  # pixels of both sides, or [height, width]
    classes: Annotated[int, Field(ge=1)] | None = None  # outputs; None: as many as the data has
    answer: Literal["one", "several", "value"] | None = None
    threshold: Thresholds | None = None  # one, or a list with one a label
    labels: Path | None = None  # a label a line; None: the data's class names, or the task's

    @property
    def weights_url(self) -> str | None:
        """Where `pretrained` weights are; None: wherever PaddleClas has the backbone's."""
        return weights_url(self.task) if self.task else None

    @model_validator(mode="after")
    def _network_is_given(self) -> Model:
        if not self.backbone and self.program is None:
            raise ValueError("'model.backbone' is missing, or 'model.program' for an exported program")
        if self.backbone and self.program is not None:
            raise ValueError("both 'model.backbone' and 'model.program' are given: leave one of them out")
        if self.program is None and self.output is not None:
            raise ValueError("'model.output' chooses among the outputs of a program: it needs 'model.program'")
        if self.program is not None and self.weights != SCRATCH:
            raise ValueError("'model.weights' is of no use with 'model.program', which has its own: leave it out")
        return self

    @model_validator(mode="after")
    def _answer_has_its_outputs(self) -> Model:
        if self.answer == "one" and self.classes == 1:
            raise ValueError("'model.answer' one chooses among classes, and 'model.classes' is 1: several, or value")
        if self.answer == "value" and self.classes not in (None, 1):
            raise ValueError(f"'model.answer' value is one number, and 'model.classes' is {self.classes}: leave it out")
        is_score = self.answer != "value"
        if is_score and not all(0 < threshold < 1 for threshold in self.threshold or ()):
            raise ValueError("'model.threshold' is of scores: above 0 and below 1")
        return self

    @property
    def title(self) -> str:
        """What to call the network."""
        return self.backbone or str(self.program)

    @property
    def source(self) -> str:
        """The key that says where its weights are from, and what it says."""
        return f"model.weights '{self.weights}'" if self.program is None else f"model.program '{self.program}'"
