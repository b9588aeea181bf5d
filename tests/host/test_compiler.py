"""The host's compiler: what CC names, else one that knows _Float16, else one that works."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.compiler import host_compiler
from paddle_cortexm.host.model import build_library
from tests.tiny_model import write_tiny_model

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


def test_a_gcc_that_knows_float16_is_taken_first(machine: Path) -> None:
    has(machine, "clang-19", NEW)
    assert has(machine, "gcc", NEW) == host_compiler()


def test_a_clang_that_knows_float16_stands_in_for_an_old_gcc(machine: Path) -> None:
    gcc = has(machine, "gcc", OLD)
    assert host_compiler() == gcc
    assert has(machine, "clang-16", NEW) == host_compiler()


def test_the_compiler_that_cc_names_is_taken_or_refused(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    has(machine, "gcc", NEW)
    old = has(machine, "old-cc", OLD)
    monkeypatch.setenv("CC", "old-cc")
    assert host_compiler() == old
    monkeypatch.setenv("CC", "no-cc")
    with pytest.raises(UserError, match="'no-cc' does not run"):
        host_compiler()


def test_a_float16_model_says_which_compiler_it_needs(machine: Path, tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "model")
    fails = 'case "$*" in *-shared*) echo "error: unknown type name _Float16" >&2; exit 1 ;; esac'
    has(machine, "gcc", f"#!/bin/sh\n{fails}\n! grep -q _Float16\n")
    with pytest.raises(UserError, match=r"gcc, is too old: float16 models need.*gcc from 12 on or clang from 15"):
        build_library(folder, Model.read(folder))
