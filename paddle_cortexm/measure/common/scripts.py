"""Running the numbered scripts as a user does."""

from __future__ import annotations

import sys
from pathlib import Path

from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.training.distributed.children import run_child

TIME_LIMIT = 6 * 3600  # seconds; training takes longest
SAID = 3000  # characters of a failed script's output that the error repeats


class ScriptFailed(UserError):
    """A script ended with an error: which, with what status and, where it was not shown, the end of its output."""

    @property
    def last_line(self) -> str:
        """The error of the script's output, or its last line."""
        lines = [line.strip() for line in str(self).splitlines() if line.strip()]
        wrong = [line for line in lines if line.startswith("error:")]
        return (wrong or lines)[-1]


def run_script(script: str, config: str | Path, *options: str, shown: bool = True, report: Path | None = None) -> None:
    """Run a stage's script without progress bars. shown: what it prints is seen as it comes. Raises ScriptFailed when
    it fails, unless it has written the report."""
    first = [str(REPOSITORY / script)] if script.endswith(".sh") else [sys.executable, str(REPOSITORY / script)]
    command = [*first, "--config", str(config), "--quiet", *options]
    status, said = run_child(command, captured=not shown, time_limit=TIME_LIMIT)
    if status and not (report and report.is_file()):
        why = "; it said why above" if shown else f"\n{said[-SAID:]}"
        raise ScriptFailed(f"{script} --config {config} failed (status {status}){why}")
