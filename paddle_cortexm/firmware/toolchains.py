"""Which compiler builds the program: the first of those on this machine that knows the board's CPU and gets it right.

`choose` is the one way to ask for it; `every` also says why the others are not used.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import c_library
from paddle_cortexm.firmware.c_library import GCC, CLibrary
from paddle_cortexm.host.compiler import CLANG_VERSIONS
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.target import Target

Command = tuple[str, ...]  # a program and its first arguments

LIBRARY_PACKAGES = "gcc-arm-none-eabi libnewlib-arm-none-eabi"
INSTALL = {
    "clang": f"apt install clang-19 lld-19 {LIBRARY_PACKAGES} "
    "(or, with the same C library packages, clang and lld of https://apt.llvm.org)",
    "zig": f"pip install --upgrade ziglang, and apt install {LIBRARY_PACKAGES}",
    "gcc": f"apt install {LIBRARY_PACKAGES} "
    "(gcc 10 knows the Cortex-M55; for the Cortex-M85, gcc 13 or later from https://developer.arm.com)",
}
NEWER = {
    "clang": "clang 15 or later: apt install clang-19 lld-19, or from https://apt.llvm.org, or pip install ziglang",
    "zig": "pip install --upgrade ziglang",
    "gcc": "the Arm GNU Toolchain 13 or later from https://developer.arm.com, its bin folder first on PATH "
    "(apt has the version of the distribution)",
}


@dataclass(frozen=True)
class Toolchain:
    """A compiler that knows the CPU. kind: one of KINDS; compiler, linker: commands (gcc links by itself)."""

    kind: str
    version: str
    compiler: Command
    linker: Command
    objdump: Path
    library: CLibrary
    cpu: str

    @property
    def file(self) -> Path:
        """What CMake is told about such compilers."""
        return REPOSITORY / "app/firmware/toolchains" / f"{'gcc' if self.kind == 'gcc' else 'clang'}.cmake"

    @property
    def flags(self) -> list[str]:
        """Of each compilation, as `file` gives them to CMake."""
        own = ["-mcpu=" + self.cpu, "-mthumb", "-mfloat-abi=hard"]
        if self.kind == "gcc":
            return own
        return ["--target=arm-none-eabi", *own, "-fshort-enums", "-isystem", str(self.library.include)]

    @property
    def installation(self) -> str:
        """How to get another one of the kind."""
        return INSTALL[self.kind]

    def __str__(self) -> str:
        return f"{self.version} ({self.compiler[0]})"


class Refusal(UserError):
    """A compiler that is not used. remedy: what would help."""

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.remedy = remedy


def choose(target: Target, kind: str | None = None) -> Toolchain:
    """The first of the target's toolchains, or of the kind that is asked for, that every yields.

    Raises UserError that says why each was refused and what to install.
    """
    refused: list[str] = []
    for found in every(target, kind):
        if isinstance(found, Toolchain):
            return found
        refused.append(f"  {found}\n    {found.remedy}")
    raise UserError(f"no compiler for the {target.cpu} of {target.name}:\n" + "\n".join(refused))


def every(target: Target, kind: str | None = None) -> Iterator[Toolchain | Refusal]:
    """All compilers of this machine, the preferred first: each as it would be used, or why it is not. Each is looked at
    when it is asked for."""
    if kind is not None and kind not in KINDS:
        raise UserError(f"--toolchain: unknown toolchain '{kind}'. There are: {', '.join(KINDS)}")
    for name in [kind] if kind else target.toolchains:
        for attempt in KINDS[name](target.cpu):
            try:
                yield attempt()
            except Refusal as refusal:
                yield refusal


Attempt = Callable[[], Toolchain]  # raises Refusal


def _gcc(cpu: str) -> Toolchain:
    """arm-none-eabi-gcc from PATH."""
    compiler = (str(_needed([GCC], f"{GCC} is not on PATH", "gcc")),)
    version = _checked_version("gcc", compiler, cpu)
    objdump = _needed(["arm-none-eabi-objdump"], "arm-none-eabi-objdump is not on PATH", "gcc")
    return Toolchain("gcc", version, compiler, compiler, objdump, _library("gcc"), cpu)


def _clangs(cpu: str) -> list[Attempt]:
    """Every clang on PATH, the newest first, with the lld and objdump of its version."""
    names = [f"clang-{version}" for version in CLANG_VERSIONS]
    found = {name: path for name in names if (path := shutil.which(name))}
    plain = shutil.which("clang")
    if plain and Path(plain).resolve() not in {Path(path).resolve() for path in found.values()}:
        found["clang"] = plain
    return [partial(_clang, path, name, cpu) for name, path in found.items()] or [_no_clang]


def _no_clang() -> Toolchain:
    raise _missing("clang is not on PATH", "clang")


def _clang(path: str, name: str, cpu: str) -> Toolchain:
    version = _checked_version("clang", (path,), cpu, "--target=arm-none-eabi")
    suffix = name.removeprefix("clang")
    absent = f"{path} is here, but its linker ld.lld{suffix} is not"
    linker = (str(_needed([f"ld.lld{suffix}", "ld.lld"], absent, "clang")),)
    objdump = _needed(_objdumps(suffix), f"there is no llvm-objdump{suffix}", "clang")
    return Toolchain("clang", version, (path,), linker, objdump, _library("clang"), cpu)


def _zig(cpu: str) -> Toolchain:
    """The clang and lld inside PyPI's ziglang. Its own `zig cc` is of no use: it does not know Helium."""
    package = importlib.util.find_spec("ziglang")
    if package is None or package.origin is None:
        raise _missing("the Python package ziglang is not installed", "zig")
    folder = Path(package.origin).parent
    zig = str(folder / "zig")
    compiler = (zig, "clang", "-resource-dir", str(folder / "lib"))
    version = _checked_version("zig", compiler, cpu, "--target=arm-none-eabi")
    version = f"ziglang {_output([zig, 'version']).strip()} ({version})"
    objdump = _needed(_objdumps(""), "there is no objdump", "zig")
    return Toolchain("zig", version, compiler, (zig, "ld.lld"), objdump, _library("zig"), cpu)


KINDS: Mapping[str, Callable[[str], list[Attempt]]] = MappingProxyType(
    {"clang": _clangs, "zig": lambda cpu: [partial(_zig, cpu)], "gcc": lambda cpu: [partial(_gcc, cpu)]}
)


def find_objdump() -> Path:
    """An objdump that disassembles the board's code: LLVM's newest from PATH, else arm-none-eabi-objdump."""
    found = _first(_objdumps(""))
    if found is None:
        raise UserError("there is neither llvm-objdump nor arm-none-eabi-objdump. apt install llvm-19")
    return found


def _objdumps(suffix: str) -> list[str]:
    """Names of objdumps, the preferred first; any LLVM's knows Helium."""
    numbered = [f"llvm-objdump-{version}" for version in CLANG_VERSIONS]
    return [f"llvm-objdump{suffix}", *numbered, "llvm-objdump", "arm-none-eabi-objdump"]


def _library(kind: str) -> CLibrary:
    try:
        return c_library.find_c_library()
    except UserError as error:
        raise _missing(str(error), kind) from None


def _missing(reason: str, kind: str) -> Refusal:
    return Refusal(reason, f"install it with: {INSTALL[kind]}")


def _needed(names: Iterable[str], reason: str, kind: str) -> Path:
    found = _first(names)
    if found is None:
        raise _missing(reason, kind)
    return found


def _first(names: Iterable[str]) -> Path | None:
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def _checked_version(kind: str, compiler: Command, cpu: str, *options: str) -> str:
    """'clang 19.1.7', 'arm-none-eabi-gcc 12.2.1'. Raises Refusal where it does not run or does not know the CPU."""
    try:
        text = _output([*compiler, "--version"]).splitlines()[0]
    except (OSError, subprocess.SubprocessError) as error:
        raise _missing(f"{compiler[0]} does not run: {error}", kind) from None
    number = re.search(r"\d+\.\d+\.\d+", text)
    version = f"{'clang' if 'clang' in text else GCC} {number[0] if number else text}"
    command = [*compiler, *options, f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=hard", "-S", "-x", "c", "-o", "-", "-"]
    if subprocess.run(command, input="int x;", capture_output=True, text=True, timeout=60).returncode != 0:
        reason = f"{compiler[0]} ({version}) does not know -mcpu={cpu}: it is too old"
        raise Refusal(reason, f"a newer one: {NEWER[kind]}")
    return version


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
