"""Running the numbered scripts as a user does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from paddle_cortexm.errors import UserError
from paddle_cortexm.stage import REPOSITORY


def run_script(script: str, config: str | Path, *options: str, report: Path | None = None) -> None:
    """Run a stage's script; its output is shown. Raises UserError when it fails, unless it has written the report."""
    quiet = ["--quiet"]
    first = [str(REPOSITORY / script)] if script.endswith(".sh") else [sys.executable, str(REPOSITORY / script)]
    done = subprocess.run([*first, "--config", str(config), *quiet, *options])
    if done.returncode and not (report and report.is_file()):
        raise UserError(f"{script} --config {config} failed (status {done.returncode}); it said why above")
