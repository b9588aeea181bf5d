"""Finding and running a simulator of a board: Arm's FVP or VHT, or QEMU.

A run always has a time limit: whatever the simulator does, it is killed when the limit is over, and its whole process
group with it.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from paddle_cortexm.errors import UserError
from paddle_cortexm.target import END_MARK, Target

QEMU = "qemu-system-arm"
VHT_FOLDER = Path("/opt/VHT")  # where Arm Virtual Hardware machines keep their models
KINDS = ("fvp", "qemu")
GRACE = 10.0  # seconds that a simulator may take to end after the program has
POLL = 0.1  # seconds between two looks at it
# 32 ns a step of the virtual clock and no waiting for the wall clock: one instruction is one count of the scaled system
# counter, the same in every run (app/firmware/instruction_counter.c).
QEMU_INSTRUCTION_COUNT = ("-icount", "shift=5,sleep=off")


@dataclass(frozen=True)
class Simulator:
    """kind: fvp or qemu; note: what the reader of a result must know, or None."""

    kind: str
    executable: Path
    target: Target
    note: str | None = None

    @property
    def name(self) -> str:
        return self.executable.name

    @property
    def advice(self) -> str:
        """What to do when it ends before the program has said a word."""
        if self.kind == "qemu":
            return ""
        does_without = "" if self.target.qemu.lacks else " --simulator qemu does without it."
        return (
            f"\n{self.name} did not start the program: it may lack a licence, or not know one of the parameters "
            f"(--print-command shows them).{does_without}"
        )

    def command(self, elf: Path, frames: Path | None, time_limit: float) -> list[str]:
        """The command line that runs a program, on the frames of a frame file or on the one linked in."""
        words = ["app.elf", *([f"frames={frames}"] if frames else [])]
        return self._qemu(elf, words) if self.kind == "qemu" else self._fvp(elf, words, time_limit)

    def _qemu(self, elf: Path, words: list[str]) -> list[str]:
        semihosting = ",".join(["enable=on", "target=native", *(f"arg={word}" for word in words)])
        machine = [str(self.executable), "-M", self.target.qemu.machine, "-display", "none", "-monitor", "none"]
        machine += ["-serial", "stdio", "-semihosting-config", semihosting, *QEMU_INSTRUCTION_COUNT]
        return [*machine, "-kernel", str(elf)]

    def _fvp(self, elf: Path, words: list[str], time_limit: float) -> list[str]:
        fvp, uart = self.target.fvp, f"{self.target.fvp.board}.uart0"
        watched = (
            f"{uart}.shutdown_on_eot=1" if self.target.uart.ends_transmission else f"{uart}.shutdown_tag={END_MARK}"
        )
        parameters = [
            f"{uart}.out_file=-",
            f"{uart}.unbuffered_output=1",
            watched,
            f"{fvp.board}.visualisation.disable-visualisation=1",
            *(f"{fvp.board}.telnetterminal{i}.start_telnet=0" for i in fvp.terminals),
            *fvp.settings,
            f"{fvp.cpu}.semihosting-enable=1",
            f"{fvp.cpu}.semihosting-cmd_line={' '.join(words)}",
        ]
        settings = [word for parameter in parameters for word in ("-C", parameter)]
        return [str(self.executable), "-a", str(elf), *settings, "--timelimit", str(int(time_limit)), "--stat"]


@dataclass(frozen=True)
class SimulatorRun:
    """text: everything it wrote; status: its exit status; timed_out: it was killed at the time limit."""

    text: str
    status: int
    timed_out: bool


def find(target: Target, kind: str | None = None) -> Simulator:
    """An FVP or VHT of the board, else QEMU; or the kind that is asked for. Raises UserError when there is none."""
    if kind is not None and kind not in KINDS:
        raise UserError(f"--simulator: unknown simulator '{kind}'. There are: {', '.join(KINDS)}")
    model = _find_model(target) if kind != "qemu" else None
    if model:
        return Simulator("fvp", model, target)
    if kind == "fvp":
        raise UserError(
            f"no FVP of {target.title} on PATH or below {VHT_FOLDER} (looked for: {', '.join(target.fvp.names)}). "
            f"Get it from https://developer.arm.com (Fixed Virtual Platforms)"
            + ("" if target.qemu.lacks else ", or use --simulator qemu")
        )
    check_memories(target)
    qemu = shutil.which(QEMU)
    if qemu is None:
        raise UserError(f"no simulator: neither an FVP of {target.title} nor {QEMU}. apt install qemu-system-arm")
    return Simulator("qemu", Path(qemu), target, target.qemu.note)


def check_memories(target: Target) -> None:
    """Raise UserError for a board whose program QEMU's machine cannot run, because it lacks some of the memories."""
    lacks = ", ".join(f"{name} at 0x{target.region(name).origin:08x}" for name in target.qemu.lacks)
    if lacks:
        raise UserError(
            f"no simulator: QEMU's {target.qemu.machine} has no {lacks}, so that only an FVP runs a program for "
            f"{target.title} (looked for on PATH and below {VHT_FOLDER}: {', '.join(target.fvp.names)}). "
            f"Get it from https://developer.arm.com (Fixed Virtual Platforms)"
        )


def _find_model(target: Target) -> Path | None:
    for name in target.fvp.names:
        if path := shutil.which(name):
            return Path(path)
        for candidate in sorted(VHT_FOLDER.glob(f"**/{name}")) if VHT_FOLDER.is_dir() else []:
            if candidate.is_file() and os.access(candidate, os.X_OK):
                return candidate
    return None


def run(
    command: list[str],
    time_limit: float,
    on_line: Callable[[str], None] | None = None,
    stop: threading.Event | None = None,
) -> SimulatorRun:
    """Run a simulator until it ends, at most time_limit seconds; on_line sees each line as it comes. Setting `stop`
    from another thread ends it as if the time were over."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
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
