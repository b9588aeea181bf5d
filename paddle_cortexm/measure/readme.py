"""make readme: run every config under configs/ and write what was measured into the table of both READMEs.

Configs that train alike share one training. Those that export fetched weights are run with random ones, for sizes and
instructions only; those that need CMSIS-NN or photos are left out where these are absent.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from paddle_cortexm import cli
from paddle_cortexm.artefacts.deployed import DeployedMetrics
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import Config, load
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.cmsis_nn import find_library
from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.measure.common.scripts import run_script
from paddle_cortexm.paths import BUILD_FOLDER, CONFIG_FOLDER, REPOSITORY
from paddle_cortexm.stage import STAGES, config_values, manifest_of, stage_folder
from paddle_cortexm.tables import markdown_table

TRAINING = "01_finetune"
NOT_MEASURED = "–"


@dataclass(frozen=True)
class Language:
    """A README and the words of its table."""

    document: str
    head: Sequence[str]
    digits: str
    text_lines: str
    photos: str
    classes: str
    trained_on: str


@dataclass(frozen=True)
class Measured:
    """What stages 3 and 5 say of one config."""

    metrics: DeployedMetrics
    run: Run


LANGUAGES = (
    Language(
        "README.md",
        ("config", "network", "images", "arithmetic", "board", "float", "deployed", "instructions", "arena", "weights"),
        "digits",
        "text lines",
        "photos",
        "{} classes",
        ", QAT",
    ),
    Language(
        "README.zh-CN.md",
        ("配置", "网络", "图像", "运算", "开发板", "浮点", "部署后", "指令数", "arena", "权重"),
        "手写数字",
        "文本行",
        "照片",
        "{} 类",
        "，QAT",
    ),
)


def main() -> int:
    """Run, write."""
    configs = [load(str(path)) for path in sorted(CONFIG_FOLDER.glob("*.yaml"))]
    configs.sort(key=lambda config: config.model.classes is not None)  # the full-size ones last
    results = {config.name: measured(config) for config in configs}
    for language in LANGUAGES:
        path = REPOSITORY / language.document
        text = fill(path.read_text(encoding="utf-8"), {"configs": table(configs, results, language)})
        path.write_text(text, encoding="utf-8")
    print(f"written: {', '.join(language.document for language in LANGUAGES)}")
    return 0


def measured(config: Config) -> Measured | None:
    """Take the config through the line. None without CMSIS-NN or photos that it needs."""
    if config.data.path is not None and not config.data.path.exists():
        print(f"{config.name}: left out: there is no {config.data.path}", flush=True)
        return None
    if "cmsis-nn" in config.compile.kernels:
        try:
            find_library()
        except UserError as error:
            print(f"{config.name}: left out: {error}", flush=True)
            return None
    if config.model.weights == "pretrained" and not config.train.epochs:
        config = with_random_weights(config)
    _share_training(config)
    for spec in STAGES.values():
        run_script(spec.script, config.argument)
    folder = BUILD_FOLDER / config.name
    return Measured(DeployedMetrics.read(folder / "03_compile_tvm"), Run.read(folder / "05_run_fvp"))


def with_random_weights(config: Config) -> Config:
    """The config as a file of its own below build/, without anything to fetch, and with a few digits for photos: what
    these would find by their effect on the logits says nothing."""
    values = config.model_dump(mode="json", exclude_defaults=True)
    random: dict[str, dict[str, Any]] = {
        "model": {"weights": "random"},
        "data": {"validation_images": 20, "calibration_images": 32},
        "quantise": {"range_search": False, "int16": False, "rounding": "nearest"},
    }
    for section, changed in random.items():
        values[section] = values.get(section, {}) | changed  # a section that says nothing of its own is not there
    path = BUILD_FOLDER / "readme" / f"{config.name}_random.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(values | {"name": path.stem}, sort_keys=False), encoding="utf-8")
    return load(str(path))


def _share_training(config: Config) -> None:
    """Take over the finished training of another config that trains alike, unless there is one."""
    folder, wanted = stage_folder(config, TRAINING), config_values(config, STAGES[TRAINING])
    if folder.exists():
        return
    for finished in sorted(BUILD_FOLDER.glob(f"*/{TRAINING}")):
        manifest = manifest_of(finished)
        if manifest is not None and manifest.config == wanted:
            shutil.copytree(finished, folder)
            return


def table(configs: Sequence[Config], results: Mapping[str, Measured | None], language: Language) -> str:
    """A row a config, as a Markdown table. Bytes."""
    rows = [[*_described(config, language), *_figures(results[config.name])] for config in configs]
    return markdown_table(language.head, rows, left=range(5))


def _described(config: Config, language: Language) -> list[str]:
    target = target_named(config.compile.target)
    drawn = {"digits": language.digits, "text_lines": language.text_lines}
    images = drawn.get(config.data.kind, language.photos)
    shown = language.classes.format(config.model.classes) if config.model.classes else images
    arithmetic = {"fp32": "float32", "fp16": "float16", "int8": "int8"}[config.quantise.precision]
    arithmetic += language.trained_on if config.quantise.method == "qat" else ""
    arithmetic += ", CMSIS-NN" if "cmsis-nn" in config.compile.kernels else ""
    return [f"`{config.name}`", config.model.title, f"{shown}, {config.input.pixels}", arithmetic, target.title]


def _figures(result: Measured | None) -> list[str]:
    """Accuracy in floats and of the deployed program, instructions, bytes of the arena and of the weights."""
    if result is None:
        return [NOT_MEASURED] * 5
    metrics, run = result.metrics, result.run
    accuracy = [NOT_MEASURED] * 2
    if metrics.floats and metrics.scores:
        accuracy = [f"{metrics.floats.merit:.1%}", f"{metrics.scores.merit:.1%}"]
    instructions = run.instructions.model if run.instructions else None
    counts = (instructions, run.arena_bytes, run.weight_bytes)
    return [*accuracy, *(NOT_MEASURED if count is None else f"{count:,}" for count in counts)]


if __name__ == "__main__":
    cli.run(main)
