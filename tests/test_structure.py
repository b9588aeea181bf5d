"""How the repository is built: no circle among files or packages, arrows only downwards, no folder too full."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from paddle_cortexm.dependencies import imported
from paddle_cortexm.paths import REPOSITORY

ROOT = REPOSITORY / "paddle_cortexm"
MOST_FILES = 15  # Python files in a folder, the package's own included
MODULES_STAND_ALONE = (ROOT, ROOT / "compiler")  # their modules are packages of one file each
# From top to bottom: what stands higher may import what stands lower, never the other way round. A file belongs to the
# longest name that leads to it.
ORDER = (
    "convert",
    "pack",
    "measure",
    "measure.accuracy",
    "measure.bench",
    "measure.profile",
    "measure.zoo",
    "measure.common",
    "report",
    "preflight",
    "quantisation",
    "quantisation.weights",
    "quantisation.ranges",
    "quantisation.networks",
    "training",
    "training.recipe",
    "training.distributed",
    "networks",
    "networks.own",
    "compiler.pipeline",
    "compiler.backends",
    "compiler.backends.helium",
    "compiler.backends.helium.floats",
    "compiler.backends.helium.tokens",
    "compiler.backends.helium.parts",
    "compiler.emit",
    "compiler.arena",
    "compiler.kernels",
    "compiler.integers",
    "compiler.reference",
    "compiler.frontend",
    "compiler.frontend.movement",
    "compiler.frontend.imports",
    "compiler.frontend.exported",
    "compiler.frontend.paddle",
    "compiler.layer_names",
    "compiler.graph",
    "compiler.operators",
    "compiler.operators.weights",
    "compiler.operators.elementwise",
    "compiler.operators.pools",
    "compiler.operators.resize",
    "compiler.operators.movement",
    "compiler.operators.tokens",
    "compiler.operators.parts",
    "compiler.c_text",
    "compiler.tensor",
    "simulator",
    "firmware",
    "accuracy_gate",
    "host",
    "stage",
    "answers",
    "data",
    "data.files",
    "data.text",
    "progress",
    "artefacts",
    "config",
    "settings",
    "boards",
    "target",
    "tables",
    "text_files",
    "cli",
    "cores",
    "dependencies",
    "errors",
    "paths",
)


def files() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def part_of(file: Path) -> str:
    """The package or module of ORDER that a file belongs to; its own name when it belongs to none."""
    words = file.relative_to(ROOT).with_suffix("").parts
    names = (".".join(words[:count]) for count in range(len(words), 0, -1))
    return next((name for name in names if name in ORDER), ".".join(words))


def package_of(file: Path) -> Path:
    """The folder of a file: every folder is a package of its own, apart from those below it."""
    return file if file.parent in MODULES_STAND_ALONE else file.parent


def arrows() -> dict[Path, set[Path]]:
    """What each file imports, also inside functions. A package's empty __init__.py is nothing to import."""
    return {file: {other for other in imported(file) if other.stat().st_size} for file in files()}


def circle(arrows: Mapping[Path, Iterable[Path]]) -> list[Path]:
    """A circle among the nodes, or nothing."""
    done: set[Path] = set()

    def visit(node: Path, way: list[Path]) -> list[Path]:
        if node in way:
            return [*way[way.index(node) :], node]
        if node not in done:
            for other in sorted(arrows.get(node, ())):
                if found := visit(other, [*way, node]):
                    return found
            done.add(node)
        return []

    return next((found for node in sorted(arrows) if (found := visit(node, []))), [])


def test_no_file_imports_itself_through_others() -> None:
    assert [str(file.relative_to(ROOT)) for file in circle(arrows())] == []


def test_no_folder_imports_itself_through_others() -> None:
    between: dict[Path, set[Path]] = {}
    for file, others in arrows().items():
        between.setdefault(package_of(file), set()).update({package_of(other) for other in others} - {package_of(file)})
    assert [str(package.relative_to(ROOT)) for package in circle(between)] == []


def test_every_package_and_module_has_a_place_in_the_order() -> None:
    assert {part_of(file) for file in files() if file.stat().st_size} == set(ORDER)


def test_arrows_go_downwards_only() -> None:
    upwards = [
        f"{file.relative_to(ROOT)} -> {other.relative_to(ROOT)}"
        for file, others in arrows().items()
        for other in others
        if part_of(file) != part_of(other) and ORDER.index(part_of(file)) > ORDER.index(part_of(other))
    ]
    assert upwards == []


def test_no_folder_has_more_than_fifteen_files() -> None:
    folders = {file.parent for folder in (ROOT, REPOSITORY / "tests") for file in folder.rglob("*.py")}
    assert [str(f.relative_to(REPOSITORY)) for f in folders if len(list(f.glob("*.py"))) > MOST_FILES] == []


def test_a_circle_is_found() -> None:
    a, b, c, d = (Path(name) for name in "abcd")
    assert circle({a: {b}, b: {c}, c: {b, d}}) == [b, c, b]
    assert circle({a: {b, c}, b: {d}, c: {d}}) == []
