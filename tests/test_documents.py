"""What the documents say of the repository is so: files, modules and make targets that they name, the tour's numbers,
and the lists of CONTRIBUTING.md as far as a test can hold them."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from paddle_cortexm.compiler import operators
from paddle_cortexm.compiler.frontend.imports.activations import IMPORTS
from paddle_cortexm.compiler.operators.parts.activation_kinds import ACTIVATION_KINDS
from paddle_cortexm.compiler.operators.patterns import PATTERNS
from paddle_cortexm.firmware.board_files import write_board_files
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.target import KIB, MIB, Counter, FixedVirtualPlatform, Qemu, Region, Target, Uart

READMES = ("README.md", "README.zh-CN.md")
TOUR = "docs/architecture.md"
DOCUMENTS = (*READMES, "CONTRIBUTING.md", *sorted(f"docs/{path.name}" for path in (REPOSITORY / "docs").glob("*.md")))
each_document = pytest.mark.parametrize("name", DOCUMENTS)

FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
PATH = re.compile(r"\.?[\w*-]+(?:[/.][\w*-]+)*/?")  # letters, digits, - and _, with slashes and dots between
ENDINGS = r"\.(?:c|cmake|elf|h|json|ld|map|md|npz|pdiparams|pdmodel|pdparams|png|py|sh|toml|txt|yaml)$"
PLACEHOLDER = re.compile(r"(?<![A-Za-z])(?:KIND|NAME|NN)(?![A-Za-z])")  # stands for any name
ROOTS = (REPOSITORY, REPOSITORY / "paddle_cortexm")  # where a path in a document starts
# What is a user's, or made when something runs.
ELSEWHERE = ("build/", "configs/parts.yaml")
BY_A_STAGE = re.compile(r"0\d_\w+/$")  # a stage's folder below build/NAME/


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def prose(name: str) -> str:
    return FENCE.sub("", text_of(name))


@cache
def code() -> str:
    """All Python and C of the project, without its tests."""
    folders = (REPOSITORY / "paddle_cortexm", REPOSITORY / "app")
    files = [*REPOSITORY.glob("*.py"), *(file for folder in folders for file in folder.rglob("*.[pch]*"))]
    return "\n".join(file.read_text(encoding="utf-8") for file in files if file.suffix in (".py", ".c", ".h"))


def named_paths(name: str) -> Iterator[str]:
    """What looks like a file or a folder in a document: words in backticks, and the first column of `What is where`."""
    words = re.findall(r"`([^`\n]+)`", prose(name))
    if name in READMES:
        words += re.findall(r"^(\S+(?: \.\.\. \S+)?)  +\S", _tree(name), re.MULTILINE)
    for word in words:
        for part in word.removeprefix("./").split(" ... "):
            if PATH.fullmatch(part) and ("/" in part or re.search(ENDINGS, part)):
                yield part


def _tree(name: str) -> str:
    """The block that says what is where."""
    return next(block for block in FENCE.findall(text_of(name)) if "CHANGELOG.md  " in block)


def exists(path: str) -> bool:
    """A path of the repository; a file's bare name, if there is one of that name or a stage makes one."""
    pattern = PLACEHOLDER.sub("*", path).rstrip("/")
    if any(next(root.glob(pattern), None) for root in ROOTS):
        return True
    return "/" not in path and (any((REPOSITORY / "app").rglob(pattern)) or path in code())


@each_document
def test_every_file_that_is_named_exists(name: str) -> None:
    named = {p for p in named_paths(name) if not p.startswith(ELSEWHERE) and not BY_A_STAGE.match(p)}
    assert sorted(path for path in named if not exists(path)) == []


def test_files_are_found_in_the_documents() -> None:
    named = set(named_paths("README.md"))
    assert {"app/runtime/", "01_finetune.py", "05_run_fvp.sh", "model.json"} <= named
    assert not exists("app/runtime/missing.c") and not exists("plan.json") and not exists("quantize/")


@each_document
def test_every_file_that_is_linked_exists(name: str) -> None:
    folder = (REPOSITORY / name).parent
    links = re.findall(r"\]\((?!https?://)([^)#]+)\)", text_of(name))
    assert [link for link in links if not (folder / link).exists()] == []


@each_document
def test_every_module_that_is_named_exists(name: str) -> None:
    modules = set(re.findall(r"\bpaddle_cortexm(?:\.\w+)+", text_of(name)))
    paths = {module: REPOSITORY.joinpath(*module.split(".")) for module in modules}
    assert [m for m, path in paths.items() if not (path.is_dir() or path.with_suffix(".py").is_file())] == []


@each_document
def test_every_make_target_that_is_named_exists(name: str) -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text_of(name), re.MULTILINE))
    assert named <= targets


def test_the_tour_s_steps_are_numbered_without_gaps() -> None:
    numbers = [int(number) for number in re.findall(r"^## (\d+)\. ", text_of(TOUR), re.MULTILINE)]
    assert len(numbers) > 10 and numbers == list(range(1, len(numbers) + 1))


def test_every_step_of_the_tour_names_a_file_to_open() -> None:
    _, *steps = re.split(r"^## \d+\. ", text_of(TOUR), flags=re.MULTILINE)
    assert [step.splitlines()[0] for step in steps if not re.search(r"`(?:paddle_cortexm|app)/[\w/.]+`", step)] == []


def test_both_readmes_link_to_the_documents() -> None:
    for name in READMES:
        for document in ("CONTRIBUTING.md", "CHANGELOG.md", *(d for d in DOCUMENTS if d.startswith("docs/"))):
            assert f"]({document})" in text_of(name), document


# --- CONTRIBUTING.md: what to touch -----------------------------------------------------------------------------------


def test_an_activation_is_known_in_three_files_only() -> None:
    mathematics = {"abs", "exp", "log", "pow", "sqrt", "square", "tanh"}  # which TVM and C call the same
    quoted = re.compile("|".join(f'"{row.name}"' for row in ACTIVATION_KINDS if row.name not in mathematics))
    files = {
        str(path.relative_to(REPOSITORY / "paddle_cortexm/compiler"))
        for path in (REPOSITORY / "paddle_cortexm").rglob("*.py")
        if quoted.search(path.read_text(encoding="utf-8"))
    }
    assert files == {
        "operators/parts/activation_kinds.py",
        "frontend/imports/activations.py",
        "frontend/exported/pir_names.py",
    }
    assert {row.name for row in ACTIVATION_KINDS} - set(IMPORTS) == {"gelu_tanh"}  # gelu with an attribute


def test_every_operator_s_patterns_are_listed() -> None:
    found = pkgutil.walk_packages(operators.__path__, f"{operators.__name__}.")
    modules = [importlib.import_module(info.name) for info in found if not info.name.endswith(".patterns")]
    held = [pattern for module in modules for pattern in getattr(module, "PATTERNS", ())]
    assert held and {id(pattern) for pattern in held} == {id(pattern) for pattern in PATTERNS}


def test_a_board_is_one_target(tmp_path: Path) -> None:
    board = Target(
        name="toy",
        title="Toy",
        cpu="cortex-m55",
        regions=(
            Region("FLASH", 0x08000000, 2 * MIB, 4, "code and weights", read_only=True),
            Region("RAM", 0x20000000, 512 * KIB, 1, "everything else"),
        ),
        code="FLASH",
        vectors="FLASH",
        data="RAM",
        demo_frame="FLASH",
        frames=None,
        uart=Uart("cmsdk", 0x40004000),
        counter=Counter("sse", "counter of the toy", control=0x40000000, read=0x40001000),
        fvp=FixedVirtualPlatform(names=("FVP_Toy",), board="board", cpu="cpu0", terminals=()),
        qemu=Qemu("toy"),
    )
    regions = board.assign_regions(arena=100_000, weights=1_000_000, hot=1000)
    write_board_files(tmp_path, board, regions, arena_bytes=100_000)
    script, header = ((tmp_path / name).read_text() for name in ("memory.ld", "board.h"))
    assert regions == {"arena": "RAM", "weights": "FLASH", "hot": "RAM"}
    assert 'REGION_ALIAS("REGION_WEIGHTS", FLASH)' in script and "FRAME_BYTES = 0;" in script
    assert '#define BOARD_NAME "Toy"' in header and "#define BOARD_UART 0x40004000u" in header
