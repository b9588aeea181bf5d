"""How a script ends: with its status, or with one line on what the user can do."""

from __future__ import annotations

import errno
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from paddle_cortexm import cli
from paddle_cortexm.paths import REPOSITORY


@pytest.mark.parametrize(
    ("number", "advice"), [(errno.ENOSPC, "Make room"), (errno.EROFS, "writable"), (errno.ENOENT, "Check that path")]
)
def test_what_the_system_refuses_is_told_with_path_reason_and_advice(
    number: int, advice: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def main() -> int:
        raise OSError(number, os.strerror(number), "build/small")

    with pytest.raises(SystemExit, match="2"):
        cli.run(main)
    said = capsys.readouterr().err
    assert said.startswith(f"error: build/small: {os.strerror(number)}. ") and advice in said
    assert said.count("\n") == 1


def test_a_build_folder_that_is_a_file_is_named(tmp_path: Path) -> None:
    program = """
from paddle_cortexm import cli
from paddle_cortexm.config import Config
from paddle_cortexm.stage import run_stage
small = Config.model_validate({"name": "small", "model": {"backbone": "PPLCNet_x0_25"}})
cli.run(lambda: run_stage(small, "01_finetune", lambda folder: None) and 0)
"""
    (tmp_path / "build").write_text("")
    done = run_python(program, tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("error: build") and "Traceback" not in done.stderr


def test_a_reader_that_goes_away_ends_the_script_quietly(tmp_path: Path) -> None:
    program = "from paddle_cortexm import cli\ncli.run(lambda: print('x' * 80 + chr(10), end='') or run())"
    program = f"def run():\n    while True: print('x' * 1000)\n{program}"
    command = f'{shlex.quote(sys.executable)} -c "$PROGRAM" | head -n 1'
    environment = os.environ | {"PROGRAM": program, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(["sh", "-c", command], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout == "x" * 80 + "\n" and done.stderr == ""


def test_ctrl_c_while_a_script_still_imports_shows_no_traceback(tmp_path: Path) -> None:
    done = run_python("from paddle_cortexm import cli\nraise KeyboardInterrupt", tmp_path)
    assert done.returncode and done.stderr == cli.INTERRUPTED + "\n"


def test_being_told_to_end_is_heeded_after_paddle_was_imported(tmp_path: Path) -> None:
    program = """
import os, signal, time
from paddle_cortexm import cli
def main():
    import paddle_cortexm.networks.build
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(30)
cli.run(main)
"""
    done = run_python(program, tmp_path)
    assert done.returncode == 130 and done.stderr.endswith(cli.INTERRUPTED + "\n")


def run_python(program: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=60)
