"""The scripts run in the environment that make setup made, or say that there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_cortexm.cli import set_model_libraries_aside
from paddle_cortexm.paths import REPOSITORY

SCRIPT = "01_finetune.py"


def run_without_packages(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a script, from a copy of it, by a Python that has the standard library alone."""
    shutil.copy(REPOSITORY / SCRIPT, folder)
    (folder / "paddle_cortexm").mkdir()
    for name in ("__init__.py", "cli.py", "errors.py", "paths.py"):
        shutil.copy(REPOSITORY / "paddle_cortexm" / name, folder / "paddle_cortexm")
    command = [sys.executable, "-S", str(folder / SCRIPT), "--config", "small"]
    return subprocess.run(command, capture_output=True, text=True, env=without_python_path(), cwd=folder, timeout=60)


def without_python_path() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def test_without_packages_a_script_ends_with_a_line_that_says_what_to_run(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text("")
    done = run_without_packages(tmp_path)
    assert done.returncode == 2 and done.stdout == ""
    assert "make setup" in done.stderr and "source .venv/bin/activate" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_was_packed_says_which_requirements_to_install(tmp_path: Path) -> None:
    done = run_without_packages(tmp_path)
    assert done.returncode == 2 and "Python package 'elftools' is missing" in done.stderr
    assert "python3 -m venv .venv && .venv/bin/pip install -r requirements-run.txt" in done.stderr


@pytest.mark.parametrize("module", ["firmware.build", "simulator.run"])
def test_a_stage_of_a_shell_script_looks_for_packages_before_it_imports_them(module: str, tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "paddle_cortexm", tmp_path / "paddle_cortexm")
    command = [sys.executable, "-S", "-m", f"paddle_cortexm.{module}", "--config", "small"]
    done = subprocess.run(command, capture_output=True, text=True, env=without_python_path(), cwd=tmp_path, timeout=60)
    assert done.returncode == 2 and done.stderr.startswith("error: Python package 'elftools' is missing")


def test_without_packages_a_script_goes_on_in_the_environment_where_there_is_one(tmp_path: Path) -> None:
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\necho "in .venv: $*"\n')
    python.chmod(0o755)
    done = run_without_packages(tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"in .venv: -S {tmp_path / SCRIPT} --config small\n"


def test_the_libraries_of_an_fvp_are_kept_from_our_tools_and_for_the_model(tmp_path: Path) -> None:
    for inner in ("fmtplib", "python/lib", "models/Linux64_GCC-9.3"):
        (tmp_path / "FVP" / inner).mkdir(parents=True)
    fvp = f"{tmp_path}/FVP/fmtplib:{tmp_path}/FVP/python/lib:{tmp_path}/FVP/models/Linux64_GCC-9.3"
    environment = {"LD_LIBRARY_PATH": f"/opt/own/lib:{fvp}:/usr/local/lib"}
    for _ in range(2):  # in a script, and in one that it starts
        set_model_libraries_aside(environment)
        assert environment["LD_LIBRARY_PATH"] == "/opt/own/lib:/usr/local/lib"
        assert environment["FVP_LD_LIBRARY_PATH"] == f"/opt/own/lib:{fvp}:/usr/local/lib"


def test_without_libraries_to_look_for_nothing_is_set_aside() -> None:
    environment: dict[str, str] = {}
    set_model_libraries_aside(environment)
    assert environment == {}
