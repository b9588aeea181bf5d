"""Models are found where the public instructions put them; the newest first, whatever else lies there."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310
from paddle_cortexm.simulator import fvp_search
from tests.simulator.stand_ins import MODEL, executable


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without models, with the folders opt, home and work (the current one) of its own."""
    for name in ("opt/VHT", "home", "work", "bin"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(fvp_search, "VIRTUAL_HARDWARE", tmp_path / "opt/VHT")
    monkeypatch.setattr(fvp_search, "ROOTS", ("", "~", str(tmp_path / "opt")))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.delenv("VCPKG_ROOT", raising=False)
    monkeypatch.chdir(tmp_path / "work")
    return tmp_path


@pytest.mark.parametrize(
    "folder",
    [
        "opt/VHT",
        "opt/VHT/bin",
        "home/avh-linux-x86/bin/models",
        "home/avh-fvp-11.22.39/avh-linux-x86/bin/models",
        "work/avh-linux-aarch64/bin/models",
        "opt/avh-fvp/bin",
        "home/FVP_Corstone_SSE-300/models/Linux64_GCC-9.3",
        "opt/fvp/Corstone-300/models/Linux64_armv8l_GCC-9.3",
        "opt/FVP/bin",
        "home/.vcpkg/artifacts/2139c4c6/models.arm.avh.fvp/11.29.27/bin/models",
    ],
)
def test_a_model_is_found_where_arm_s_instructions_put_it(machine: Path, folder: str) -> None:
    model = executable(machine / folder / MODEL)
    found = fvp_search.find_model(CORSTONE300)
    assert found is not None and found.resolve() == model
    assert fvp_search.find_model(CORSTONE310) is None


def test_vcpkg_s_folder_may_be_named(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = executable(machine / "vcpkg/artifacts/2139c4c6/models.arm.avh.fvp/11.30.29/bin/models" / MODEL)
    assert fvp_search.find_model(CORSTONE300) is None
    monkeypatch.setenv("VCPKG_ROOT", str(machine / "vcpkg"))
    assert fvp_search.find_model(CORSTONE300) == model


def test_what_cannot_be_run_is_passed_over(machine: Path) -> None:
    executable(machine / "opt/VHT" / MODEL).chmod(0o644)
    (machine / "home/FVP" / MODEL).mkdir(parents=True)
    assert fvp_search.find_model(CORSTONE300) is None


def test_path_comes_first_then_the_newest_version(machine: Path) -> None:
    executable(machine / "opt/VHT" / MODEL)
    executable(machine / "home/FVP_Corstone_SSE-300_11.9_1/models/Linux64_GCC-9.3" / MODEL)
    newest = executable(machine / "home/.vcpkg/artifacts/1/models.arm.avh.fvp/11.30.29/bin/models" / MODEL)
    executable(machine / "home/.vcpkg/artifacts/1/models.arm.avh.fvp/11.27.31/bin/models" / MODEL)
    assert fvp_search.find_model(CORSTONE300) == newest
    on_path = executable(machine / "bin" / MODEL)
    assert fvp_search.find_model(CORSTONE300) == on_path


def test_without_versions_the_first_place_wins(machine: Path) -> None:
    executable(machine / "home/FVP_Corstone_SSE-300/models/Linux64_GCC-9.3" / MODEL)
    first = executable(machine / "opt/VHT" / MODEL)
    assert fvp_search.find_model(CORSTONE300) == first
