"""How int8 is made where only speed and size count: quickly, and all int8, as other libraries' kernels are.

What int16 is chosen for says nothing with random weights.
"""

from __future__ import annotations

from typing import Any

PLAIN_INT8: dict[str, Any] = {
    "algorithm": "abs_max",
    "range_search": False,
    "int16": False,
    "rounding": "nearest",
}  # keys of a config's section quantise
