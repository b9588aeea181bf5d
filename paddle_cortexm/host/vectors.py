"""The vector unit of this machine's CPU, as flags for the host's C compiler.

app/host/vector is written for x86-64 with AVX2 and for AArch64. Elsewhere there are no flags, and the host build is
portable C.
"""

from __future__ import annotations

import platform
from collections.abc import Collection
from pathlib import Path

USE_VECTORS = "-DHELIUM_HOST_VECTORS=1"  # app/runtime/helium/helium.h
X86_FLAGS = {"avx2": "-mavx2", "fma": "-mfma", "f16c": "-mf16c"}  # what Linux calls a feature, and the compiler
CPU_INFO = Path("/proc/cpuinfo")


def vector_flags(machine: str | None = None, features: Collection[str] | None = None) -> tuple[str, ...]:
    """What the compiler needs to use the vector unit; () without one. None: of this machine.

    machine: as platform.machine() says; features: of the CPU, as Linux calls them.
    """
    machine = platform.machine() if machine is None else machine
    features = cpu_features() if features is None else features
    if machine == "x86_64" and X86_FLAGS.keys() <= set(features):
        return USE_VECTORS, *X86_FLAGS.values()
    if machine == "aarch64":
        return (USE_VECTORS, "-march=armv8.2-a+dotprod") if "asimddp" in features else (USE_VECTORS,)
    return ()


def cpu_features() -> frozenset[str]:
    """Of the first core, as Linux calls them; none where that cannot be read."""
    try:
        lines = CPU_INFO.read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    for name, _, words in (line.partition(":") for line in lines):
        if name.strip() in ("flags", "Features"):  # on x86-64, on AArch64
            return frozenset(words.split())
    return frozenset()
