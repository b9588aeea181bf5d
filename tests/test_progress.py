"""Progress where there is no terminal: few plain lines."""

from __future__ import annotations

import pytest

from paddle_cortexm import progress as module
from paddle_cortexm.progress import Progress, progress
from paddle_cortexm.simulator.run import frame_progress


@pytest.mark.parametrize("total", [1, 3, 4, 7, 100, 1001])
def test_an_iteration_gives_every_item_and_at_most_four_lines(total: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert list(progress(range(total), "photos")) == list(range(total))
    lines = capsys.readouterr().out.splitlines()
    assert 1 <= len(lines) <= 4 and lines[-1] == f"photos: {total}/{total}"


@pytest.mark.parametrize("total", [1, 7, 10, 11, 19, 95, 1000])
def test_many_frames_make_at_most_ten_lines_and_few_make_none(total: int, capsys: pytest.CaptureFixture[str]) -> None:
    shown = frame_progress(total, quiet=False)
    for _ in range(total):
        shown.step()
    shown.close()
    lines = capsys.readouterr().out.splitlines()
    if total <= 10:
        assert lines == []
    else:
        assert 5 <= len(lines) <= 10 and lines[-1] == f"frames: {total}/{total}"


def test_a_long_wait_is_foretold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = iter([0.0, *(30.0 * step for step in range(1, 5))])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    for _ in progress(range(4), "layers"):
        pass
    lines = capsys.readouterr().out.splitlines()
    assert lines == [
        "layers: 1/4, about 90 s left",
        "layers: 2/4, about 60 s left",
        "layers: 3/4, about 30 s left",
        "layers: 4/4",
    ]


def test_steps_of_an_earlier_run_count_but_tell_nothing_of_the_speed(monkeypatch: pytest.MonkeyPatch) -> None:
    seconds = iter([0.0, 5.0])
    monkeypatch.setattr(module.time, "monotonic", lambda: next(seconds))
    shown = Progress(10, "training", lines=0, done=6)
    shown.step()
    assert shown.seconds_left() == 15.0


def test_what_is_not_shown_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    shown = Progress(2, "training", shown=False)
    shown.step()
    shown.step()
    shown.say("epoch 1")
    shown.close()
    assert capsys.readouterr().out == ""
