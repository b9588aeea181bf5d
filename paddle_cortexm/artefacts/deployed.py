"""What stage 3 measured by running the model it made on the host."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paddle_cortexm.artefacts.artefact import Artefact, Part
from paddle_cortexm.artefacts.model import Tensor
from paddle_cortexm.artefacts.training import AnyScores, LabelCounts, LabelScores, Scores

PREDICTIONS = "predictions.txt"  # the deployed C's answer to each validation image, a line each
DEMO_IMAGE = "demo.png"  # the frame that is linked into the program, as an image


class ConfusedPair(Part):
    """Two classes by label, and how many images of the first were taken for the second."""

    true: str
    predicted: str
    images: int


class DeployedMetrics(Artefact):
    """Of the deployed C. summary, before: accuracy in words, of the program and of what it was made from; images: 0,
    and the rest None, where the data has none for this model; agreement: share of images whose answer is the float
    model's; trained, floats: of the network as stage 1 measured it, of the program that was compiled; confusion:
    [true][predicted] counts; confused: its worst pairs. Where several labels may hold, labels and label_counts take the
    place of top1, top5, confusion and confused."""

    file, script = "metrics.json", "03_compile_tvm.py"

    summary: str
    before: str | None = None
    images: int = 0
    top1: float | None = None
    top5: float | None = None
    trained: AnyScores | None = None
    floats: AnyScores | None = Field(default=None, validation_alias="float", serialization_alias="float")
    agreement: float | None = None
    confused: tuple[ConfusedPair, ...] = ()
    confusion: tuple[tuple[int, ...], ...] = ()
    labels: LabelScores | None = None
    label_counts: tuple[LabelCounts, ...] = ()

    @property
    def scores(self) -> AnyScores | None:
        """Of the deployed C; None where it was not measured."""
        if self.top1 is None or self.top5 is None:
            return self.labels
        return Scores(images=self.images, top1=self.top1, top5=self.top5)


class Expected(Artefact):
    """The host's answer to the demo frame, which the target must reproduce. image: a file beside this one; output: the
    tensor's bytes, in hexadecimal digits."""

    file, script = "expected.json", "03_compile_tvm.py"

    image: str = DEMO_IMAGE
    label: str = Field(validation_alias="class", serialization_alias="class")
    top5: tuple[str, ...]
    crc32: str
    output: str

    @staticmethod
    def of(output: NDArray[np.generic], top5: tuple[str, ...]) -> Expected:
        """output: the logits; top5: labels, the best first."""
        content = output.tobytes()
        return Expected(label=top5[0], top5=top5, crc32=f"{zlib.crc32(content):08x}", output=content.hex())

    def values(self, tensor: Tensor) -> NDArray[np.generic]:
        """The output as it was; tensor: the model's output."""
        return np.frombuffer(bytes.fromhex(self.output), np.dtype(tensor.dtype)).reshape(tensor.shape)
