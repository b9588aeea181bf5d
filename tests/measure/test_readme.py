"""make readme: the table of both READMEs."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.program import LargestLayer
from paddle_cortexm.artefacts.run import Instructions, Run, SimulatorUsed
from paddle_cortexm.artefacts.training import Scores
from paddle_cortexm.config import Config, Quantise, load
from paddle_cortexm.measure import readme
from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.measure.readme import LANGUAGES, Measured, measured, table, with_random_weights
from paddle_cortexm.paths import REPOSITORY

RUN = Run(
    config="small",
    target="corstone310",
    toolchain="clang 19.1.7",
    simulator=SimulatorUsed(kind="qemu", name="qemu-system-arm", note=None),
    verdict="PASS",
    instructions=Instructions(counter="system counter", preprocessing=1000, model=1_234_567, layers=()),
    arena_bytes=65_536,
    weight_bytes=300_000,
    code_bytes=20_000,
    stack_bytes=900,
    stack_reserved_bytes=8192,
    regions={},
    largest_layer=LargestLayer(name="conv", live_bytes=65_536),
)
METRICS = DeployedMetrics(
    summary="", images=100, top1=0.97, top5=1.0, floats=Scores(images=100, top1=0.98, top5=1.0), agreement=0.99
)


def config(**changes: object) -> Config:
    return Config.model_validate(
        {
            "name": "small",
            "model": {"backbone": "PPLCNet_x0_25", "image_size": 96},
            "quantise": {"method": "qat"},
            "compile": {"target": "corstone310", "kernels": ["cmsis-nn", "helium", "tvm"]},
            **changes,
        }
    )


def row(settings: Config, result: Measured | None, language: int = 0) -> list[str]:
    lines = table([settings], {"small": result}, LANGUAGES[language]).splitlines()
    assert lines[1] == "| --- | --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |"
    return [cell.strip() for cell in lines[2].strip("|").split("|")]


def test_a_row_says_what_was_deployed_and_what_it_costs() -> None:
    cells = row(config(), Measured(METRICS, RUN))
    assert cells[:4] == ["`small`", "PPLCNet_x0_25", "digits, 96 × 96", "int8, QAT, CMSIS-NN"]
    assert cells[5:] == ["98.0%", "97.0%", "1,234,567", "65,536", "300,000"]


def test_the_second_language_has_its_own_words_and_the_same_figures() -> None:
    first, second = (row(config(), Measured(METRICS, RUN), language) for language in (0, 1))
    assert second[5:] == first[5:] and "手写数字" in second[2] and second[3] == "int8，QAT, CMSIS-NN"


def test_without_images_there_is_no_accuracy_and_without_a_run_nothing() -> None:
    settings = config(model={"backbone": "PPLCNet_x0_25", "classes": 1000}, train={"epochs": 0})
    cells = row(settings, Measured(DeployedMetrics(summary="not measured"), RUN))
    assert cells[2].startswith("1000 classes") and cells[5:] == ["–", "–", "1,234,567", "65,536", "300,000"]
    assert row(settings, None)[5:] == ["–"] * 5


def test_a_config_of_photos_says_so_and_is_left_out_where_there_are_none(capsys: pytest.CaptureFixture[str]) -> None:
    settings = config(data={"kind": "folder", "path": "nowhere/flowers"})
    assert measured(settings) is None and "small: left out: there is no nowhere/flowers" in capsys.readouterr().out
    assert [row(settings, None, language)[2] for language in (0, 1)] == ["photos, 96 × 96", "照片, 96 × 96"]


def test_a_published_program_is_called_by_its_word() -> None:
    settings = load("text_direction_corstone300_int8")
    cells = [row(settings.model_copy(update={"name": "small"}), None, language)[1:3] for language in (0, 1)]
    assert cells == [["text_direction", "text lines, 48 × 192"], ["text_direction", "文本行, 48 × 192"]]


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda language: language.document)
def test_both_documents_have_the_marks(language: object) -> None:
    fill((REPOSITORY / language.document).read_text(encoding="utf-8"), {"configs": ""})  # type: ignore[attr-defined]


def test_fetched_weights_are_replaced_in_a_config_of_their_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(readme, "BUILD_FOLDER", tmp_path)
    made = with_random_weights(load("mobilenetv2_imagenet_corstone300_int8"))
    assert (made.model.weights, made.name) == ("random", "mobilenetv2_imagenet_corstone300_int8_random")
    assert made.quantise == Quantise(range_search=False, int16=False, rounding="nearest")
