"""Compile the cases' program with the kernels and run it: on QEMU's Cortex-M55, or on the host."""

from __future__ import annotations

import hashlib
import shutil
import struct
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.firmware.board_files import board_header
from paddle_cortexm.host.compiler import float16_flags, host_compiler
from paddle_cortexm.paths import REPOSITORY
from tests.compiler.backends.helium.rig.cases import Array, Case, guarded_symbols, program, sources_of

RIG = Path(__file__).parent
WARNINGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-ffp-contract=off")
INCLUDES = tuple(f"-I{path}" for path in (RIG, REPOSITORY / "app/runtime/helium", REPOSITORY / "app/host/vector"))
CPU = ("-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard")
GCC = "arm-none-eabi-gcc"
COMPILERS: dict[str, tuple[str, ...]] = {
    "clang": ("clang-19", "--target=arm-none-eabi", "-fshort-enums"),
    "gcc": (GCC,),
}
SANITISERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
AARCH64_GCC, QEMU_AARCH64 = "aarch64-linux-gnu-gcc", "qemu-aarch64"
TIME_LIMIT = 120  # seconds a run may take
VERDICTS = {1: "the kernel failed", 2: "wrote in front of its output", 3: "changed an input", 4: "wrote before scratch"}


@dataclass(frozen=True)
class External:
    """A library that kernels call: the folder of its headers and the archive for the machine they run on."""

    include: Path
    archive: Path


@dataclass(frozen=True)
class Result:
    """What one case made. instructions: 0 on the host."""

    output: Array
    instructions: int


def missing_tools(compiler: str = "clang") -> list[str]:
    """The programs `run_on_helium` needs and this machine has not."""
    absent = [tool for tool in (COMPILERS[compiler][0], GCC, "qemu-system-arm") if shutil.which(tool) is None]
    if GCC not in absent and subprocess.run([GCC, *CPU, "-E", "-"], input=b"", capture_output=True).returncode:
        absent.append(f"{GCC} that knows the Cortex-M55")
    return absent


def run_on_helium(
    folder: Path,
    cases: Sequence[Case],
    compiler: str = "clang",
    level: str = "-O3",
    external: External | None = None,
) -> list[Result]:
    """Run the cases in one boot of QEMU's mps3-an547. Fails (AssertionError) on a fault or a touched guard byte."""
    include, archive = (["-isystem", str(external.include)], [str(external.archive)]) if external else ([], [])
    (folder / "board.h").write_text(board_header(CORSTONE300))
    board = [f"-I{folder}", f"-I{REPOSITORY / 'app/firmware'}"]
    command = [*target_command(compiler, level), *board, *include, "-c"]
    objects = _compile(folder, cases, command, "target.c")
    elf = folder / "rig.elf"
    symbols = [f"-Wl,--defsym={name}={address:#x}" for name, address in guarded_symbols(cases).items()]
    _run(
        [
            GCC,
            *CPU,
            *symbols,
            "-nostartfiles",
            "-T",
            str(RIG / "rig.ld"),
            *objects,
            *archive,
            "-lm",
            "-lc",
            "-lgcc",
            "-o",
            str(elf),
        ]
    )
    machine = ["qemu-system-arm", "-M", "mps3-an547", "-display", "none", "-serial", "none", "-monitor", "none"]
    timing = ["-icount", "shift=5,sleep=off", "-semihosting-config", "enable=on,target=native"]
    _run([*machine, *timing, "-kernel", str(elf)], cwd=folder)
    return _results(folder, cases)


def target_command(compiler: str, level: str = "-O3") -> list[str]:
    """The compiler for the Cortex-M55 with the flags that all of the rig is compiled with."""
    return [*COMPILERS[compiler], *CPU, level, *_tail_predication(compiler), *WARNINGS, *INCLUDES, *_newlib(compiler)]


def _tail_predication(compiler: str) -> list[str]:
    """As app/firmware/toolchains/gcc.cmake says, which has the reason."""
    probe = [*COMPILERS[compiler], "-mno-dlstp", "-E", "-x", "c", "/dev/null"]
    known = compiler == "gcc" and subprocess.run(probe, capture_output=True).returncode == 0
    return ["-mno-dlstp"] if known else []


def run_on_host(
    folder: Path, cases: Sequence[Case], flags: Sequence[str] = (), *, sanitise: bool = True
) -> list[Result]:
    """Run the cases' portable C, or with flags for it the vector code of app/host/vector, under the address and
    undefined-behaviour sanitisers, where the compiler has them (gcc does; a clang needs a package of its own)."""
    float16 = any("_f16" in source for source in sources_of(cases))
    compiler = host_compiler(float16=float16)
    flags = (*flags, *(float16_flags() if float16 else ()))
    checks = SANITISERS if sanitise and _links(compiler, SANITISERS) else ()
    return _run_built(folder, cases, [compiler, *checks, *flags], [])


def _links(compiler: str, flags: Sequence[str]) -> bool:
    command = [compiler, *flags, "-x", "c", "-", "-o", "/dev/null"]
    return subprocess.run(command, input=b"int main(void) { return 0; }", capture_output=True).returncode == 0


def run_on_aarch64(folder: Path, cases: Sequence[Case], flags: Sequence[str]) -> list[Result]:
    """Run the cases' vector code for AArch64 under QEMU's user emulation."""
    return _run_built(folder, cases, [AARCH64_GCC, "-static", *flags], [QEMU_AARCH64])


def _run_built(folder: Path, cases: Sequence[Case], compiler: list[str], emulator: list[str]) -> list[Result]:
    objects = _compile(folder, cases, [*compiler, "-O3", *WARNINGS, *INCLUDES, "-c"], "host.c")
    executable = folder / "rig.host"
    _run([*compiler, *objects, "-lm", "-o", str(executable)])
    _run([*emulator, str(executable)], cwd=folder)
    return _results(folder, cases)


def assert_same_bits(cases: Sequence[Case], expected: Sequence[Result], results: Sequence[Result]) -> None:
    for number, (case, wanted, got) in enumerate(zip(cases, expected, results, strict=True)):
        assert got.output.tobytes() == wanted.output.tobytes(), f"case {number}: {case.kernel.name}"


def _compile(folder: Path, cases: Sequence[Case], command: list[str], platform: str) -> list[str]:
    """Object files of the generated program, the rig and the kernels."""
    generated = folder / "cases.c"
    generated.write_text(program(cases))
    sources = [generated, RIG / "run.c", RIG / platform, *(REPOSITORY / path for path in sources_of(cases))]
    objects = []
    for source in sources:
        digest = hashlib.sha256(f"{command} {source}".encode()).hexdigest()[:8]
        target = folder / f"{source.stem}-{digest}.o"
        _run([*command, str(source), "-o", str(target)])
        objects.append(str(target))
    return objects


def _newlib(compiler: str) -> list[str]:
    """clang has no C library of its own: the headers of arm-none-eabi-gcc's."""
    if compiler == "gcc":
        return []
    listing = subprocess.run([GCC, "-xc", "-E", "-v", "-"], input="", capture_output=True, text=True, check=True)
    folders = [line.strip() for line in listing.stderr.splitlines() if line.startswith(" /")]
    newlib = next(folder for folder in folders if (Path(folder) / "newlib.h").is_file())
    return ["-isystem", newlib]


def _run(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=TIME_LIMIT)
    assert done.returncode == 0, f"{' '.join(command)}\nexit {done.returncode}\n{done.stdout}{done.stderr[:6000]}"


def _results(folder: Path, cases: Sequence[Case]) -> list[Result]:
    data, results, at = (folder / "results.bin").read_bytes(), [], 0
    for number, case in enumerate(cases):
        verdict, instructions = struct.unpack_from("<IQ", data, at)
        assert verdict == 0, f"case {number} ({case.kernel.name}): {VERDICTS[verdict]}"
        flat = np.frombuffer(data, case.output_dtype, int(np.prod(case.output_shape)), at + 12)
        results.append(Result(flat.reshape(case.output_shape), instructions))
        at += 12 + case.output_bytes
    return results
