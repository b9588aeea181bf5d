"""Which files of this repository a program is made of, and a digest of them: a result is stale when one changed.

A Python file depends on every module of the repository that it imports, wherever in the file (also inside functions),
on the packages those lie in, on the data files beside them, and so on. The imports are read with a regular expression,
not with Python's parser, which takes ten times as long for every start of a script; a test holds the two together.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from paddle_cortexm.paths import REPOSITORY

PACKAGE = "paddle_cortexm"
READ_SIZE = 2**20  # bytes of a file that are hashed at a time
IMPORT = re.compile(
    rf"^[ \t]*(?:from (?P<source>{PACKAGE}[\w.]*) import (?P<names>\([^)]*\)|[^\n]*)|"
    rf"import (?P<module>{PACKAGE}[\w.]*))",
    re.MULTILINE,
)


def code_digest(sources: Iterable[str], entry: str | None = None, repository: Path = REPOSITORY) -> str:
    """sha256 over C files or folders of them and over a Python file with all it imports; '' for nothing.

    sources and entry: paths in the repository.
    """
    listed = [file for path in sources for file in [repository / path, *(repository / path).rglob("*")]]
    files = {file for file in listed if file.is_file()}
    files |= closure(repository / entry, repository) if entry else set()
    kept = sorted(file for file in files if "__pycache__" not in file.parts)
    digests = (f"{file.relative_to(repository)} {sha256(file)}\n" for file in kept)
    return hashlib.sha256("".join(digests).encode()).hexdigest() if kept else ""


def closure(entry: Path, repository: Path = REPOSITORY) -> set[Path]:
    """The file, all modules of the repository that it imports directly or through others, and the data files beside
    these (compiler/kernels/costs.json)."""
    found, waiting, looked_at = {entry}, [entry], set[str]()
    while waiting:
        names = _with_packages(imported_names(waiting.pop().read_text(encoding="utf-8"))) - looked_at
        looked_at |= names
        new = {file for name in names if (file := _file_of(name, repository)) is not None} - found
        found |= new
        waiting += new
    folders = {file.parent for file in found} - {repository}
    data = {path for folder in folders for path in folder.iterdir() if path.is_file() and path.suffix != ".py"}
    return found | data


def imported(file: Path, repository: Path = REPOSITORY) -> set[Path]:
    """The files of the modules that a Python file itself imports from this repository: of `from package import module`
    the module's, not the package's."""
    names = imported_names(file.read_text(encoding="utf-8"))
    found = (_file_of(name, repository) or _file_of(name.rpartition(".")[0], repository) for name in names)
    return {path for path in found if path is not None} - {file}


@lru_cache(maxsize=1024)
def imported_names(text: str) -> frozenset[str]:
    """What a Python source imports of the package: x for `import x`, x.y for `from x import y`, which may be a module
    or something in one."""
    names: set[str] = set()
    for match in IMPORT.finditer(text):
        if match["module"]:
            names.add(match["module"])
            continue
        words = re.sub(r"#[^\n]*|[()]", "", match["names"]).split(",")
        names |= {f"{match['source']}.{word.split()[0]}" for word in words if word.strip()}
    return frozenset(names)


def _with_packages(modules: Iterable[str]) -> set[str]:
    """The modules and the packages they lie in: a, a.b and a.b.c for a.b.c."""
    parts = (module.split(".") for module in modules)
    return {".".join(words[:count]) for words in parts for count in range(1, len(words) + 1)}


def _file_of(module: str, repository: Path) -> Path | None:
    """A module's or a package's file; None for a name that is neither (a function of a module)."""
    path = repository.joinpath(*module.split("."))
    candidates = (path.with_name(f"{path.name}.py"), path / "__init__.py")
    return next((candidate for candidate in candidates if candidate.is_file()), None)


def sha256(path: Path) -> str:
    """The digest of a file's content."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while part := file.read(READ_SIZE):
            digest.update(part)
    return digest.hexdigest()
