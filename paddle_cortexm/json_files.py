"""JSON that people read as well: indented, keys in the given order."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def write_json(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """Write JSON for reading: indented, keys in the given order, newline at the end."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a file. Raises ValueError when it is not JSON."""
    return json.loads(path.read_text(encoding="utf-8"))
