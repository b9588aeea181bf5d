"""What a script is made of: every module that it imports, directly, through others or inside a function."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from paddle_cortexm.dependencies import closure, code_digest, imported_names
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.stage import STAGES

FILES = {
    "script.py": "from paddle_cortexm.first import work\n",
    "paddle_cortexm/__init__.py": "",
    "paddle_cortexm/first.py": "def work():\n    from paddle_cortexm.part import (  # later\n        inner,\n    )\n",
    "paddle_cortexm/part/__init__.py": '"""A package."""\n',
    "paddle_cortexm/part/inner.py": "import paddle_cortexm.last as last\n",
    "paddle_cortexm/part/costs.json": "[1]",
    "paddle_cortexm/last.py": "LAST = 1\n",
    "paddle_cortexm/other.py": "import paddle_cortexm.first\n",
    "kernels/add.c": "int a;",
}
REACHED = [name for name in FILES if name not in ("paddle_cortexm/other.py", "kernels/add.c")]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def digest(repository: Path) -> str:
    return code_digest(["kernels"], "script.py", repository)


def test_the_closure_has_modules_their_packages_and_the_data_beside_them(repository: Path) -> None:
    found = {str(path.relative_to(repository)) for path in closure(repository / "script.py", repository)}
    assert found == set(REACHED)


@pytest.mark.parametrize("name", [*REACHED, "kernels/add.c"])
def test_a_change_of_anything_that_is_reached_changes_the_digest(repository: Path, name: str) -> None:
    before = digest(repository)
    (repository / name).write_text(FILES[name] + "\n")
    assert digest(repository) != before


def test_what_is_not_reached_and_what_python_caches_change_nothing(repository: Path) -> None:
    before = digest(repository)
    (repository / "paddle_cortexm/other.py").write_text("")
    (repository / "kernels/__pycache__").mkdir()
    (repository / "kernels/__pycache__/x.pyc").write_bytes(b"cache")
    assert digest(repository) == before


def test_no_code_has_no_digest(repository: Path) -> None:
    assert code_digest([], None, repository) == ""


def python_files() -> list[Path]:
    return [*REPOSITORY.glob("0*.py"), *sorted((REPOSITORY / "paddle_cortexm").rglob("*.py"))]


def parsed_names(text: str) -> set[str]:
    """What Python's own parser says that a source imports of the package."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports are not followed"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
    return {name for name in names if name.split(".")[0] == "paddle_cortexm"}


def test_the_imports_of_every_file_are_read_as_python_does() -> None:
    for path in python_files():
        text = path.read_text(encoding="utf-8")
        assert imported_names(text) == parsed_names(text), path


def test_modules_are_imported_by_name_and_not_by_strings() -> None:
    for path in python_files():
        assert "import_module" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize(
    ("name", "reached", "not_reached"),
    [
        ("02_quantize", ("quantisation/qat.py", "compiler/frontend/paddle/program.py"), ("compiler/emit/model.py",)),
        ("03_compile_tvm", ("compiler/backends/helium/stem.py", "compiler/kernels/costs.json"), ("training/loop.py",)),
        ("04_build_app", ("firmware/elf.py", "target.py"), ("compiler/graph.py", "report/deployed.py")),
    ],
)
def test_stages_depend_on_what_they_run(name: str, reached: tuple[str, ...], not_reached: tuple[str, ...]) -> None:
    entry = STAGES[name].entry
    assert entry
    found = {str(path.relative_to(REPOSITORY)) for path in closure(REPOSITORY / entry)}
    assert {f"paddle_cortexm/{path}" for path in reached} <= found
    assert not {f"paddle_cortexm/{path}" for path in not_reached} & found
