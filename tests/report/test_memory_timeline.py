"""memory.png."""

from __future__ import annotations

from pathlib import Path

from paddle_cortexm.report.memory_timeline import save_memory_timeline
from tests.report.memories import memory_of


def test_the_timeline_is_the_same_file_each_time(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        save_memory_timeline(tmp_path / name, "a network", memory_of("minimum"), "DTCM")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes() != b""
