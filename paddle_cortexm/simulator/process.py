"""Running a simulator: always with a time limit. Whatever it does, it is killed when the limit is over, and its whole
process group with it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import IO

from paddle_cortexm.target import END_MARK

GRACE = 10.0  # seconds that a simulator may take to end after the program has
POLL = 0.1  # seconds between two looks at it
CANNOT_RUN = 126  # a shell's status for a file that is no program for this machine


@dataclass(frozen=True)
class SimulatorRun:
    """text: everything it wrote; status: its exit status; timed_out: it was killed at the time limit."""

    text: str
    status: int
    timed_out: bool


def run(
    command: list[str],
    time_limit: float,
    on_line: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
    environment: Mapping[str, str] | None = None,
) -> SimulatorRun:
    """Run a simulator until it ends, at most time_limit seconds; on_line sees each line as it comes. Setting `stop`
    from another thread ends it as if the time were over. environment: None for this process's own."""
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            env=environment,
        )
    except OSError as error:  # it is for another kind of processor, or its interpreter is missing
        return SimulatorRun(f"{command[0]}: {error.strerror}\n", CANNOT_RUN, timed_out=False)
    lines: list[str] = []
    ended = threading.Event()
    reader = threading.Thread(target=_read, args=(process.stdout, lines, on_line, ended), daemon=True)
    reader.start()
    try:
        timed_out = not _wait(process, time_limit, ended, stop or threading.Event())
    finally:
        _kill(process)
        reader.join(GRACE)
    return SimulatorRun("".join(lines), process.returncode, timed_out)


def _read(stream: IO[str], lines: list[str], on_line: Callable[[str], None] | None, ended: threading.Event) -> None:
    """Collect lines until the simulator closes its end; note when the program has said its last word."""
    for line in stream:
        lines.append(line)
        if on_line:
            on_line(line)
        if END_MARK in line:
            ended.set()


def _wait(process: subprocess.Popen[str], time_limit: float, ended: threading.Event, stop: threading.Event) -> bool:
    """Whether the simulator ended in time, or at least the program in it did: it is then given GRACE seconds more."""
    deadline = time.monotonic() + time_limit
    program_ended = False
    while time.monotonic() < deadline and not stop.is_set():
        if ended.is_set() and not program_ended:
            program_ended = True
            deadline = time.monotonic() + GRACE
        try:
            process.wait(timeout=POLL)
            return True
        except subprocess.TimeoutExpired:
            continue
    return program_ended


def _kill(process: subprocess.Popen[str]) -> None:
    """End the simulator and everything that it started."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
