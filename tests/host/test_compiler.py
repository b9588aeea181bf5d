"""The host's compiler: what CC names, else one that knows _Float16, else one that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.host.compiler import host_compiler

OLD = "#!/bin/sh\n! grep -q _Float16\n"  # takes what has no _Float16 in it
NEW = "#!/bin/sh\n"


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "grep").symlink_to("/bin/grep")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CC", raising=False)
    return folder


def has(folder: Path, name: str, script: str) -> str:
    (folder / name).write_text(script)
    (folder / name).chmod(0o755)
    return str(folder / name)


def test_gcc_is_taken_where_it_knows_enough(machine: Path) -> None:
    has(machine, "clang-19", NEW)
    assert has(machine, "gcc", NEW) == host_compiler() == host_compiler(float16=True)


def test_a_clang_stands_in_for_a_gcc_that_does_not_know_float16(machine: Path) -> None:
    gcc, clang = has(machine, "gcc", OLD), has(machine, "clang-16", NEW)
    assert host_compiler() == gcc and host_compiler(float16=True) == clang


def test_without_one_that_knows_float16_it_says_which_would(machine: Path) -> None:
    gcc = has(machine, "gcc", OLD)
    with pytest.raises(UserError, match=rf"{gcc} do not know _Float16\. gcc 12 or clang 15, or later, is needed"):
        host_compiler(float16=True)


def test_the_compiler_that_cc_names_is_taken_or_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(machine, "gcc", NEW)
    old = has(machine, "old-cc", OLD)
    monkeypatch.setenv("CC", "old-cc")
    assert host_compiler() == old
    monkeypatch.setenv("CC", "no-cc")
    with pytest.raises(UserError, match="'no-cc' does not run"):
        host_compiler()
