"""The files between stages: what is written is read back; what cannot be read names the script to run again."""

from __future__ import annotations

import json
from math import inf
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.artefacts.artefact import Artefact
from paddle_cortexm.artefacts.deployed import ConfusedPair, DeployedMetrics, Expected
from paddle_cortexm.artefacts.layers import GridUse, LayerQuality, LayersReport
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.program import LargestLayer, ProgramSizes, RegionUse
from paddle_cortexm.artefacts.quantisation import (
    QuantisationMetrics,
    Ranges,
    Recipe,
    TensorCounts,
    TensorRange,
    intervals,
    read_decisions,
    read_predictions,
    wide_tensors,
    write_predictions,
)
from paddle_cortexm.artefacts.run import Answer, Run, SimulatorUsed
from paddle_cortexm.artefacts.training import Epoch, Scores, TrainingMetrics, read_labels, write_labels
from paddle_cortexm.errors import UserError
from tests.tiny_model import tiny_facts

SCORES = Scores(images=20, top1=0.5, top5=0.9)
REGION = RegionUse(origin=0x20000000, size=64, used=16, free=48, contents={"arena": 16})
LAYER = LayerQuality(
    name="conv",
    title="0 pointwise conv",
    sqnr=30.0,
    own=inf,
    cosine=0.999,
    grids=(GridUse(tensor="conv", title="pointwise conv", saturated=0.01, used=0.9),),
    parts=("conv", "relu"),
)
EXAMPLES: list[Artefact] = [
    TrainingMetrics(
        backbone="PPLCNet_x0_25",
        parameters=10,
        weights="scratch",
        notes=("classifier not taken",),
        images={"train": 3},
        unreadable=(),
        validation=SCORES,
        epochs=(Epoch(epoch=1, learning_rate=0.1, loss=2.0, train_accuracy=0.4, validation_accuracy=0.5),),
    ),
    QuantisationMetrics(precision="fp32"),
    QuantisationMetrics(
        precision="int8",
        floats=SCORES,
        recipe=Recipe(algorithm="mse", adaround=True, keep_float=("stem",)),
        calibration_images=16,
        tensors=TensorCounts(paddleslim=3, wide=1, all=4),
    ),
    Ranges(tensors={"image": TensorRange(minimum=-1.0, maximum=2.0, source="calibrated-mse")}),
    tiny_facts(),
    DeployedMetrics(summary="not measured"),
    DeployedMetrics(
        summary="top-1 50 %",
        images=20,
        top1=0.5,
        top5=0.9,
        floats=SCORES,
        agreement=0.95,
        confused=(ConfusedPair(true="cat", predicted="dog", images=3),),
        confusion=((1, 3), (0, 2)),
    ),
    Expected.of(np.array([[3, -7]], np.int8), ("cat", "dog")),
    LayersReport(images=4, available=128, layers=(LAYER,)),
    ProgramSizes(
        target="corstone300",
        toolchain="clang 19.1.7",
        helium_instructions=7,
        helium_sources={"add_s8.c": 7},
        totals={"code": 100},
        regions={"DTCM": REGION},
        largest_layer=LargestLayer(name="conv", live_bytes=16),
    ),
    Run(
        config="tiny",
        target="corstone300",
        toolchain="clang 19.1.7",
        simulator=SimulatorUsed(kind="qemu", name="qemu-system-arm", note=None),
        verdict="PASS",
        top5=(Answer(number=7, label="seven", score=0.5),),
        arena_bytes=16,
        weight_bytes=8,
        code_bytes=100,
        stack_bytes=None,
        stack_reserved_bytes=8192,
        regions={"DTCM": REGION},
        largest_layer=LargestLayer(name="conv", live_bytes=16),
    ),
]


@pytest.mark.parametrize("artefact", EXAMPLES, ids=lambda artefact: type(artefact).__name__)
def test_what_is_written_is_read_back(artefact: Artefact, tmp_path: Path) -> None:
    artefact.write(tmp_path)
    assert type(artefact).read(tmp_path) == artefact
    text = (tmp_path / artefact.file).read_text()
    assert text.endswith("}\n") and '\n  "' in text and "Infinity" not in text and "NaN" not in text


@pytest.mark.parametrize("artefact", EXAMPLES, ids=lambda artefact: type(artefact).__name__)
@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"summary": 7}', "\x00"])
def test_a_damaged_file_names_itself_and_the_script_to_run(artefact: Artefact, text: str, tmp_path: Path) -> None:
    (tmp_path / artefact.file).write_text(text)
    with pytest.raises(UserError, match=rf"{artefact.file}: damaged.*Run \./{artefact.script} again with --force"):
        type(artefact).read(tmp_path)


def test_a_missing_file_names_the_script_to_run(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.json: missing\. Run \./03_compile_tvm\.py again with --force"):
        Model.read(tmp_path)


def test_a_file_of_an_older_version_names_the_field(tmp_path: Path) -> None:
    values = tiny_facts().model_dump(mode="json")
    (tmp_path / Model.file).write_text(json.dumps(values | {"arena_offset": 4}))
    with pytest.raises(UserError, match=r"older version \(arena_offset: "):
        Model.read(tmp_path)
    del values["memory"]["lower_bound"]
    (tmp_path / Model.file).write_text(json.dumps(values))
    with pytest.raises(UserError, match=r"older version \(memory\.lower_bound: "):
        Model.read(tmp_path)


def test_expected_values_have_the_output_tensor_s_shape_and_type() -> None:
    logits = np.arange(10, dtype=np.int8).reshape(1, 1, 1, 10)
    made = Expected.of(logits, ("nine",))
    assert np.array_equal(made.values(tiny_facts().output_tensor), logits)
    assert made.label == "nine" and made.crc32 == "456cd746"


def test_keys_that_are_words_of_python_keep_their_names_in_the_file() -> None:
    assert (
        "float" in EXAMPLES[1].model_dump(by_alias=True)
        and "class" in EXAMPLES[-1].model_dump(by_alias=True)["top5"][0]
    )


def test_labels_and_predictions_are_lines(tmp_path: Path) -> None:
    write_labels(tmp_path, ["tabby cat", "dog"])
    write_predictions(tmp_path, np.array([3, 0]))
    assert read_labels(tmp_path) == ["tabby cat", "dog"] and read_predictions(tmp_path) == [3, 0]
    assert (tmp_path / "labels.txt").read_text() == "tabby cat\ndog\n"


def test_decisions_are_read_back_as_they_were_taken(tmp_path: Path) -> None:
    for decisions in (np.array([[0, 1, 1], [0, 0, 0]]), np.array([[1], [0]]), np.array([7, 12])):
        write_predictions(tmp_path, decisions)
        assert np.array_equal(read_decisions(tmp_path), decisions.reshape(2, -1))
    write_predictions(tmp_path, np.array([[0, 1, 1], [0, 0, 0]]))
    assert (tmp_path / "float_predictions.txt").read_text() == "0,1,1\n0,0,0\n"


def test_ranges_are_intervals_by_tensor() -> None:
    assert intervals({"x": TensorRange(minimum=-1.0, maximum=2.0, source="a test")}) == {"x": (-1.0, 2.0)}


def test_tensors_have_8_bits_where_nothing_else_is_said() -> None:
    narrow = TensorRange(minimum=-1.0, maximum=2.0, source="a test")
    assert wide_tensors({"x": narrow, "y": narrow.model_copy(update={"bits": 16})}) == {"y"}


def test_the_model_adds_up_its_layers_and_knows_what_is_streamed() -> None:
    model = tiny_facts()
    assert model.macs == sum(layer.macs for layer in model.layers) > 0 and not model.uses_cmsis_nn
    rolling = model.tensors | {"sums": model.tensors["sums"].model_copy(update={"rolling_rows": 3})}
    assert model.model_copy(update={"tensors": rolling}).streamed_tensors == ["sums"]


def test_tensors_are_called_after_the_layers_that_make_them() -> None:
    model = tiny_facts()
    titles = [model.tensor_title(name) for name in ("image", "sums", "logits")]
    assert titles == ["image", "result of 0 sums", "result of 1 logits"]


def test_a_recipe_s_title_is_the_algorithm_and_what_is_done_besides() -> None:
    assert Recipe(algorithm="mse", keep_float=("stem",)).title == "mse"
    assert Recipe(algorithm="hist", symmetric=True, bias_correction=True).title == "hist, bias correction, symmetric"
