"""The compiler is chosen by what is installed and what knows the CPU."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.cmake_variables import cmake_variables
from paddle_cortexm.firmware.toolchains import Refusal, Toolchain
from tests.firmware.fake_tools import fake_compiler, fake_gcc, fake_zig


@pytest.fixture(autouse=True)
def no_ziglang(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test here depends on what the Python environment has."""
    monkeypatch.setitem(sys.modules, "ziglang", None)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on PATH."""
    folder = tmp_path / "tools"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}")
    return folder


def test_a_gcc_that_lacks_the_cpu_is_refused_with_what_to_install(tools: Path) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    with pytest.raises(UserError) as caught:
        toolchains.choose(CORSTONE310)
    message = str(caught.value)
    assert "no compiler for the cortex-m85 of corstone310" in message
    assert "(arm-none-eabi-gcc 12.2.1) does not know -mcpu=cortex-m85: it is too old" in message
    assert "apt install gcc-arm-none-eabi libnewlib-arm-none-eabi (gcc 10" not in message  # it is installed already
    assert "clang is not on PATH" in message and "apt install clang-19 lld-19" in message and "Toolchain 13" in message
    assert "ziglang is not installed" in message and "pip install --upgrade ziglang" in message


def test_gcc_is_taken_where_there_is_no_clang(tools: Path) -> None:
    fake_gcc(tools, "11.2.0", "cortex-m55")
    chosen = toolchains.choose(CORSTONE300)
    assert chosen.kind == "gcc" and chosen.version == "arm-none-eabi-gcc 11.2.0"
    assert str(chosen) == f"arm-none-eabi-gcc 11.2.0 ({tools}/arm-none-eabi-gcc)"
    assert chosen.library.name == "newlib"


def test_a_clang_without_its_linker_is_passed_over(tools: Path) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    fake_compiler(tools, "clang-22", "clang version 22.1.0", "cortex-m85")
    with pytest.raises(UserError, match=r"its linker ld\.lld-22 is not"):
        toolchains.choose(CORSTONE310, "clang")
    fake_compiler(tools, "clang-19", "clang version 19.1.7", "cortex-m85")
    fake_compiler(tools, "ld.lld-19", "LLD 19.1.7", "")
    assert toolchains.choose(CORSTONE310).version == "clang 19.1.7"


def test_the_newest_clang_that_knows_the_cpu_is_taken(tools: Path) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    fake_compiler(tools, "clang-20", "clang version 20.1.0", "cortex-m0")
    fake_compiler(tools, "clang-19", "clang version 19.1.7", "cortex-m85")
    fake_compiler(tools, "clang-16", "clang version 16.0.6", "cortex-m85")
    fake_compiler(tools, "ld.lld", "LLD 19.1.7", "")
    assert toolchains.choose(CORSTONE310, "clang").compiler == (str(tools / "clang-19"),)


def test_clang_under_two_names_is_one_compiler(tools: Path) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    fake_compiler(tools, "clang-19", "clang version 19.1.7", "cortex-m55")
    fake_compiler(tools, "ld.lld-19", "LLD 19.1.7", "")
    (tools / "clang").symlink_to("clang-19")
    assert [found.compiler for found in toolchains.every(CORSTONE300, "clang") if isinstance(found, Toolchain)] == [
        (str(tools / "clang-19"),)
    ]


def test_the_python_package_ziglang_comes_between_clang_and_gcc(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    fake_zig(tmp_path / "site packages", monkeypatch)
    chosen = toolchains.choose(CORSTONE300)
    zig = str(tmp_path / "site packages/ziglang/zig")
    assert chosen.version == "ziglang 0.17.1 (clang 22.1.8)" and str(chosen).endswith(f"({zig})")
    assert chosen.compiler[:2] == (zig, "clang") and chosen.linker == (zig, "ld.lld")
    fake_compiler(tools, "clang-16", "clang version 16.0.6", "cortex-m55")
    fake_compiler(tools, "ld.lld-16", "LLD 16.0.6", "")
    assert toolchains.choose(CORSTONE300).version == "clang 16.0.6"
    assert toolchains.choose(CORSTONE300, "zig").kind == "zig"
    order = [found.kind for found in toolchains.every(CORSTONE300) if isinstance(found, Toolchain)]
    assert order == ["clang", "zig", "gcc"]


def test_a_compiler_that_does_not_run_is_passed_over(tools: Path) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    (tools / "clang-19").write_text("for another machine")
    (tools / "clang-19").chmod(0o755)
    assert toolchains.choose(CORSTONE300).kind == "gcc"
    (refusal,) = toolchains.every(CORSTONE300, "clang")
    assert f"{tools}/clang-19 does not run" in str(refusal)


def test_cmake_gets_a_program_for_a_command_of_several_words(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_gcc(tools, "12.2.1", "cortex-m55")
    fake_zig(tmp_path / "site packages", monkeypatch)
    variables = cmake_variables(toolchains.choose(CORSTONE300, "zig"), tmp_path / "made")
    assert Path(variables["LINKER"]).read_text().splitlines()[1] == (
        f"exec '{tmp_path}/site packages/ziglang/zig' ld.lld \"$@\""
    )
    gcc = cmake_variables(toolchains.choose(CORSTONE300, "gcc"), tmp_path / "made")
    assert gcc["COMPILER"] == str(tools / "arm-none-eabi-gcc")


def test_without_a_c_library_every_compiler_is_refused(tools: Path) -> None:
    fake_compiler(tools, "clang-19", "clang version 19.1.7", "cortex-m55")
    fake_compiler(tools, "ld.lld-19", "LLD 19.1.7", "")
    fake_compiler(tools, "llvm-objdump-19", "LLVM 19.1.7", "")
    (refusal,) = toolchains.every(CORSTONE300, "clang")
    assert isinstance(refusal, Refusal)
    assert "found through arm-none-eabi-gcc, which is not on PATH" in str(refusal)
    assert "libnewlib-arm-none-eabi" in refusal.remedy


def test_an_unknown_toolchain_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"unknown toolchain 'armclang'\. There are: clang, zig, gcc"):
        toolchains.choose(CORSTONE300, "armclang")
