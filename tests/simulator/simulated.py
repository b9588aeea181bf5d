"""A deployment whose first three stages are made by hand around the tiny model."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from paddle_cortexm import cli, config, stage
from paddle_cortexm.artefacts.deployed import Expected
from paddle_cortexm.artefacts.training import write_labels
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.paths import REPOSITORY
from tests.tiny_model import demo_frame, write_tiny_model

Deployment = Callable[..., str]
Script = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """deployment(target="corstone300", **write_tiny_model's arguments) makes configs/tiny.yaml and stages 1 to 3 in the
    current folder; returns the config's name."""
    monkeypatch.chdir(tmp_path)
    return make_deployment


def make_deployment(target: str = "corstone300", **model: object) -> str:
    Path("configs").mkdir(exist_ok=True)
    text = f"model: {{backbone: PPLCNet_x0_25, image_size: 16}}\ncompile: {{target: {target}}}\n"
    Path("configs/tiny.yaml").write_text(text)
    settings = config.load("tiny")
    stage.run_stage(settings, "01_finetune", lambda folder: _write(folder / "model.pdparams", ""))
    stage.run_stage(settings, "02_quantize", lambda folder: _write(folder / "ranges.json", "{}"))
    stage.run_stage(settings, "03_compile_tvm", lambda folder: _write_model(folder, model), force=True)
    return "tiny"


@pytest.fixture(scope="session")
def built_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the tiny deployment up to stage 4."""
    folder = tmp_path_factory.mktemp("built")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.chdir(folder)
        make_deployment()
        done = call_script("04_build_app.sh", "--config", "tiny")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def built(built_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The tiny deployment up to stage 4, in a folder of the test's own; returns the config's name."""
    shutil.copytree(built_once, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return "tiny"


def _write(file: Path, text: str) -> None:
    file.write_text(text)


def _write_model(folder: Path, model: dict[str, object]) -> None:
    write_tiny_model(folder, **model)  # type: ignore[arg-type]
    write_labels(folder, [f"label {i}" for i in range(10)])
    if "body" in model:  # it is made to go wrong
        Expected.of(np.zeros(10, np.int8), ("label 0",)).write(folder)
    else:
        Expected.of(HostModel(folder).run(demo_frame()), ("label 0",)).write(folder)


@pytest.fixture
def script() -> Script:
    """script("05_run_fvp.sh", "--config", ..., path=None) as a user calls it, in the current folder; path: searched
    for programs first; exported: what the user's shell has exported besides."""
    return call_script


def call_script(
    name: str, *arguments: str, path: str | None = None, exported: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[str]:
    interpreter = str(Path(sys.executable).parent)  # python3 is the one that runs the tests
    search = os.pathsep.join([*([path] if path else []), interpreter, os.environ["PATH"]])
    command = [str(REPOSITORY / name), *arguments]
    kept = {name: value for name, value in os.environ.items() if name not in cli.FOR_MODELS.values()}
    environment = kept | {"PATH": search, **exported}
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
