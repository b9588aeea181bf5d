"""Which files an exported Paddle program is made of."""

from __future__ import annotations

from pathlib import Path

LEGACY, PIR, WEIGHTS = ".pdmodel", ".json", ".pdiparams"


def program_files(path: Path) -> list[Path]:
    """Those that are there, for their common stem or any of them: the operators, in the format that is named or else
    the legacy one first, then the weights."""
    suffixes = (LEGACY, PIR, WEIGHTS)
    stem = path.with_suffix("") if path.suffix in suffixes else path
    files = [stem.with_name(stem.name + suffix) for suffix in suffixes]
    return sorted((file for file in files if file.is_file()), key=lambda file: (file.suffix == WEIGHTS, file != path))
