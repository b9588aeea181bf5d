"""Stages: what each reads and writes, when it may be skipped, and whole folders or nothing.

A stage writes to `build/NAME/.NN_stage.partial` and renames it when done; a run that fails or is interrupted removes it
and leaves the result before it as it was. `manifest.json` in the folder says what it was made from; a stage whose
manifest still matches is skipped. Where an input is missing or stale, the script of the earliest stage to redo is
named. A stage whose folder was deleted stops only those that read it: what it was told stands in later manifests too,
so that a changed config is still noticed.
"""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paddle_cortexm.artefacts.manifest import MANIFEST, Given, Manifest
from paddle_cortexm.config import Config, overridden
from paddle_cortexm.data.files.external_files import external_files
from paddle_cortexm.dependencies import code_digest, sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import BUILD_FOLDER, HOST_CODE, REPOSITORY

GATE = "max_accuracy_drop"  # of section quantise, as are
QAT_KEYS = ("epochs", "learning_rate", "distillation", "freeze_batch_norm_after")
PLACE_KEYS = ("workers", "master", "device")  # of section train
PACKAGES = ("paddlepaddle", "paddleclas", "paddleslim", "apache-tvm", "opencv-python", "numpy", "pillow")


@dataclass(frozen=True)
class StageSpec:
    """sections: the config sections it depends on; after: the stages whose folders it reads; entry:
    the Python file whose imports it depends on, sources: the C (training is not redone for a change of code, and
    running is always done); calibrates: whether other photos in data.calibration are another result; trains: whether it
    always trains, or for method qat only: otherwise nothing of section train counts but the seed."""

    script: str
    sections: tuple[str, ...]
    after: tuple[str, ...] = ()
    entry: str | None = None
    sources: tuple[str, ...] = ()
    calibrates: bool = True
    trains: bool = True

    @property
    def is_here(self) -> bool:
        """Whether its script is on this machine. Without it, what it wrote is taken with the code it was made by."""
        return (REPOSITORY / self.script).is_file()

    def files(self, everything: Mapping[str, str]) -> dict[str, str]:
        """Those of a config's external_files that the stage depends on."""
        kept = [key for key in everything if self.calibrates or key != "data.calibration"]
        return {key: everything[key] for key in kept if key.split(".")[0] in self.sections}

    def code(self) -> str:
        """The digest of all code that the stage depends on, '' for none."""
        return code_digest(self.sources, self.entry)


STAGES: dict[str, StageSpec] = {
    "01_finetune": StageSpec("01_finetune.py", ("model", "data", "train"), calibrates=False),
    "02_quantize": StageSpec(
        "02_quantize.py", ("model", "data", "train", "quantise"), ("01_finetune",), "02_quantize.py", trains=False
    ),
    "03_compile_tvm": StageSpec(
        "03_compile_tvm.py",
        ("name", "model", "data", "quantise", "compile"),
        ("01_finetune", "02_quantize"),
        "03_compile_tvm.py",
        HOST_CODE,
    ),
    "04_build_app": StageSpec(
        "04_build_app.sh",
        ("name", "compile"),
        ("03_compile_tvm",),
        "paddle_cortexm/firmware/build.py",
        ("app/runtime", "app/firmware"),
    ),
    "05_run_fvp": StageSpec("05_run_fvp.sh", ("name", "compile"), ("03_compile_tvm", "04_build_app")),
}


def stage_folder(config: Config, stage: str) -> Path:
    """build/NAME/NN_stage, whether it exists or not."""
    return BUILD_FOLDER / config.name / stage


def input_folder(config: Config, stage: str) -> Path:
    """The folder of a stage that must have run. Raises UserError that names the earliest stage to run when it is
    missing, stale or changed by hand."""
    line = Line.leading_to(stage, config)
    line.check(line.manifests)
    line.require((stage,))
    return stage_folder(config, stage)


@dataclass(frozen=True)
class Line:
    """A stage and all that it comes from. files: the config's external_files; manifests: by stage, in order; None where
    there is no whole folder."""

    config: Config
    files: Mapping[str, str]
    manifests: Mapping[str, Manifest | None]

    @staticmethod
    def leading_to(stage: str, config: Config) -> Line:
        manifests = {name: manifest_of(stage_folder(config, name)) for name in _line(stage)}
        return Line(config, external_files(config), manifests)

    def check(self, stages: Iterable[str]) -> None:
        """Raise UserError for the first of the stages that is stale. One that is missing is passed over, unless it was
        told something else than the config says now."""
        for stage in stages:
            manifest = self.manifests[stage]
            reason = self._changed_since_gone(stage) if manifest is None else self.why_stale(stage, manifest)
            if reason:
                raise self._error(stage, reason)

    def require(self, stages: Iterable[str]) -> None:
        """Raise UserError for the first of the stages that is missing."""
        for stage in stages:
            if self.manifests[stage] is None:
                raise self._error(stage, "this stage has not been run")

    def why_stale(self, stage: str, manifest: Manifest) -> str | None:
        """What is no longer as it was when the folder was made."""
        spec, folder = STAGES[stage], stage_folder(self.config, stage)
        if changed := self._changed(stage, manifest):
            return f"stale: {changed} since it was made"
        if spec.is_here and manifest.code != spec.code():
            return "stale: the sources changed since it was made"
        for earlier in spec.after:
            source = self.manifests[earlier]
            if source is not None and manifest.inputs.get(earlier) != source.outputs_digest:
                return f"stale: {earlier} was redone since it was made"
        for name, digest in manifest.outputs.items():
            if not (folder / name).is_file() or sha256(folder / name) != digest:
                return f"{name} is missing or changed since it was made"
        return None

    def new_manifest(self, stage: str, overrides: dict[str, Any]) -> Manifest:
        """Of a stage that is about to be made; what it comes to is not in it yet."""
        spec = STAGES[stage]
        inputs = {name: made for name in spec.after if (made := self.manifests[name]) is not None}
        before: dict[str, Given] = {}
        for name, made in inputs.items():
            before |= {**made.before, name: made.given}
        return Manifest(
            stage=stage,
            config=config_values(overridden(self.config, overrides), spec),
            overrides=overrides,
            files=spec.files(self.files),
            inputs={name: made.outputs_digest for name, made in inputs.items()},
            before=before,
            code=spec.code(),
            outputs={},
            versions=_versions(),
            seconds=0,
            seed=self.config.train.seed,
        )

    def _changed(self, stage: str, given: Given) -> str | None:
        """What of the config, or of the files it names, is not what the stage was given. Of files, only what was
        recorded and is here now is compared: a result serves on a machine that has no copy of the photos."""
        spec = STAGES[stage]
        for key, value in config_values(overridden(self.config, given.overrides), spec).items():
            if given.config.get(key) != value:
                return f"'{key}' changed in the config"
        for key, digest in spec.files(self.files).items():
            if given.files.get(key, digest) != digest:
                return f"what {key} names changed"
        return None

    def _changed_since_gone(self, stage: str) -> str | None:
        """As _changed, of a stage whose folder is gone, by what a later one says it was given."""
        for later, manifest in self.manifests.items():
            if manifest is not None and stage in manifest.before:
                changed = self._changed(stage, manifest.before[stage])
                return f"not there, and {changed} since {later} was made" if changed else None
        return None

    def _error(self, stage: str, reason: str) -> UserError:
        """With what to run: the stage's own script, or that of what it is made from and lacks."""
        first = self._first_to_make(stage)
        spec, again = STAGES[first], "first" if self.manifests[first] is None else "again"
        lacking = "" if first == stage else f"{first}, which it comes from, is not there. "
        remedy = f"Run ./{spec.script} --config {self.config.argument} {again}."
        if not spec.is_here:
            remedy = f"{spec.script} is not here: run it where this was packed, and pack it again."
        return UserError(f"{stage_folder(self.config, stage)}: {reason}. {lacking}{remedy}")

    def _first_to_make(self, stage: str) -> str:
        missing = [earlier for earlier in STAGES[stage].after if self.manifests[earlier] is None]
        return self._first_to_make(missing[0]) if missing and STAGES[stage].is_here else stage


def _line(stage: str) -> list[str]:
    """The stage and all that it comes from, in order."""
    found = {stage}.union(*(_line(earlier) for earlier in STAGES[stage].after))
    return [name for name in STAGES if name in found]


def run_stage(
    config: Config,
    stage: str,
    work: Callable[[Path], None],
    *,
    force: bool = False,
    overrides: Mapping[str, Any] | None = None,
) -> tuple[Path, bool]:
    """Run one stage: `work` fills the folder it is given. Returns the finished folder and whether work was done.

    With force false, a finished stage whose config values, inputs (of earlier stages, and the files that the config
    names), code and outputs still match is left as it is.
    overrides: values by "section.key" that this run has instead of the config's; the manifest keeps them, so that later
    stages do not take the folder for stale. Raises UserError when an earlier stage is missing or stale.
    """
    folder, told = stage_folder(config, stage), dict(overrides or {})
    line = Line.leading_to(stage, config)
    earlier, before = [name for name in line.manifests if name != stage], line.manifests[stage]
    line.check(earlier)
    if not force and before is not None and before.overrides == told and not line.why_stale(stage, before):
        return folder, False
    line.require(STAGES[stage].after)
    manifest = line.new_manifest(stage, told)
    partial = folder.with_name(f".{stage}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    started = time.monotonic()
    try:
        work(partial)
        outputs = {str(p.relative_to(partial)): sha256(p) for p in sorted(partial.rglob("*")) if p.is_file()}
        seconds = round(time.monotonic() - started, 1)
        manifest.model_copy(update={"outputs": outputs, "seconds": seconds}).write(partial)
        _put_in_place(partial, folder)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return folder, True


def _put_in_place(partial: Path, folder: Path) -> None:
    """Let the finished folder take the place of the result before it, which is deleted only then."""
    before = folder.with_name(f".{folder.name}.before")
    shutil.rmtree(before, ignore_errors=True)
    if folder.exists():
        folder.rename(before)
    partial.rename(folder)
    shutil.rmtree(before, ignore_errors=True)


def config_values(config: Config, spec: StageSpec) -> dict[str, Any]:
    """The config values a stage depends on, by section, as JSON values.

    Left out: the accuracy gate, which is checked behind the stages; QAT's settings under another method, and the rest
    of section train where nothing trains; where and by how many readers training is done; for a stage that does not
    calibrate, all of data.calibration but that it is given, so that no training image is held out.
    """
    everything = config.model_dump(mode="json")
    trains = spec.trains or config.quantise.method == "qat"
    everything["train"] = {
        key: value for key, value in everything["train"].items() if key == "seed" or (trains and key not in PLACE_KEYS)
    }
    without_effect = [GATE, *(QAT_KEYS if config.quantise.method != "qat" else ())]
    everything["quantise"] = {k: v for k, v in everything["quantise"].items() if k not in without_effect}
    if config.data.calibration and not spec.calibrates:
        everything["data"] |= {"calibration": "given", "calibration_images": None}
    return {section: everything[section] for section in spec.sections}


def manifest_of(folder: Path) -> Manifest | None:
    """The manifest of a finished stage. None where there is no whole one, and the stage has to be made again."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except (OSError, ValidationError):  # absent; damaged, or of an older version
        return None


def _versions() -> dict[str, str]:
    installed = {d.metadata["Name"].lower(): d.version for d in metadata.distributions() if d.metadata["Name"]}
    found = {name: installed[name] for name in PACKAGES if name in installed}
    return {"python": platform.python_version(), **found}
