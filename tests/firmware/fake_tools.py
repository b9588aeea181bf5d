"""Compilers that only tell what they are asked when they are looked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

VARIANT = "thumb/v8-m.main+fp/hard"


def fake_tool(path: Path, cases: str) -> None:
    """A shell script that answers by the cases of its command line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\ncase " $* " in\n{cases}\nesac\nexit 1\n')
    path.chmod(0o755)


def fake_compiler(folder: Path, name: str, version: str, knows: str) -> None:
    """A compiler that tells its version and accepts only the named CPU."""
    fake_tool(folder / name, f'*" --version "*) echo "{version}"; exit 0;;\n*" -mcpu={knows} "*) exit 0;;')


def fake_gcc(
    folder: Path, version: str, cpu: str, variant: str = VARIANT, library: str = f"lib/{VARIANT}/libc.a"
) -> Path:
    """arm-none-eabi-gcc with its objdump and a C library. cpu: the newest it knows; variant: where its libraries for it
    should be; library: where its libc.a is, below the returned root."""
    root = folder / "arm-none-eabi"
    for file in (library, "include/newlib.h", "libgcc.a"):
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).touch()
    known = f'*" -mcpu={cpu} "*'
    answers = {
        '*" --version "*': f"arm-none-eabi-gcc (GNU) {version}",
        '*" -print-sysroot "*': "",
        f'{known}"-print-multi-directory "*': variant,
        f'{known}"-print-libgcc-file-name "*': root / "libgcc.a",
        f'{known}"-print-file-name=libc.a "*': root / library,
        f'{known}"-S "*': "",
    }
    cases = "\n".join(f'{pattern}) echo "{answer}"; exit 0;;' for pattern, answer in answers.items())
    fake_tool(folder / "arm-none-eabi-gcc", cases)
    fake_compiler(folder, "arm-none-eabi-objdump", "GNU objdump 2.37", "")
    return root


def fake_zig(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Python package ziglang, to be imported from the folder."""
    fake_tool(
        folder / "ziglang/zig",
        '*" version "*) echo 0.17.1; exit 0;;\n'
        '*" clang "*"--version "*) echo "clang version 22.1.8"; exit 0;;\n'
        '*" clang "*"-S "*) exit 0;;',
    )
    (folder / "ziglang/__init__.py").touch()
    monkeypatch.delitem(sys.modules, "ziglang", raising=False)
    monkeypatch.syspath_prepend(str(folder))
