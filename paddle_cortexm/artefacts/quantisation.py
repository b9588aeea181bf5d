"""What stage 2 hands over beside the program: ranges, the float model's answers, what was done and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paddle_cortexm.artefacts.artefact import Artefact, Part
from paddle_cortexm.artefacts.training import AnyScores, Epoch
from paddle_cortexm.config import Quantise

FLOAT_PREDICTIONS = "float_predictions.txt"  # of stage 2


class TensorRange(Part):
    """The calibrated real interval of a tensor; source: whose, as in paddleslim-hist or calibrated-mse; bits: of the
    tensor's integers. 16 where 8 are too coarse: compiler/integers/wide.py says which tensors may have them."""

    minimum: float
    maximum: float
    source: str
    bits: Literal[8, 16] = 8


class Ranges(Artefact):
    """By tensor."""

    file, script = "ranges.json", "02_quantize.py"

    tensors: dict[str, TensorRange]


class ParameterNames(Artefact):
    """What the network's weights file calls the parameters of the program, by their names in the program."""

    file, script = "parameters.json", "02_quantize.py"

    names: dict[str, str]


def intervals(ranges: Mapping[str, TensorRange]) -> dict[str, tuple[float, float]]:
    """(minimum, maximum) by tensor."""
    return {name: (entry.minimum, entry.maximum) for name, entry in ranges.items()}


def wide_tensors(ranges: Mapping[str, TensorRange]) -> frozenset[str]:
    """The names of the tensors of 16 bits."""
    return frozenset(name for name, entry in ranges.items() if entry.bits == 16)


class Recipe(Part):
    """What is done to a float graph to make it an integer one, in the words of the config's section."""

    algorithm: str
    range_search: bool = False
    int16: bool = False
    bias_correction: bool = False
    adaround: bool = False
    equalisation: bool = False
    symmetric: bool = False
    keep_float: tuple[str, ...] = ()

    @staticmethod
    def of(settings: Quantise) -> Recipe:
        return Recipe(
            algorithm=settings.algorithm,
            range_search=settings.range_search,
            int16=settings.int16,
            bias_correction=settings.bias_correction,
            adaround=settings.rounding != "nearest" and settings.method != "qat",
            equalisation=settings.equalisation,
            symmetric=settings.symmetric,
            keep_float=settings.keep_float,
        )

    @property
    def title(self) -> str:
        """In words: the algorithm and what is done besides."""
        extras = {
            "range search": self.range_search,
            "equalisation": self.equalisation,
            "int16": self.int16,
            "adaround": self.adaround,
            "bias correction": self.bias_correction,
            "symmetric": self.symmetric,
        }
        return ", ".join([self.algorithm, *(name for name, done in extras.items() if done)])


class TriedRecipe(Recipe):
    """divergence: Kullback-Leibler, of the class probabilities from the float model's; agreement: share of the images
    whose class is the float model's. Both on the integer grid, for images that the recipe has not seen."""

    divergence: float
    agreement: float


class TensorCounts(Part):
    """How many tensors have a range, for how many it is made from PaddleSlim's, how many have 16 bits."""

    paddleslim: int
    wide: int
    all: int


class BatchNormShift(Part):
    """How far the calibration images are from what the batch norms have seen in training: 0 for alike, 1 for nothing in
    common. first: of the first layer; early: the median over the first third of the layers; furthest: the largest of
    these, of furthest_layer; limit: up to which first and early are good."""

    first: float
    early: float
    furthest: float
    furthest_layer: str
    limit: float

    @property
    def is_far(self) -> bool:
        return max(self.first, self.early) > self.limit


class QuantisationMetrics(Artefact):
    """trained: of the network, as stage 1 measured it; floats: of the program that is compiled; both None where the
    data's classes are not the model's. From recipe on for int8 only; recipe: what was done; noise: what all int8
    tensors together add to the logits, in decibels below these, by the sum of what each adds alone, None where that was
    not measured; tried: by method auto; qat_epochs: of method qat; batch_norm_shift: of the calibration images, None
    for weights that were not trained."""

    file, script = "metrics.json", "02_quantize.py"

    precision: str
    trained: AnyScores | None = None
    floats: AnyScores | None = Field(default=None, validation_alias="float", serialization_alias="float")
    recipe: Recipe | None = None
    calibration_images: int = 0
    tensors: TensorCounts | None = None
    noise: float | None = None
    tried: tuple[TriedRecipe, ...] = ()
    qat_epochs: tuple[Epoch, ...] = ()
    batch_norm_shift: BatchNormShift | None = None


def write_predictions(folder: Path, decisions: NDArray[np.int64], file: str = FLOAT_PREDICTIONS) -> None:
    """A model's answer to each validation image, a line each: its class, or its labels as `0,1,0`."""
    rows = decisions.reshape(len(decisions), -1).tolist()
    (folder / file).write_text("".join(f"{','.join(map(str, row))}\n" for row in rows))


def read_predictions(folder: Path, file: str = FLOAT_PREDICTIONS) -> list[int]:
    """The class of each validation image, of a stage's folder."""
    return [int(line) for line in (folder / file).read_text().split()]


def read_decisions(folder: Path, file: str = FLOAT_PREDICTIONS) -> NDArray[np.int64]:
    """What write_predictions wrote: (N, 1) classes, or (N, labels)."""
    lines = (folder / file).read_text().split()
    return np.array([[int(word) for word in line.split(",")] for line in lines], np.int64)
