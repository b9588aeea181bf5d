"""A tar.gz of given files that is the same, byte for byte, whenever and by whomever they are packed."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

DATE = 315532800  # of every file: 1 January 1980


def write_archive(path: Path, folder: str, files: Mapping[str, Path | bytes]) -> None:
    """Write the archive, or nothing. folder: what it unpacks into; files: by their path in that folder, a file on disk
    or a content. Modes, owners, dates and order follow from the names alone."""
    partial = path.with_name(f".{path.name}.partial")
    try:
        with (
            partial.open("wb") as output,
            gzip.GzipFile("", "wb", fileobj=output, mtime=0) as packed,
            tarfile.open(fileobj=packed, mode="w") as tar,
        ):
            for name in sorted(files):
                _add(tar, f"{folder}/{name}", files[name])
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)  # of a run that failed or was interrupted


def _add(tar: tarfile.TarFile, name: str, source: Path | bytes) -> None:
    content = source if isinstance(source, bytes) else source.read_bytes()
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime = len(content), DATE
    entry.mode = 0o755 if name.endswith(".sh") else 0o644
    tar.addfile(entry, io.BytesIO(content))
