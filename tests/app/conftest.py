"""Programs built once a session around tiny models, and a way to run them on QEMU."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.boards import target_named
from paddle_cortexm.firmware.build import build_program
from paddle_cortexm.simulator import frames, simulators
from paddle_cortexm.simulator.process import SimulatorRun
from tests.firmware.installed import of_kind
from tests.tiny_model import write_tiny_model

Builder = Callable[..., Path]
Runner = Callable[..., SimulatorRun]


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Builder:
    """build(target="corstone300", toolchain=None, **write_tiny_model's arguments) -> app.elf, made once."""
    made: dict[str, Path] = {}

    def builder(target: str = "corstone300", toolchain: str | None = None, **model: object) -> Path:
        key = repr((target, toolchain, sorted(model.items())))
        if key not in made:
            folder = tmp_path_factory.mktemp("program")
            board = target_named(target)
            write_tiny_model(folder / "model", **model)  # type: ignore[arg-type]
            made[key] = build_program(folder / "objects", folder / "model", board, of_kind(board, toolchain))
        return made[key]

    return builder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """run(elf, target="corstone300", images=[...] or raw=bytes of a frame file) on QEMU."""
    monkeypatch.chdir(tmp_path)

    def runner(
        elf: Path, target: str = "corstone300", images: list[np.ndarray] | None = None, raw: bytes | None = None
    ) -> SimulatorRun:
        file = None
        if images is not None or raw is not None:
            file = Path("frames.bin")
            file.write_bytes(raw if raw is not None else b"".join(map(frames.encode, images or [])))
        simulator = simulators.find(target_named(target), "qemu")
        return simulator.run(elf, file, 30)

    return runner
