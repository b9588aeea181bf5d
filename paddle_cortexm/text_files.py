"""Text files: what a user wrote, in UTF-8; and JSON that people read as well: indented, keys in the given order."""

from __future__ import annotations

import io
import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paddle_cortexm.errors import UserError


def read_text(path: Path) -> str:
    """The text of a file, without the byte order mark that some editors begin it with. Raises UserError for one that is
    not UTF-8, with the line and the offset of the first wrong byte."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UserError(
            f"{path}:{line}: not UTF-8: byte 0x{content[error.start]:02x} at offset {error.start}. Only UTF-8 is read, "
            f"with or without a byte order mark. Convert it from the encoding that it has (LATIN1, GBK, UTF-16, ...), "
            f"as in: iconv -f GBK -t UTF-8 {shlex.quote(str(path))} > converted.txt"
        ) from None


def read_lines(path: Path) -> list[str]:
    """The lines of a text file without their ends (\\n, \\r\\n or \\r). Raises UserError as read_text."""
    return [line.removesuffix("\n") for line in io.StringIO(read_text(path), newline=None)]


def write_json(path: Path, value: Mapping[str, Any] | list[Any]) -> None:
    """Write JSON for reading: indented, keys in the given order, newline at the end."""
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """The value in a file. Raises ValueError when it is not JSON."""
    return json.loads(path.read_text(encoding="utf-8"))
