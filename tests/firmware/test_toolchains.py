"""The compiler is chosen by what is installed and what knows the CPU."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import toolchains


def fake(folder: Path, name: str, version: str, knows: str) -> None:
    """A compiler that tells its version and accepts only the named CPU."""
    tool = folder / name
    tool.write_text(
        f'#!/bin/sh\n[ "$1" = --version ] && echo "{version}" && exit 0\n'
        f'case "$*" in *-mcpu={knows}\\ *) exit 0;; esac\nexit 1\n'
    )
    tool.chmod(0o755)


def test_a_gcc_that_lacks_the_cpu_is_refused_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path, "arm-none-eabi-gcc", "arm-none-eabi-gcc (15:12.2.rel1-1) 12.2.1 20221205", "cortex-m55")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError) as caught:
        toolchains.choose(CORSTONE310)
    message = str(caught.value)
    assert "no compiler for the cortex-m85 of corstone310" in message
    assert "(arm-none-eabi-gcc 12.2.1) does not know -mcpu=cortex-m85: it is too old" in message
    assert "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi (gcc 10" not in message  # it is installed already
    assert "clang is not on PATH" in message and "apt install clang-19 lld-19" in message and "Toolchain 13" in message


def test_gcc_is_taken_where_there_is_no_clang(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "arm-none-eabi-gcc", "arm-none-eabi-gcc (GNU) 11.2.0", "cortex-m55")
    fake(tmp_path, "arm-none-eabi-objdump", "GNU objdump 2.37", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    chosen = toolchains.choose(CORSTONE300)
    assert chosen.kind == "gcc" and chosen.version == "arm-none-eabi-gcc 11.2.0"


def test_clang_without_its_linker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "clang-19", "clang version 19.1.7", "cortex-m85")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"its linker ld\.lld-19 is not"):
        toolchains.choose(CORSTONE310, "clang")


def test_the_newest_clang_that_knows_the_cpu_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake(tmp_path, "clang-20", "clang version 20.1.0", "cortex-m0")
    fake(tmp_path, "clang-19", "clang version 19.1.7", "cortex-m85")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert toolchains.choose(CORSTONE310, "clang").variables["COMPILER"] == str(tmp_path / "clang-19")


def test_an_unknown_toolchain_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"unknown toolchain 'armclang'\. There are: clang, gcc"):
        toolchains.choose(CORSTONE300, "armclang")
