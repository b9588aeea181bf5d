"""Tables inside documents: what stands between two marks is replaced, the rest is left alone."""

from __future__ import annotations

import re
from collections.abc import Mapping


def fill(text: str, blocks: Mapping[str, str]) -> str:
    """Replace what stands between `<!-- NAME -->` and `<!-- end NAME -->`, for each block. Raises ValueError when a
    mark is missing."""
    for name, block in blocks.items():
        parts = re.split(rf"(<!-- (?:end )?{name} -->)", text)
        if len(parts) != 5:
            raise ValueError(f"the marks of '{name}' must stand once each")
        text = "".join([*parts[:2], f"\n{block}\n", *parts[3:]])
    return text
