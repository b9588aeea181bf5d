"""Which compiler builds the program: found, probed for the board's CPU, chosen."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.target import Target

GCC = "arm-none-eabi-gcc"
CLANG_VERSIONS = range(23, 16, -1)  # 19 is the one tested with; 17 knows the Cortex-M85 as well
HARD_FLOAT = ("-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard")
INSTALL = {
    "clang": "apt install clang-19 lld-19 gcc-arm-none-eabi libnewlib-arm-none-eabi "
    "(or, with the same C library packages, clang and lld of https://apt.llvm.org)",
    "gcc": "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi "
    "(gcc 10 knows the Cortex-M55; for the Cortex-M85, gcc 13 or later from https://developer.arm.com)",
}
NEWER = {
    "clang": "clang 17 or later: apt install clang-19 lld-19, or from https://apt.llvm.org",
    "gcc": "the Arm GNU Toolchain 13 or later from https://developer.arm.com, its bin folder first on PATH "
    "(apt has the version of the distribution)",
}


class TooOld(UserError):
    """A compiler that is installed but does not know the CPU."""


@dataclass(frozen=True)
class Toolchain:
    """A compiler that knows the CPU, and what CMake is told about it. variables: cache variables of the toolchain
    file app/firmware/toolchains/KIND.cmake."""

    kind: str
    version: str
    objdump: Path
    variables: dict[str, str]

    @property
    def file(self) -> Path:
        return REPOSITORY / "app" / "firmware" / "toolchains" / f"{self.kind}.cmake"

    def __str__(self) -> str:
        return f"{self.version} ({self.variables['COMPILER']})"


def choose(target: Target, kind: str | None = None) -> Toolchain:
    """The first of the target's toolchains that is installed and knows its CPU, or the one that is asked for.

    Raises UserError that says why each was refused and what to install.
    """
    finders: dict[str, Callable[[str], Toolchain]] = {"clang": find_clang, "gcc": find_gcc}
    if kind is not None and kind not in finders:
        raise UserError(f"--toolchain: unknown toolchain '{kind}'. There are: {', '.join(finders)}")
    refused: list[str] = []
    for candidate in [kind] if kind else target.toolchains:
        try:
            return finders[candidate](target.cpu)
        except TooOld as error:
            refused.append(f"  {error}: it is too old\n    a newer one: {NEWER[candidate]}")
        except UserError as error:
            refused.append(f"  {error}\n    install it with: {INSTALL[candidate]}")
    raise UserError(f"no compiler for the {target.cpu} of {target.name}:\n" + "\n".join(refused))


def find_gcc(cpu: str) -> Toolchain:
    """arm-none-eabi-gcc from PATH. Raises UserError when it is missing or does not know the CPU."""
    compiler = _needed(GCC)
    if not _knows(compiler, cpu):
        raise TooOld(f"{compiler} ({_version(compiler)}) does not know -mcpu={cpu}")
    return Toolchain(
        "gcc", _version(compiler), _needed("arm-none-eabi-objdump"), {"COMPILER": str(compiler), "BOARD_CPU": cpu}
    )


def find_clang(cpu: str) -> Toolchain:
    """The newest clang on PATH that knows the CPU, with the lld and objdump of its version, and newlib. Raises
    UserError for what is missing."""
    compiler, suffix = _newest_clang(cpu)
    linker = _first([f"ld.lld{suffix}", "ld.lld"], f"{compiler} is here, but its linker ld.lld{suffix} is not")
    objdump = _first(
        [f"llvm-objdump{suffix}", "llvm-objdump", "arm-none-eabi-objdump"], f"there is no llvm-objdump{suffix}"
    )
    include, folders = _newlib()
    variables = {
        "COMPILER": str(compiler),
        "LINKER": str(linker),
        "BOARD_CPU": cpu,
        "LIBRARY_INCLUDE": str(include),
        "LIBRARY_FOLDERS": ";".join(map(str, folders)),
    }
    return Toolchain("clang", _version(compiler), objdump, variables)


def find_objdump() -> Path:
    """An objdump that disassembles the board's code: LLVM's newest from PATH, else arm-none-eabi-objdump."""
    names = [f"llvm-objdump-{version}" for version in CLANG_VERSIONS] + ["llvm-objdump", "arm-none-eabi-objdump"]
    return _first(names, "there is neither llvm-objdump nor arm-none-eabi-objdump. apt install llvm-19")


def _newest_clang(cpu: str) -> tuple[Path, str]:
    """The compiler and its version suffix, '-19' or ''."""
    names = [f"clang-{version}" for version in CLANG_VERSIONS] + ["clang"]
    found = [(Path(path), name.removeprefix("clang")) for name in names if (path := shutil.which(name))]
    if not found:
        raise UserError("clang is not on PATH")
    for compiler, suffix in found:
        if _knows(compiler, cpu, "--target=arm-none-eabi"):
            return compiler, suffix
    raise TooOld(f"{found[0][0]} ({_version(found[0][0])}) does not know -mcpu={cpu}")


def _newlib() -> tuple[Path, list[Path]]:
    """newlib's headers and the folders of its libraries, and of libgcc, for hard floating point; gcc knows them."""
    gcc = shutil.which(GCC)
    if gcc is None:
        raise UserError(f"clang is here, but the C library it links is found through {GCC}, which is not on PATH")
    library = Path(_output([gcc, *HARD_FLOAT, "-print-file-name=libc.a"]).strip())
    libgcc = Path(_output([gcc, *HARD_FLOAT, "-print-libgcc-file-name"]).strip())
    sysroot = _output([gcc, "-print-sysroot"]).strip()
    candidates = [Path(sysroot) / "include"] if sysroot else []
    candidates += [Path("/usr/include/newlib"), library.parent.parent / "include"]
    include = next((folder.resolve() for folder in candidates if (folder / "newlib.h").is_file()), None)
    if include is None or not library.is_absolute() or not libgcc.is_file():
        raise UserError(f"{gcc} has no newlib (libc.a with its headers) for {' '.join(HARD_FLOAT)}")
    return include, [library.resolve().parent, libgcc.resolve().parent]


def _needed(name: str) -> Path:
    return _first([name], f"{name} is not on PATH")


def _first(names: Iterable[str], message: str) -> Path:
    found = next((path for name in names if (path := shutil.which(name))), None)
    if found is None:
        raise UserError(message)
    return Path(found)


def _knows(compiler: Path, cpu: str, *options: str) -> bool:
    command = [str(compiler), *options, f"-mcpu={cpu}", "-mthumb", "-mfloat-abi=hard", "-S", "-x", "c", "-o", "-", "-"]
    return subprocess.run(command, input="int x;", capture_output=True, text=True, timeout=60).returncode == 0


def _version(compiler: Path) -> str:
    """'clang 19.1.7', 'arm-none-eabi-gcc 12.2.1'."""
    text = _output([str(compiler), "--version"]).splitlines()[0]
    number = re.search(r"\d+\.\d+\.\d+", text)
    return f"{'clang' if 'clang' in text else GCC} {number[0] if number else text}"


def _output(command: list[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
