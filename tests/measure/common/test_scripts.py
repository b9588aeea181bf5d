"""Running the numbered scripts: what a failure says."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.measure.common.scripts import ScriptFailed, run_script


def test_a_script_that_fails_unseen_is_named_with_the_end_of_its_output() -> None:
    with pytest.raises(
        ScriptFailed, match=r"(?s)01_finetune\.py --config nowhere failed \(status 2\)\nerror: .*nowhere"
    ):
        run_script("01_finetune.py", "nowhere", shown=False)


def test_what_was_shown_is_not_repeated(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ScriptFailed, match=r"\(status 2\); it said why above$"):
        run_script("01_finetune.py", "nowhere")
    assert "nowhere" in capfd.readouterr().err


def test_a_failure_that_left_its_report_is_none(tmp_path: Path) -> None:
    report = tmp_path / "run.json"
    with pytest.raises(ScriptFailed):
        run_script("05_run_fvp.sh", "nowhere", shown=False, report=report)
    report.write_text("{}")
    run_script("05_run_fvp.sh", "nowhere", shown=False, report=report)
