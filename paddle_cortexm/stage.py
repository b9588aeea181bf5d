"""Stages: what each reads and writes, when it may be skipped, and whole folders or nothing.

A stage writes to `build/NAME/.NN_stage.partial` and renames it when done; a run that fails or is interrupted removes it
and leaves the result before it as it was. `manifest.json` in the folder says what it was made from; a stage whose
manifest still matches is skipped, and a stage whose input is missing or stale says which script to run.
"""

from __future__ import annotations

import platform
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from paddle_cortexm.artefacts.manifest import MANIFEST, Basis, Manifest
from paddle_cortexm.config import Config, overridden
from paddle_cortexm.data.external_files import external_files
from paddle_cortexm.dependencies import code_digest, sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import BUILD_FOLDER, HOST_CODE

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
    """The folder of a stage that must have run. Raises UserError when it is missing, stale or changed by hand."""
    _verified(config, stage, external_files(config), {})
    return stage_folder(config, stage)


def _verified(config: Config, stage: str, files: Mapping[str, str], seen: dict[str, Manifest]) -> Manifest:
    """The manifest of a stage that must have run, as input_folder. files: the config's external_files; stages in `seen`
    have been looked at, and this one joins them."""
    folder, spec = stage_folder(config, stage), STAGES[stage]
    if stage in seen:
        return seen[stage]
    again = f"Run ./{spec.script} --config {config.argument}"
    manifest = manifest_of(folder)
    if manifest is None:
        raise UserError(f"{folder}: this stage has not been run. {again} first.")
    seen[stage] = manifest
    as_made = overridden(config, manifest.overrides)
    for key, value in config_values(as_made, spec).items():
        if manifest.config.get(key) != value:
            raise UserError(f"{folder}: stale: '{key}' changed in the config since it was made. {again} again.")
    if manifest.code != spec.code():
        raise UserError(f"{folder}: stale: the sources changed since it was made. {again} again.")
    if changed := _changed_files(manifest, files):
        raise UserError(f"{folder}: stale: what {changed[0]} names changed since it was made. {again} again.")
    for earlier in spec.after:
        if manifest.inputs.get(earlier) != _verified(config, earlier, files, seen).outputs_digest:
            raise UserError(f"{folder}: stale: {earlier} was redone since it was made. {again} again.")
    for name, digest in manifest.outputs.items():
        if not (folder / name).is_file() or sha256(folder / name) != digest:
            raise UserError(f"{folder / name}: missing or changed since it was made. {again} --force.")
    return manifest


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
    spec, folder = STAGES[stage], stage_folder(config, stage)
    everything, seen = external_files(config), dict[str, Manifest]()
    inputs = {earlier: _verified(config, earlier, everything, seen).outputs_digest for earlier in spec.after}
    values = config_values(overridden(config, overrides or {}), spec)
    basis = Basis(config=values, overrides=dict(overrides or {}), inputs=inputs, code=spec.code())
    files = spec.files(everything)
    if not force and _is_current(folder, basis, files):
        return folder, False
    partial = folder.with_name(f".{stage}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    started = time.monotonic()
    try:
        work(partial)
        outputs = {str(p.relative_to(partial)): sha256(p) for p in sorted(partial.rglob("*")) if p.is_file()}
        manifest = Manifest(
            **dict(basis),
            stage=stage,
            files=files,
            outputs=outputs,
            versions=_versions(),
            seconds=round(time.monotonic() - started, 1),
            seed=config.train.seed,
        )
        manifest.write(partial)
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


def _changed_files(manifest: Manifest, files: Mapping[str, str]) -> list[str]:
    """The config keys whose files changed. Only what was recorded and is here now is compared: a stage's result serves
    on a machine that has no copy of the photos."""
    return [key for key, digest in files.items() if manifest.files.get(key, digest) != digest]


def _is_current(folder: Path, basis: Basis, files: Mapping[str, str]) -> bool:
    manifest = manifest_of(folder)
    if manifest is None or _changed_files(manifest, files) or manifest.basis != basis:
        return False
    return all((folder / n).is_file() and sha256(folder / n) == d for n, d in manifest.outputs.items())


def _versions() -> dict[str, str]:
    installed = {d.metadata["Name"].lower(): d.version for d in metadata.distributions() if d.metadata["Name"]}
    found = {name: installed[name] for name in PACKAGES if name in installed}
    return {"python": platform.python_version(), **found}
