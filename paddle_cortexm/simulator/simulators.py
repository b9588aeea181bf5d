"""Finding a simulator of a board, and how it is called: Arm's FVP or VHT, or QEMU."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.boards import TARGETS
from paddle_cortexm.errors import UserError
from paddle_cortexm.simulator import fvp_environment, fvp_failures, fvp_search, process
from paddle_cortexm.simulator.qemu import QEMU, check_version, find_qemu
from paddle_cortexm.target import END_MARK, Target

KINDS = ("fvp", "qemu")
MODELS = ("FVP_", "VHT_")  # what the names of models begin with
WHERE_TO_GET_ONE = "docs/avh.md says where to get one"
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
    def environment(self) -> dict[str, str | None]:
        """What is changed in the environment for it; None: removed. docs/avh.md says why a model needs that."""
        if self.kind == "qemu":
            return {}
        return fvp_environment.changes(self.executable, os.environ, fvp_environment.glibc_version())

    def advice(self, wrote: str) -> str:
        """What to do when it ended before the program said a word."""
        if self.kind == "qemu":
            return ""
        reason = fvp_failures.reason(wrote) or (
            "it may lack a licence, or not know one of the parameters (--print-command shows them)."
        )
        does_without = "" if self.target.qemu.lacks else " --simulator qemu does without it."
        return f"\n{self.name} did not start the program: {reason}{does_without}"

    def run(
        self,
        elf: Path,
        frames: Path | None,
        time_limit: float,
        on_line: Callable[[str], None] | None = None,
        stop: threading.Event | None = None,
    ) -> process.SimulatorRun:
        """Run a program, on the frames of a frame file or on the one linked in. process.run() says the rest."""
        environment = fvp_environment.applied(self.environment, os.environ)
        return process.run(self.command(elf, frames, time_limit), time_limit, on_line, stop, environment)

    def shell_command(self, elf: Path, frames: Path | None, time_limit: float) -> str:
        """The same for a shell."""
        return shlex.join([*fvp_environment.as_command(self.environment), *self.command(elf, frames, time_limit)])

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
        limit = str(max(1, math.ceil(time_limit)))  # 0 would be none
        return [str(self.executable), "-a", str(elf), *settings, "--timelimit", limit, "--stat"]


def find(target: Target, asked: str | None = None) -> Simulator:
    """An FVP or VHT of the board, else QEMU; or what is asked for: a kind, or an executable. Raises UserError when
    there is none."""
    if asked is not None and asked not in KINDS:
        return _given(target, asked)
    model = fvp_search.find_model(target) if asked != "qemu" else None
    if model:
        return Simulator("fvp", model, target)
    if asked == "fvp":
        does_without = "" if target.qemu.lacks else ", or use --simulator qemu"
        raise UserError(f"no FVP of {target.title} {looked_for(target)}. {WHERE_TO_GET_ONE}{does_without}")
    return _qemu(find_qemu(), target)


def _qemu(executable: Path | None, target: Target) -> Simulator:
    """Raises UserError where there is none, or where it cannot run the board's programs."""
    check_memories(target)
    if executable is None:
        raise UserError(f"no simulator: neither an FVP of {target.title} nor {QEMU}. apt install qemu-system-arm")
    check_version(executable)
    return Simulator("qemu", executable, target, target.qemu.note)


def _given(target: Target, asked: str) -> Simulator:
    """The executable that the user names; what it is called says what it is."""
    path = Path(shutil.which(asked) or asked)
    if fvp_search.is_executable(path) and path.name in target.fvp.names:
        return Simulator("fvp", path, target)
    if fvp_search.is_executable(path) and path.name == QEMU:
        return _qemu(path, target)
    raise UserError(
        f"--simulator {asked}: {_not_usable(path, target)}. Allowed: {', '.join(KINDS)}, or an executable called "
        f"{', '.join(target.fvp.names)} or {QEMU}"
    )


def _not_usable(path: Path, target: Target) -> str:
    """Why an executable that the user names cannot run a program for the board."""
    if not path.is_file():
        return "unknown simulator, and no such file"
    if not fvp_search.is_executable(path):
        return "not executable: chmod +x makes it"
    if not path.name.startswith(MODELS):
        return "no simulator known here"
    board = next((board.title for board in TARGETS.values() if path.name in board.fvp.names), "no board known here")
    return f"a model of {board}, not of {target.title}"


def looked_for(target: Target) -> str:
    """Which models were looked for, and where."""
    return f"(looked for {', '.join(target.fvp.names)} in: {fvp_search.places()})"


def check_memories(target: Target) -> None:
    """Raise UserError for a board whose program QEMU's machine cannot run, because it lacks some of the memories."""
    lacks = ", ".join(f"{name} at 0x{target.region(name).origin:08x}" for name in target.qemu.lacks)
    if lacks:
        raise UserError(
            f"no simulator: QEMU's {target.qemu.machine} has no {lacks}, so that only an FVP runs a program for "
            f"{target.title} {looked_for(target)}. {WHERE_TO_GET_ONE}"
        )
