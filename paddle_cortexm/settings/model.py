"""Section model of a config: which network, with which weights, for images of which size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, model_validator

from paddle_cortexm.errors import nearest
from paddle_cortexm.settings.image_input import Size
from paddle_cortexm.settings.section import Section
from paddle_cortexm.settings.tasks import TASKS, weights_url
from paddle_cortexm.settings.weights import SCRATCH


def check_task(value: str) -> str:
    single = [name for name, task in TASKS.items() if not task.multi_label]
    if value not in TASKS:
        raise ValueError(f"unknown task{nearest(value, TASKS)}. There are: {', '.join(single)}")
    if TASKS[value].multi_label:
        raise ValueError(
            f"several of its labels may hold at once, which is not supported; tasks that are: {', '.join(single)}"
        )
    return value


class Model(Section):
    """The network. backbone: one of PaddleClas's or of networks/own/; arguments: keywords for what builds it; task: one
    of settings/tasks.py, which sets the other keys of the network and its images, and deploys its trained weights as
    they are. weights: scratch (train from nothing), pretrained (PaddleClas's, of the task or of ImageNet), random
    (seeded, for size and speed work) or the path of a .pdparams file. Or an exported program, deployed as it is:
    inference.pdmodel or Paddle 3's inference.json, each with its .pdiparams; the suffix may be left out."""

    task: Annotated[str, AfterValidator(check_task)] | None = None
    backbone: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict)
    program: Path | None = None
    output: str | int | None = None  # name or number of the program's output, where it has several
    weights: str = SCRATCH
    image_size: Size = 96  # pixels of both sides, or [height, width]
    classes: Annotated[int, Field(ge=2)] | None = None  # None: as many as the data has
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

    @property
    def title(self) -> str:
        """What to call the network."""
        return self.backbone or str(self.program)

    @property
    def source(self) -> str:
        """The key that says where its weights are from, and what it says."""
        return f"model.weights '{self.weights}'" if self.program is None else f"model.program '{self.program}'"
