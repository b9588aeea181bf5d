"""Running a simulator, and never waiting for ever."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from paddle_cortexm.simulator import process
from tests.simulator.stand_ins import executable


def test_a_simulator_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    script = executable(tmp_path / "hangs", "#!/bin/sh\nsleep 300 &\necho $!\nwait\n")
    started = time.monotonic()
    done = process.run([str(script)], time_limit=0.5)
    assert done.timed_out and time.monotonic() - started < 5
    child = Path(f"/proc/{done.text.strip()}/stat")
    assert not child.exists() or child.read_text().split()[2] == "Z"


def test_one_that_lingers_after_the_program_s_end_is_no_timeout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "GRACE", 0.3)
    script = executable(tmp_path / "lingers", "#!/bin/sh\necho EXITTHESIM\nsleep 300\n")
    done = process.run([str(script)], time_limit=60)
    assert not done.timed_out and done.text == "EXITTHESIM\n"


def test_lines_are_seen_as_they_come_and_the_status_is_kept(tmp_path: Path) -> None:
    seen: list[str] = []
    script = executable(tmp_path / "talks", "#!/bin/sh\necho one\necho two >&2\nexit 7\n")
    done = process.run([str(script)], 10, seen.append)
    assert (done.status, done.timed_out, "".join(seen)) == (7, False, done.text) and done.text == "one\ntwo\n"


def test_a_program_for_another_kind_of_processor_is_no_traceback(tmp_path: Path) -> None:
    foreign = executable(tmp_path / "foreign", "\x7fELF, but of no processor")
    done = process.run([str(foreign)], 10)
    assert (done.text, done.status) == (f"{foreign}: Exec format error\n", process.CANNOT_RUN)


def test_the_environment_is_the_one_that_is_given(tmp_path: Path) -> None:
    script = executable(tmp_path / "env", "#!/bin/sh\necho ${ONE:-none} ${HOME:-none}\n")
    assert process.run([str(script)], 10, environment={"ONE": "1"}).text == "1 none\n"
