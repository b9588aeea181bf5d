"""Fixtures that run kernels: on QEMU's Cortex-M55 with Helium, and as portable C on the host.

    results = run_on_helium([Case(kernel, inputs, output_shape), ...])     # one boot for all of them

A Case holds a Kernel as a backend makes it. Inputs, output and scratch end where memory ends (or at the sanitiser's red
zone on the host), so reading or writing beyond them fails the test. A result has `.output` and, on the target,
`.instructions`, the exact count between call and return.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import pytest

from paddle_cortexm.host.vectors import vector_flags
from tests.compiler.backends.helium.rig import runners
from tests.compiler.backends.helium.rig.cases import Case
from tests.compiler.backends.helium.rig.runners import Result, assert_same_bits

RunOnHelium = Callable[..., list[Result]]
RunOnHost = Callable[..., list[Result]]


@pytest.fixture
def run_on_helium(tmp_path: Path) -> RunOnHelium:
    """run_on_helium(cases, compiler="clang" or "gcc") -> results; skips where a tool is missing."""
    numbers = count()

    def runner(cases: Sequence[Case], compiler: str = "clang") -> list[Result]:
        missing = runners.missing_tools(compiler)
        if missing:
            pytest.skip(f"not installed: {', '.join(missing)}")
        folder = tmp_path / f"helium{next(numbers)}"
        folder.mkdir()
        return runners.run_on_helium(folder, cases, compiler)

    return runner


@pytest.fixture
def run_on_host(tmp_path: Path) -> RunOnHost:
    """run_on_host(cases) -> results of the portable C. This machine's vector code must give the same bits."""
    numbers = count()

    def build(cases: Sequence[Case], flags: Sequence[str]) -> list[Result]:
        folder = tmp_path / f"host{next(numbers)}"
        folder.mkdir()
        return runners.run_on_host(folder, cases, flags)

    def runner(cases: Sequence[Case]) -> list[Result]:
        portable = build(cases, ())
        if flags := vector_flags():
            assert_same_bits(cases, portable, build(cases, flags))
        return portable

    return runner
