"""The numbered scripts, as a user runs them in a folder of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from paddle_cortexm.paths import REPOSITORY

TOOLS = ("qemu-system-arm", "cmake", "ninja", "arm-none-eabi-gcc")
SCRIPTS = ("01_finetune.py", "02_quantize.py", "03_compile_tvm.py", "04_build_app.sh", "05_run_fvp.sh")
E2E = [
    pytest.mark.e2e,
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"),
]


def script(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the numbered scripts in a folder of its own."""
    path = REPOSITORY / name
    command = [sys.executable, str(path)] if path.suffix == ".py" else [str(path)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHON": sys.executable}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


def stage(folder: Path, name: str, stage: str) -> Path:
    return folder / "build" / name / stage


def run_line(folder: Path, name: str, scripts: Sequence[str] = SCRIPTS) -> str:
    """Run the scripts in order; returns the last one's output."""
    output = ""
    for step in scripts:
        done = script(step, folder, "--config", name)
        assert done.returncode == 0, f"{step}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        output = done.stdout
    return output
