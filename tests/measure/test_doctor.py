"""The table of what the line takes of this machine: everything has a row, and what is missing its reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE310, TARGETS
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure import doctor
from paddle_cortexm.paths import REPOSITORY


def test_every_cpu_has_a_compiler_and_every_board_a_simulator_or_a_reason(capsys: pytest.CaptureFixture[str]) -> None:
    doctor.main()
    table, *reasons = capsys.readouterr().out.split("\n\n")
    rows = {line.split("  ")[0]: line for line in table.splitlines()}
    names = [f"simulator of {target.title}" for target in TARGETS.values()]
    for name in (*names, "compiler for cortex-m55", "compiler for cortex-m85"):
        assert (" none" in rows[name]) is any(reason.startswith(f"{name}: ") for reason in reasons)


def test_a_compiler_that_is_refused_has_its_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    found = list(doctor.compilers(CORSTONE310))
    assert ("  refused", "clang is not on PATH") in [(finding.name, finding.source) for finding in found]
    assert found[-1].missing.startswith("none of these")


def test_what_is_missing_does_not_hide_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> str:
        raise UserError("there is none here")

    monkeypatch.setattr(doctor, "host_compiler", missing)
    found = {finding.name: finding for finding in doctor.findings()}
    assert found["host compiler"].missing == "there is none here"
    assert found["cmake"].what


@pytest.mark.parametrize(
    ("program", "source"),
    [
        (REPOSITORY / ".venv/bin/cmake", "PyPI, .venv/bin/cmake"),
        (REPOSITORY / ".python/cpython/bin/python3", "uv, .python/cpython/bin/python3"),
        (Path("/opt/gcc/bin/gcc"), "/opt/gcc/bin/gcc"),
    ],
)
def test_a_program_s_place_says_who_put_it_there(program: Path, source: str) -> None:
    assert doctor.source_of(program) == source


def test_a_package_that_is_not_installed_is_a_row() -> None:
    assert "make setup" in doctor.sought("tvm", lambda: doctor.package("no-such-package")).missing
