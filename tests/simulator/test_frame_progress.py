"""Progress of many frames, where there is no terminal."""

from __future__ import annotations

import pytest

from paddle_cortexm.simulator.frame_progress import FrameProgress


@pytest.mark.parametrize("total", [1, 7, 10, 11, 19, 95, 1000])
def test_many_frames_make_at_most_ten_lines_and_few_make_none(total: int, capsys: pytest.CaptureFixture[str]) -> None:
    progress = FrameProgress(total, quiet=False)
    for number in range(total):
        progress.see(f"frame {number}: 30x24 class 7\n")
    progress.close()
    lines = capsys.readouterr().out.splitlines()
    if total <= 10:
        assert lines == []
    else:
        assert 5 <= len(lines) <= 10 and lines[-1].startswith(f"{total}/{total} frames")
