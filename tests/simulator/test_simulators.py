"""Choosing a simulator, and how it is called."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310, CORSTONE320
from paddle_cortexm.errors import UserError
from paddle_cortexm.simulator import fvp_search, simulators
from tests.simulator.stand_ins import executable

TELLS_VERSION = "#!/bin/sh\necho 'QEMU emulator version {} (Debian 1:7.2)'\n"


@pytest.fixture
def no_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any; returns a folder that is empty."""
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    monkeypatch.setattr(fvp_search, "VIRTUAL_HARDWARE", empty)
    monkeypatch.setattr(fvp_search, "ROOTS", ("",))
    monkeypatch.setenv("HOME", str(empty))
    return empty


@pytest.mark.parametrize("name", CORSTONE300.fvp.names)
def test_every_known_name_of_a_model_is_found_and_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    model = executable(tmp_path / name)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = simulators.find(CORSTONE300)
    assert (found.kind, found.executable) == ("fvp", model)
    assert simulators.find(CORSTONE300, "qemu").kind == "qemu"


@pytest.mark.usefixtures("no_models")
def test_without_a_model_corstone310_runs_on_qemu_with_a_note() -> None:
    found = simulators.find(CORSTONE310)
    assert found.kind == "qemu" and found.note is not None
    assert "Cortex-M55" in found.note and "Cortex-M85 image" in found.note
    assert simulators.find(CORSTONE300).note is None


def test_asking_for_a_model_that_is_not_there_says_what_was_looked_for_and_where(
    no_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(no_models))
    with pytest.raises(UserError, match="FVP_Corstone_SSE-310, FVP_Corstone_SSE-310_Ethos-U65") as raised:
        simulators.find(CORSTONE310, "fvp")
    for place in (
        "PATH",
        str(no_models),
        "models.arm.avh.fvp",
        "avh-*",
        "FVP*",
        "models/Linux64*",
        "docs/avh.md",
    ):
        assert place in str(raised.value)
    with pytest.raises(UserError, match="apt install qemu-system-arm"):
        simulators.find(CORSTONE310)


@pytest.mark.parametrize("asked", ["renode", "./FVP_Corstone_SSE-300"])
def test_what_is_no_simulator_lists_what_is_allowed(asked: str) -> None:
    with pytest.raises(UserError, match=r"unknown simulator.*fvp, qemu, or .* FVP_Corstone_SSE-300,.* qemu-"):
        simulators.find(CORSTONE300, asked)


@pytest.mark.parametrize("version", ["4.2.1", "5.2.0", "6.1.99"])
def test_a_qemu_that_is_too_old_is_refused_with_what_is_needed(tmp_path: Path, version: str) -> None:
    old = executable(tmp_path / "qemu-system-arm", TELLS_VERSION.format(version))
    with pytest.raises(UserError, match=rf"too old: version {version}, and 6\.2 or later is needed.*docs/avh\.md"):
        simulators.find(CORSTONE300, str(old))


def test_a_qemu_that_does_not_run_or_tells_nothing_is_refused(tmp_path: Path) -> None:
    silent = executable(tmp_path / "qemu-system-arm")
    with pytest.raises(UserError, match="does not tell its version"):
        simulators.find(CORSTONE300, str(silent))
    silent.write_text("#!/no/such/interpreter\n")
    with pytest.raises(UserError, match="qemu-system-arm does not run: No such file"):
        simulators.find(CORSTONE300, str(silent))


def test_the_name_of_an_executable_tells_its_kind(tmp_path: Path) -> None:
    for name, kind in (("VHT_Corstone_SSE-310", "fvp"), ("qemu-system-arm", "qemu")):
        path = executable(tmp_path / name, TELLS_VERSION.format("7.2.22"))
        found = simulators.find(CORSTONE310, str(path))
        assert (found.kind, found.executable) == (kind, path)
    assert found.note is not None and "Cortex-M85 image" in found.note


def test_an_executable_on_path_is_named_without_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = executable(tmp_path / "FVP_Corstone_SSE-300_Ethos-U65")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert simulators.find(CORSTONE300, path.name).executable == path


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("FVP_Corstone_SSE-310", "a model of Corstone-310, not of Corstone-300"),
        ("FVP_MPS2_Cortex-M55", "a model of no board known here, not of Corstone-300"),
        ("FVP_Corstone_SSE-300.sh", "a model of no board known here, not of Corstone-300"),
        ("renode", "no simulator known here"),
    ],
)
def test_an_executable_of_another_name_is_refused(tmp_path: Path, name: str, problem: str) -> None:
    path = executable(tmp_path / name)
    with pytest.raises(UserError, match=f"{problem}. Allowed: fvp, qemu"):
        simulators.find(CORSTONE300, str(path))


def test_a_model_that_may_not_be_run_says_so(tmp_path: Path) -> None:
    executable(tmp_path / "FVP_Corstone_SSE-300").chmod(0o644)
    with pytest.raises(UserError, match=r"chmod \+x"):
        simulators.find(CORSTONE300, str(tmp_path / "FVP_Corstone_SSE-300"))


def test_the_model_is_called_with_honest_memories_and_a_time_limit() -> None:
    model = simulators.Simulator("fvp", Path("FVP_Corstone_SSE-310"), CORSTONE310)
    command = model.command(Path("app.elf"), Path("frames.bin"), 90.0)
    assert command[:3] == ["FVP_Corstone_SSE-310", "-a", "app.elf"]
    assert {
        "cpu0.CFGITCMSZ=6",
        "cpu0.CFGDTCMSZ=6",
        "cpu0.MVE=2",
        "cpu0.semihosting-cmd_line=app.elf frames=frames.bin",
        "mps3_board.uart0.shutdown_tag=EXITTHESIM",
    } <= set(command)
    assert command[command.index("--timelimit") + 1] == "90"


@pytest.mark.parametrize(("seconds", "limit"), [(0.5, "1"), (1.0, "1"), (90.2, "91")])
def test_a_model_s_time_limit_is_rounded_up_for_0_would_be_none(seconds: float, limit: str) -> None:
    command = simulators.Simulator("fvp", Path("FVP"), CORSTONE300).command(Path("app.elf"), None, seconds)
    assert command[command.index("--timelimit") + 1] == limit


def test_corstone320_s_model_has_parameters_of_its_own() -> None:
    model = simulators.Simulator("fvp", Path("FVP_Corstone_SSE-320"), CORSTONE320)
    command = model.command(Path("app.elf"), Path("frames.bin"), 90.0)
    assert {
        "mps4_board.uart0.out_file=-",
        "mps4_board.uart0.shutdown_on_eot=1",
        "mps4_board.visualisation.disable-visualisation=1",
        "mps4_board.telnetterminal5.start_telnet=0",
        "vis_hdlcd.disable_visualisation=1",
        "mps4_board.subsystem.cpu0.semihosting-enable=1",
        "mps4_board.subsystem.cpu0.semihosting-cmd_line=app.elf frames=frames.bin",
    } <= set(command)
    assert not any(word.startswith(("mps3_board", "cpu0.")) or "shutdown_tag" in word for word in command)


@pytest.mark.usefixtures("no_models")
def test_a_board_whose_memories_qemu_lacks_needs_an_fvp(tmp_path: Path) -> None:
    for kind in (None, "qemu", str(executable(tmp_path / "qemu-system-arm"))):
        with pytest.raises(
            UserError, match=r"mps3-an547 has no BRAM at 0x12000000.*Corstone-320.*FVP_Corstone_SSE-320"
        ):
            simulators.find(CORSTONE320, kind)
    with pytest.raises(UserError, match="no FVP of Corstone-320") as raised:
        simulators.find(CORSTONE320, "fvp")
    assert "qemu" not in str(raised.value)
    executable(Path("FVP_11.31/bin/models/FVP_Corstone_SSE-320"))
    assert simulators.find(CORSTONE320).kind == "fvp"
