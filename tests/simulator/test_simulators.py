"""Finding a simulator, calling it, and never waiting for ever."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300, CORSTONE310, CORSTONE320
from paddle_cortexm.errors import UserError
from paddle_cortexm.simulator import simulators


def executable(path: Path, text: str = "#!/bin/sh\n") -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("name", CORSTONE300.fvp.names)
def test_every_known_name_of_a_model_is_found_and_preferred(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    model = executable(tmp_path / name)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    found = simulators.find(CORSTONE300)
    assert (found.kind, found.executable) == ("fvp", model)
    assert simulators.find(CORSTONE300, "qemu").kind == "qemu"


def test_a_model_in_the_folder_of_virtual_hardware_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    model = executable(tmp_path / "bin" / "VHT_Corstone_SSE-310")
    monkeypatch.setattr(simulators, "VHT_FOLDER", tmp_path)
    assert simulators.find(CORSTONE310).executable == model


def test_without_a_model_corstone310_runs_on_qemu_with_a_note(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators, "_find_model", lambda target: None)
    found = simulators.find(CORSTONE310)
    assert found.kind == "qemu" and found.note is not None
    assert "Cortex-M55" in found.note and "Cortex-M85 image" in found.note
    assert simulators.find(CORSTONE300).note is None


def test_asking_for_a_model_that_is_not_there_says_what_was_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match="FVP_Corstone_SSE-310, FVP_Corstone_SSE-310_Ethos-U65"):
        simulators.find(CORSTONE310, "fvp")
    with pytest.raises(UserError, match="apt install qemu-system-arm"):
        simulators.find(CORSTONE310)


def test_an_unknown_kind_lists_the_known() -> None:
    with pytest.raises(UserError, match=r"unknown simulator 'renode'\. There are: fvp, qemu"):
        simulators.find(CORSTONE300, "renode")


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


def test_corstone320_s_model_has_parameters_of_its_own() -> None:
    model = simulators.Simulator("fvp", Path("FVP_Corstone_SSE-320"), CORSTONE320)
    command = model.command(Path("app.elf"), Path("frames.bin"), 90.0)
    assert {
        "mps4_board.uart0.out_file=-",
        "mps4_board.uart0.shutdown_on_eot=1",
        "mps4_board.visualisation.disable-visualisation=1",
        "vis_hdlcd.disable_visualisation=1",
        "mps4_board.subsystem.cpu0.semihosting-enable=1",
        "mps4_board.subsystem.cpu0.semihosting-cmd_line=app.elf frames=frames.bin",
    } <= set(command)
    assert not any(word.startswith(("mps3_board", "cpu0.")) or "shutdown_tag" in word for word in command)


def test_a_board_whose_memories_qemu_lacks_needs_an_fvp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulators, "_find_model", lambda target: None)
    for kind in (None, "qemu"):
        with pytest.raises(
            UserError, match=r"mps3-an547 has no BRAM at 0x12000000.*Corstone-320.*FVP_Corstone_SSE-320"
        ):
            simulators.find(CORSTONE320, kind)
    with pytest.raises(UserError, match="no FVP of Corstone-320") as raised:
        simulators.find(CORSTONE320, "fvp")
    assert "qemu" not in str(raised.value)
    monkeypatch.setattr(simulators, "_find_model", lambda target: tmp_path / "FVP_Corstone_SSE-320")
    assert simulators.find(CORSTONE320).kind == "fvp"


def test_a_simulator_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    script = executable(tmp_path / "hangs", "#!/bin/sh\nsleep 300 &\necho $!\nwait\n")
    started = time.monotonic()
    done = simulators.run([str(script)], time_limit=0.5)
    assert done.timed_out and time.monotonic() - started < 5
    child = Path(f"/proc/{done.text.strip()}/stat")
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_one_that_lingers_after_the_program_s_end_is_no_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulators, "GRACE", 0.3)
    script = executable(tmp_path / "lingers", "#!/bin/sh\necho EXITTHESIM\nsleep 300\n")
    done = simulators.run([str(script)], time_limit=60)
    assert not done.timed_out and done.text == "EXITTHESIM\n"


def test_lines_are_seen_as_they_come_and_the_status_is_kept(tmp_path: Path) -> None:
    seen: list[str] = []
    script = executable(tmp_path / "talks", "#!/bin/sh\necho one\necho two >&2\nexit 7\n")
    done = simulators.run([str(script)], 10, seen.append)
    assert (done.status, done.timed_out, "".join(seen)) == (7, False, done.text) and done.text == "one\ntwo\n"
