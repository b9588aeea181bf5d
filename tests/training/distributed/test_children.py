"""Processes that are waited for: those that are interrupted end what they started themselves."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from paddle_cortexm.training.distributed import children
from paddle_cortexm.training.distributed.children import run_child, wait_for

TIDY = "import signal, sys, time; signal.signal(signal.SIGTERM, lambda *_: sys.exit(open(sys.argv[1], 'w').close()))"
DEAF = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)"
SAY_AND_WAIT = "; print('ready', flush=True); time.sleep(600)"


def started(code: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", code + SAY_AND_WAIT, *map(str, arguments)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    return process


def test_status_and_output_are_returned() -> None:
    assert run_child([sys.executable, "-c", "print('said'); exit(3)"], captured=True) == (3, "said\n")


def test_an_interrupted_process_may_end_in_order(tmp_path: Path) -> None:
    process = started(TIDY, tmp_path / "ended")
    with pytest.raises(subprocess.TimeoutExpired):
        wait_for(process, 0.1)
    assert (tmp_path / "ended").exists()
    assert process.returncode == 0


def test_one_that_does_not_heed_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(children, "GRACE", 0.1)
    process = started(DEAF)
    with pytest.raises(subprocess.TimeoutExpired):
        wait_for(process, 0.1)
    assert process.wait(60) < 0
