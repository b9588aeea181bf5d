"""How many cores there are to work with."""

from __future__ import annotations

import os


def cores() -> int:
    """Those that this process may use: in a container often fewer than the machine has."""
    return len(os.sched_getaffinity(0))
