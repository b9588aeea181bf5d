"""What is packed runs on Python 3.9: language, standard library and requirements."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from pathlib import Path

import pytest
import vermin

from paddle_cortexm.cli import OLDEST_PYTHON
from paddle_cortexm.dependencies import closure
from paddle_cortexm.pack.contents import ENTRIES
from paddle_cortexm.paths import REPOSITORY

MODULES = sorted({file for entry in ENTRIES for file in closure(REPOSITORY / entry) if file.suffix == ".py"})
REQUIREMENT = re.compile(r"^([\w-]+)==([\w.]+)(?:; python_version (\S+) \"(\d+)\.(\d+)\")?$", re.MULTILINE)
PYTHONS = [(3, minor) for minor in range(9, 15)]
# What is imported, and the distributions it comes in, where they are called otherwise.
DISTRIBUTIONS = {"PIL": "pillow", "elftools": "pyelftools", "yaml": "PyYAML"}


def named(file: Path) -> str:
    return str(file.relative_to(REPOSITORY))


def needed_python(source: str) -> tuple[int, int]:
    """The oldest Python 3 that has the syntax and the library that a source uses."""
    return vermin.detect(source)[1] or (3, 0)


def test_syntax_and_library_are_those_of_the_oldest_python() -> None:
    needed = {named(file): needed_python(file.read_text(encoding="utf-8")) for file in MODULES}
    assert {name: python for name, python in needed.items() if python > OLDEST_PYTHON} == {}


@pytest.mark.parametrize(
    ("source", "python"),
    [
        ("zip(a, b, strict=True)", (3, 10)),
        ("import hashlib\nhashlib.file_digest(file, 'md5')", (3, 11)),
        ("from typing import Self", (3, 11)),
        ("match a:\n    case 1: pass", (3, 10)),
    ],
)
def test_what_is_new_in_a_python_is_known(source: str, python: tuple[int, int]) -> None:
    assert needed_python(source) == python


class Unions(ast.NodeVisitor):
    """The lines of `A | B` of types outside annotations, which are never evaluated here but by pydantic."""

    def __init__(self) -> None:
        self.lines: list[int] = []

    def visit_BinOp(self, node: ast.BinOp) -> None:
        if isinstance(node.op, ast.BitOr) and (is_type(node.left) or is_type(node.right)):
            self.lines.append(node.lineno)
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        for part in (*node.decorator_list, *node.args.defaults, *node.args.kw_defaults, *node.body):
            if part:
                self.visit(part)


def is_type(node: ast.expr) -> bool:
    """Whether this looks like a type: None, one of Python's own, a name in CamelCase, or one with [] behind it."""
    if isinstance(node, ast.Subscript):
        return is_type(node.value)
    if isinstance(node, ast.Name):
        return isinstance(getattr(builtins, node.id, None), type) or bool(re.match(r"[A-Z]\w*[a-z]", node.id))
    return isinstance(node, ast.Constant) and node.value is None


def unions(source: str) -> list[int]:
    visitor = Unions()
    visitor.visit(ast.parse(source))
    return visitor.lines


def test_no_union_of_types_is_evaluated() -> None:
    found = [f"{named(file)}:{line}" for file in MODULES for line in unions(file.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("X = int | None", [1]),
        ("X = Literal['a'] | tuple[int, ...]", [1]),
        ("def f(a):\n    return isinstance(a, list | Path)", [2]),
        ("x: int | None = None\ndef f(a: int | str) -> Path | None: pass", []),
        ("SIZES = FIRST | {1: 2} | other[3]", []),
    ],
)
def test_a_union_of_types_is_told_from_one_of_values_and_from_an_annotation(source: str, lines: list[int]) -> None:
    assert unions(source) == lines


def requirements(file: str, python: tuple[int, int]) -> dict[str, str]:
    """The pinned versions for a Python, by package."""
    holds = {">=": tuple.__ge__, "==": tuple.__eq__, "<": tuple.__lt__}
    found: dict[str, str] = {}
    for name, version, operator, major, minor in REQUIREMENT.findall((REPOSITORY / file).read_text(encoding="utf-8")):
        if not operator or holds[operator](python, (int(major), int(minor))):
            assert name not in found, f"{name} is pinned twice for Python {python}"
            found[name] = version
    return found


def test_every_line_of_the_requirements_is_understood() -> None:
    lines = (REPOSITORY / "requirements-run.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line and not line.startswith("#") and not REQUIREMENT.fullmatch(line)] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_every_python_gets_every_package(python: tuple[int, int]) -> None:
    backport = {"eval_type_backport"} if python < (3, 10) else set()
    assert set(requirements("requirements-run.txt", python)) - backport == set(
        requirements("requirements-run.txt", (3, 12))
    )


@pytest.mark.parametrize("python", [python for python in PYTHONS if python >= (3, 11)])
def test_the_versions_are_those_of_the_whole_line(python: tuple[int, int]) -> None:
    assert requirements("requirements-run.txt", python).items() <= requirements("requirements.txt", python).items()


def test_what_is_imported_is_required() -> None:
    imported = {
        name.split(".")[0]
        for file in MODULES
        for node in ast.parse(file.read_text(encoding="utf-8")).body
        for name in ([a.name for a in node.names] if isinstance(node, ast.Import) else [getattr(node, "module", "")])
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    packages = {name for name in imported if name not in sys.stdlib_module_names | {"paddle_cortexm"}}
    assert {DISTRIBUTIONS.get(name, name) for name in packages} <= set(requirements("requirements-run.txt", (3, 9)))
