"""Processes that are waited for, and that must not outlive who waits."""

from __future__ import annotations

import subprocess

GRACE = 30.0  # seconds that an interrupted process may take to end what it started itself


def run_child(
    command: list[str],
    *,
    environment: dict[str, str] | None = None,
    captured: bool = False,
    time_limit: float | None = None,
) -> tuple[int, str]:
    """Run a command to its end: exit status and, where it is captured, what it printed. Unlike with subprocess.run, an
    interrupted process is asked to end, so that it ends the processes it started; so is one that takes longer than
    time_limit, in seconds, which raises subprocess.TimeoutExpired."""
    output, errors = (subprocess.PIPE, subprocess.STDOUT) if captured else (None, None)
    return wait_for(subprocess.Popen(command, env=environment, stdout=output, stderr=errors, text=True), time_limit)


def wait_for(process: subprocess.Popen[str], time_limit: float | None = None) -> tuple[int, str]:
    """The process's exit status and what it printed to a pipe."""
    try:
        printed, _ = process.communicate(timeout=time_limit)
    except BaseException:
        process.terminate()
        try:
            process.communicate(timeout=GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
        raise
    return process.returncode, printed or ""
