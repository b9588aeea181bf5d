"""How often each instruction of a program is executed, counted by the QEMU plugin app/host/qemu_profile.c."""

from __future__ import annotations

import subprocess
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.dependencies import sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.compiler import host_compiler
from paddle_cortexm.measure.profile.disassembly import Program
from paddle_cortexm.paths import BUILD_FOLDER, REPOSITORY
from paddle_cortexm.simulator import process, transcript
from paddle_cortexm.simulator.qemu import version_of
from paddle_cortexm.simulator.simulators import Simulator
from paddle_cortexm.simulator.transcript import Transcript

SOURCE = REPOSITORY / "app/host/qemu_profile.c"
HOOK = "model_layer_done"  # the program calls it after the input's rows, then after each layer
TIME_LIMIT = 900.0
Executions = Counter[int]  # address of an instruction -> how often it was executed


@dataclass(frozen=True)
class Counts:
    """One run. said: what the program printed; parts: the executions between two calls of HOOK, the first part from
    reset on, the last to the end."""

    said: Transcript
    parts: list[Executions]

    def by_layer(self) -> list[Executions] | None:
        """One part a layer; None where rows are streamed, so that layers take turns."""
        layers = self.parts[1:-1]
        return layers if len(layers) == len(self.said.layers) else None

    def inference(self) -> Executions:
        """The layers' executions; of a streamed network the preprocessing's as well."""
        return sum(self.parts[1:-1], Executions())


def count(simulator: Simulator, elf: Path, program: Program) -> Counts:
    """Run the program once. Raises UserError when the simulator is no QEMU with plugins, or the program fails."""
    if simulator.kind != "qemu":
        raise UserError("a profile by function needs QEMU: --simulator qemu")
    low, high = min(program.instructions), max(program.instructions) + 4
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "executions.txt"
        plugin = build_plugin(simulator.executable)
        options = f"{plugin},out={out},base={low:x},bytes={high - low:x},mark={program.address_of(HOOK):x}"
        command = [*simulator.command(elf, None, TIME_LIMIT), "-plugin", options]
        done = process.run(command, TIME_LIMIT)
        said = transcript.parse(done.text)
        if not said.complete or not out.is_file():
            raise UserError(f"the program did not come to its end under QEMU with a plugin:\n{done.text[-2000:]}")
        return Counts(said, read_parts(out.read_text(encoding="ascii")))


def read_parts(text: str) -> list[Executions]:
    """The plugin's file: its format is described in app/host/qemu_profile.c."""
    parts = [Executions()]
    for line in text.splitlines():
        if line == "mark":
            parts.append(Executions())
        elif not line.startswith("outside"):
            address, executions = line.split()
            parts[-1][int(address, 16)] += int(executions, 16)
    return parts[:-1]


def build_plugin(qemu: Path) -> Path:
    """The plugin as a shared library for that QEMU, built once: build/.qemu_profile/DIGEST-API.so."""
    folder = BUILD_FOLDER / ".qemu_profile"
    api = 1 if int(version_of(qemu).split(".")[0]) < 9 else 2  # as the source says
    library = folder / f"{sha256(SOURCE)[:16]}-{api}.so"
    if not library.is_file():
        folder.mkdir(parents=True, exist_ok=True)
        command = [
            host_compiler(),
            "-shared",
            "-fPIC",
            "-O2",
            "-Wall",
            "-Wextra",
            "-Werror",
            f"-DPLUGIN_API={api}",
            str(SOURCE),
        ]
        subprocess.run([*command, "-o", str(library)], check=True)
    return library.resolve()
