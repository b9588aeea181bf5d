"""What kernels work with is in the arena, where the memory figures count it: their stack stays small."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from paddle_cortexm.paths import REPOSITORY
from tests.compiler.backends.helium.rig import runners

LARGEST_FRAME = 640  # bytes of one function: saved and spilled vector registers, no buffers
SOURCES = sorted((REPOSITORY / "app/runtime/helium").glob("*.c"))


def test_no_kernel_has_a_large_stack_frame(tmp_path: Path) -> None:
    missing = runners.missing_tools()
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    command = runners.target_command("clang")
    command += ["-fstack-usage", "-c", *map(str, SOURCES)]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=runners.TIME_LIMIT)
    usage = [line.split("\t") for path in sorted(tmp_path.glob("*.su")) for line in path.read_text().splitlines()]
    frames = {function: (int(size), kind) for function, size, kind in usage}
    assert len(frames) > len(SOURCES)
    assert {f: frame for f, frame in frames.items() if frame[0] > LARGEST_FRAME or frame[1] != "static"} == {}
