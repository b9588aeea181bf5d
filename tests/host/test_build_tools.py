"""CMake and Ninja are those of the Python environment, else PATH's, if they are new enough."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.host.build_tools import find_cmake, find_ninja


def tool(folder: Path, name: str, says: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only these are looked in: venv/bin, then path."""
    (tmp_path / "venv").mkdir()
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setenv("PATH", str(tmp_path / "path"))


def test_the_environment_s_tool_comes_before_that_of_the_path(tmp_path: Path) -> None:
    tool(tmp_path / "path", "ninja", "1.11.1")
    own = tool(tmp_path / "venv/bin", "ninja", "1.13.0.git.kitware.jobserver-pipe-1")
    found = find_ninja()
    assert (found.path, found.version) == (own, "1.13.0")
    assert str(found) == f"ninja 1.13.0 ({own})"


def test_one_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    tool(tmp_path / "venv/bin", "cmake", "cmake version 3.9.6")
    newer = tool(tmp_path / "path", "cmake", "cmake version 3.20.0")
    assert find_cmake().path == newer


def test_where_all_are_too_old_the_message_says_what_is_needed(tmp_path: Path) -> None:
    old = tool(tmp_path / "path", "cmake", "cmake version 3.18.4")
    with pytest.raises(UserError) as raised:
        find_cmake()
    text = str(raised.value)
    assert f"cmake 3.18.4 ({old}) is too old: 3.20 or later is needed" in text
    assert "make setup" in text and "-m pip install cmake" in text


def test_where_there_is_none_the_message_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"ninja is not installed.*pip install ninja"):
        find_ninja()


def test_a_tool_that_does_not_run_is_none(tmp_path: Path) -> None:
    tool(tmp_path / "path", "cmake", "").write_text("#!/nowhere\n")
    with pytest.raises(UserError, match="cmake is not installed"):
        find_cmake()
