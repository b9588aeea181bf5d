"""The converter as a command: what it writes and prints, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from paddle_cortexm.config import load
from paddle_cortexm.paths import REPOSITORY
from tests.convert.paddleclas_yaml import birds


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an empty configs/, in which the command runs."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PADDLE_CORTEXM_HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONPATH", str(REPOSITORY))
    (tmp_path / "configs").mkdir()
    return tmp_path


def converted(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "paddle_cortexm.convert", *arguments], capture_output=True, text=True, check=False
    )


def test_a_config_is_written_and_what_is_not_in_it_is_printed(home: Path) -> None:
    (home / "birds.yaml").write_text(yaml.safe_dump(birds("Arch.name", "ResNet51")))
    done = converted("birds.yaml")
    assert done.returncode == 0, done.stderr
    assert load("birds").model.backbone == "ResNet51"
    assert "not carried over: Arch.name (ResNet51): written as it is, but PaddleClas has no such" in done.stdout
    assert "./01_finetune.py --config birds" in done.stdout


def test_nothing_is_overwritten(home: Path) -> None:
    (home / "birds.yaml").write_text(yaml.safe_dump(birds()))
    (home / "configs" / "birds.yaml").write_text("mine")
    done = converted("birds.yaml")
    assert done.returncode == 2 and "there is such a file" in done.stderr
    assert (home / "configs" / "birds.yaml").read_text() == "mine"


@pytest.mark.parametrize(
    ("text", "reason"), [("a: [", "not YAML"), ("- 1", "mapping of sections"), ("a: 1", "no PaddleClas training")]
)
def test_what_cannot_be_converted_leaves_no_file(home: Path, text: str, reason: str) -> None:
    (home / "birds.yaml").write_text(text)
    done = converted("birds.yaml")
    assert done.returncode == 2 and "birds.yaml" in done.stderr and reason in done.stderr
    assert not list((home / "configs").iterdir())


def test_a_yaml_in_another_encoding_is_refused_with_the_line(home: Path) -> None:
    (home / "birds.yaml").write_bytes("# 鸟\n".encode("gbk"))
    done = converted("birds.yaml")
    assert done.returncode == 2 and "error: birds.yaml:1: not UTF-8" in done.stderr
