"""Rerunning a single stage after any change: what each of the five says, as a table."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from paddle_cortexm import stage
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.stage import STAGES, run_stage, stage_folder

NAMES = dict(zip(("01", "02", "03", "04", "05"), STAGES, strict=True))
ALWAYS_RUNS = "05"


@dataclass
class Project:
    """A config, files that it names, sources and a build folder, in the current folder. sections: of the config;
    sources: the digest of each stage's, by its entry."""

    sections: dict[str, dict[str, object]]
    sources: dict[str | None, str] = field(default_factory=dict)

    @property
    def config(self) -> Config:
        return Config.model_validate({"name": "small", **self.sections})

    def folder(self, number: str) -> Path:
        return stage_folder(self.config, NAMES[number])

    def run(self, number: str, text: str = "", *, force: bool = False) -> str:
        """What becomes of a stage: 'ok' (up to date), 'do' (made again), or the number of the stage to run first."""
        content = text or f"{number} of {self.sections} {self.sources}"
        try:
            _, made = run_stage(self.config, NAMES[number], writes(content), force=force or number == ALWAYS_RUNS)
        except UserError as error:
            named = re.findall(r"Run \./(\d\d)", str(error))
            assert len(named) == 1, error
            return str(named[0])
        return "do" if made else "ok"


Change = Callable[[Project], object]


def writes(text: str) -> Callable[[Path], None]:
    return lambda folder: (folder / "result.txt").write_text(text) and None


def sets(section: str, key: str, value: object) -> Change:
    return lambda project: project.sections.setdefault(section, {}).update({key: value})


def source(number: str) -> Change:
    return lambda project: project.sources.update({STAGES[NAMES[number]].entry: "other"})


def edits(path: str) -> Change:
    return lambda project: Path(path).write_text("other content")


def edits_result(number: str) -> Change:
    return lambda project: (project.folder(number) / "result.txt").write_text("edited")


def deletes(*numbers: str) -> Change:
    return lambda project: [shutil.rmtree(project.folder(number)) for number in numbers]


def damages_manifest(number: str) -> Change:
    return lambda project: (project.folder(number) / "manifest.json").write_text("{")


def redoes(number: str) -> Change:
    return lambda project: project.run(number, "other bytes", force=True)


EPOCHS, ALGORITHM = sets("train", "epochs", 9), sets("quantise", "algorithm", "KL")
TARGET, GATE = sets("compile", "target", "corstone310"), sets("quantise", "max_accuracy_drop", 0.01)
WEIGHTS, PHOTOS = edits("weights.pdparams"), edits("photos/1.png")

# What changes, and what stages 1 to 5 say then, each run as the only one.
TABLE: list[tuple[str, Sequence[Change], str]] = [
    ("nothing", [], "ok ok ok ok do"),
    ("training's config", [EPOCHS], "do 01 01 01 01"),
    ("quantisation's config", [ALGORITHM], "ok do 02 02 02"),
    ("the target", [TARGET], "ok ok do 03 03"),
    ("configs of three stages", [TARGET, ALGORITHM, EPOCHS], "do 01 01 01 01"),
    ("configs of two stages", [TARGET, ALGORITHM], "ok do 02 02 02"),
    ("the accuracy gate", [GATE], "ok ok ok ok do"),
    ("sources of 2", [source("02")], "ok do 02 02 02"),
    ("sources of 3", [source("03")], "ok ok do 03 03"),
    ("sources of 4", [source("04")], "ok ok ok do 04"),
    ("sources of 2 and 4", [source("04"), source("02")], "ok do 02 02 02"),
    ("sources of 3, training's config", [source("03"), EPOCHS], "do 01 01 01 01"),
    ("the weights file", [WEIGHTS], "do 01 01 01 01"),
    ("a calibration photo", [PHOTOS], "ok do 02 02 02"),
    ("a result of 1", [edits_result("01")], "do 01 01 01 01"),
    ("a result of 2", [edits_result("02")], "ok do 02 02 02"),
    ("a result of 3", [edits_result("03")], "ok ok do 03 03"),
    ("a result of 4", [edits_result("04")], "ok ok ok do 04"),
    ("results of 3 and 4, the target", [edits_result("04"), edits_result("03"), TARGET], "ok ok do 03 03"),
    ("1 redone to other bytes", [redoes("01")], "ok do 02 02 02"),
    ("3 redone to other bytes", [redoes("03")], "ok ok ok do 04"),
    ("1 deleted", [deletes("01")], "do ok ok ok do"),
    ("2 deleted", [deletes("02")], "ok do ok ok do"),
    ("1 and 2 deleted", [deletes("01", "02")], "do 01 ok ok do"),
    ("3 deleted", [deletes("03")], "ok ok do ok 03"),
    ("4 deleted", [deletes("04")], "ok ok ok do 04"),
    ("3 and 4 deleted", [deletes("03", "04")], "ok ok do 03 03"),
    ("1 to 3 deleted", [deletes("01", "02", "03")], "do 01 01 ok 01"),
    ("1 and 3 deleted", [deletes("01", "03")], "do ok 01 ok 01"),
    ("all deleted", [deletes("01", "02", "03", "04")], "do 01 01 01 01"),
    ("1's manifest damaged", [damages_manifest("01")], "do ok ok ok do"),
    ("1 deleted, its config", [deletes("01"), EPOCHS], "do 01 01 01 01"),
    ("1 and 2 deleted, 1's config", [deletes("01", "02"), EPOCHS], "do 01 01 01 01"),
    ("1 and 2 deleted, 2's config", [deletes("01", "02"), ALGORITHM], "do 01 01 01 01"),
    ("1 and 2 deleted, the target", [deletes("01", "02"), TARGET], "do 01 01 01 01"),
    ("1 deleted, the target", [deletes("01"), TARGET], "do ok 01 01 01"),
    ("2 deleted, its config", [deletes("02"), ALGORITHM], "ok do 02 02 02"),
    ("2 deleted, 1's config", [deletes("02"), EPOCHS], "do 01 01 01 01"),
    ("1 deleted, the weights file", [deletes("01"), WEIGHTS], "do 01 01 01 01"),
    ("2 deleted, a calibration photo", [deletes("02"), PHOTOS], "ok do 02 02 02"),
    ("1 deleted, sources of 3", [deletes("01"), source("03")], "do ok 01 01 01"),
    ("1 and 2 deleted, sources of 2", [deletes("01", "02"), source("02")], "do 01 ok ok do"),
    ("1 and 2 deleted, sources of 4", [deletes("01", "02"), source("04")], "do 01 ok do 04"),
    ("2 deleted, 1 redone", [deletes("02"), redoes("01")], "ok do 02 02 02"),
    ("1 and 2 deleted, a result of 3", [deletes("01", "02"), edits_result("03")], "do 01 01 01 01"),
]
each_change = pytest.mark.parametrize(("changes", "says"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The five stages, finished."""
    monkeypatch.chdir(tmp_path)
    Path("weights.pdparams").write_text("weights")
    Path("photos").mkdir()
    Path("photos/1.png").write_text("photo")
    made = Project(
        {
            "model": {"backbone": "PPLCNet_x0_25", "weights": "weights.pdparams"},
            "data": {"calibration": "photos"},
            "train": {"epochs": 8},
        }
    )
    monkeypatch.setattr(stage, "code_digest", lambda sources, entry: made.sources.get(entry, "as it was"))
    monkeypatch.setattr(stage, "_versions", dict)  # looking at all installed packages takes its time
    assert [made.run(number) for number in NAMES] == ["do"] * len(NAMES)
    return made


@each_change
def test_a_stage_is_current_or_made_again_or_names_the_earliest_to_run(
    project: Project, changes: Sequence[Change], says: str
) -> None:
    for change in changes:
        change(project)
    shutil.copytree("build", "changed")
    said = []
    for number in NAMES:
        shutil.rmtree("build")
        shutil.copytree("changed", "build")
        said.append(project.run(number))
    assert " ".join(said) == says


@each_change
def test_doing_as_told_comes_to_the_end_without_running_a_stage_twice(
    project: Project, changes: Sequence[Change], says: str
) -> None:
    for change in changes:
        change(project)
    told: list[str] = []
    while (answer := project.run("05")) != "do":
        assert answer not in told, f"{answer} is named twice: {told}"
        assert project.run(answer) == "do"
        told.append(answer)
    assert told == sorted(told) and (not told or told[0] == says.split()[4])


def test_a_stage_that_is_gone_is_named_with_what_it_was_told_otherwise(project: Project) -> None:
    deletes("01", "02")(project)
    EPOCHS(project)
    with pytest.raises(UserError) as error:
        run_stage(project.config, NAMES["04"], writes(""))
    assert str(error.value) == (
        "build/small/01_finetune: not there, and 'train' changed in the config since 03_compile_tvm was made. "
        "Run ./01_finetune.py --config small first."
    )


def test_what_a_stage_to_be_redone_lacks_is_named(project: Project) -> None:
    deletes("01", "02")(project)
    TARGET(project)
    with pytest.raises(UserError) as error:
        run_stage(project.config, NAMES["05"], writes(""), force=True)
    assert str(error.value) == (
        "build/small/03_compile_tvm: stale: 'compile' changed in the config since it was made. 01_finetune, which it "
        "comes from, is not there. Run ./01_finetune.py --config small first."
    )


def test_force_needs_what_a_stage_reads(project: Project) -> None:
    deletes("01")(project)
    assert project.run("02", force=True) == "01" and project.run("04", force=True) == "do"


def test_a_stage_is_not_held_to_code_that_is_not_on_this_machine(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in ("04", "05"):
        (tmp_path / STAGES[NAMES[number]].script).write_text("")
    monkeypatch.setattr(stage, "REPOSITORY", tmp_path)
    deletes("01", "02")(project)
    source("03")(project)
    assert project.run("05") == "do"
    TARGET(project)
    with pytest.raises(UserError, match=r"03_compile_tvm\.py is not here: run it where this was packed"):
        run_stage(project.config, NAMES["05"], writes(""), force=True)
