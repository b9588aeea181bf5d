"""clang links the C library of any arm-none-eabi-gcc, if it is one for Thumb and hard floating point."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware.c_library import find_c_library
from tests.firmware.fake_tools import VARIANT, fake_gcc


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize(("version", "cpu"), [("12.2.1", "cortex-m55"), ("8.3.1", "cortex-m33")])
def test_a_gcc_that_does_not_know_the_board_s_cpu_has_a_library_that_serves(
    tools: Path, version: str, cpu: str
) -> None:
    root = fake_gcc(tools, version, cpu)
    library = find_c_library()
    assert library.include == root / "include"
    assert library.folders == (root / "lib" / VARIANT, root)
    assert str(library) == f"newlib ({root}/lib/{VARIANT})"


@pytest.mark.parametrize("variant", [".", "thumb/v8-m.main/nofp", "arm/v5te/hard"])
def test_a_library_of_a32_code_or_soft_floats_is_refused(tools: Path, variant: str) -> None:
    fake_gcc(tools, "9.2.1", "cortex-m55", variant, f"lib/{variant}/libc.a")
    with pytest.raises(UserError, match="has no C library for Thumb and hard floating point"):
        find_c_library()


def test_a_library_that_is_not_of_the_variant_is_refused(tools: Path) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55", library="lib/libc.a")  # A32 code: what is there without the others
    with pytest.raises(UserError, match="has no C library"):
        find_c_library(picolibc=tools / "none")


def test_a_gcc_that_does_not_run_has_no_library(tools: Path) -> None:
    (tools / "arm-none-eabi-gcc").write_text("for another machine")
    (tools / "arm-none-eabi-gcc").chmod(0o755)
    with pytest.raises(UserError, match="has no C library"):
        find_c_library()


def test_picolibc_is_taken_where_there_is_no_newlib(tools: Path) -> None:
    fake_gcc(tools, "14.2.1", "cortex-m55", library="lib/libc.a")
    picolibc = tools / "picolibc"
    for file in (f"lib/{VARIANT}/libc.a", "include/picolibc.h"):
        (picolibc / file).parent.mkdir(parents=True)
        (picolibc / file).touch()
    library = find_c_library(picolibc)
    assert (library.name, library.include, library.folders[0]) == (
        "picolibc",
        picolibc / "include",
        picolibc / "lib" / VARIANT,
    )
