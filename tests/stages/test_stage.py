"""Stages: whole or absent, skipped when nothing changed, and errors that name the script to run."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from paddle_cortexm import stage
from paddle_cortexm.config import Config, load
from paddle_cortexm.dependencies import code_digest, sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import HOST_CODE, HOST_HEADERS, HOST_SOURCES, REPOSITORY
from paddle_cortexm.stage import STAGES, input_folder, run_stage, stage_folder

TRAINING, QUANTISATION, COMPILATION = "01_finetune", "02_quantize", "03_compile_tvm"
Worker = Callable[[Path], None]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def config(**changes: object) -> Config:
    return Config.model_validate({"name": "small", "model": {"backbone": "PPLCNet_x0_25"}, **changes})


def writes(text: str, name: str = "result.txt") -> Worker:
    return lambda folder: (folder / name).write_text(text) and None


def refuses(folder: Path) -> None:
    raise AssertionError(f"{folder}: the stage ran although it is up to date")


def run_line(settings: Config) -> None:
    """Training, quantisation and compilation, each as a single file."""
    for name in (TRAINING, QUANTISATION, COMPILATION):
        run_stage(settings, name, writes(name))


def refusal(settings: Config, name: str) -> str:
    with pytest.raises(UserError) as error:
        input_folder(settings, name)
    return str(error.value)


def test_a_stage_writes_its_folder_and_a_manifest() -> None:
    made, redone = run_stage(config(), TRAINING, writes("weights"))
    manifest = json.loads((made / "manifest.json").read_text())
    assert redone and made == Path("build/small/01_finetune") and (made / "result.txt").read_text() == "weights"
    assert manifest["config"]["model"]["backbone"] == "PPLCNet_x0_25" and manifest["seed"] == 42
    assert manifest["outputs"] == {"result.txt": sha256(made / "result.txt")}
    assert manifest["versions"]["numpy"] and manifest["seconds"] >= 0


def test_files_in_subfolders_are_outputs_too() -> None:
    def work(folder: Path) -> None:
        (folder / "figures").mkdir()
        (folder / "figures" / "curve.png").write_bytes(b"png")

    made, _ = run_stage(config(), TRAINING, work)
    (made / "figures" / "curve.png").write_bytes(b"other")
    assert "figures/curve.png is missing or changed" in refusal(config(), TRAINING)


def test_a_stage_is_skipped_when_nothing_changed() -> None:
    run_line(config())
    for name in (TRAINING, QUANTISATION, COMPILATION):
        assert run_stage(config(), name, refuses) == (stage_folder(config(), name), False)


def test_force_redoes_a_stage() -> None:
    run_stage(config(), TRAINING, writes("first"))
    made, redone = run_stage(config(), TRAINING, writes("second"), force=True)
    assert redone and (made / "result.txt").read_text() == "second"


def test_files_of_the_run_before_are_gone() -> None:
    run_stage(config(), TRAINING, writes("old", "old.txt"))
    made, _ = run_stage(config(), TRAINING, writes("new", "new.txt"), force=True)
    assert sorted(path.name for path in made.iterdir()) == ["manifest.json", "new.txt"]


def test_a_changed_config_value_redoes_the_stage() -> None:
    run_stage(config(), TRAINING, writes("8 epochs"))
    _, redone = run_stage(config(train={"epochs": 9}), TRAINING, writes("9 epochs"))
    assert redone


def test_a_config_value_of_another_stage_does_not() -> None:
    run_stage(config(), TRAINING, writes("weights"))
    assert not run_stage(config(compile={"target": "corstone310"}), TRAINING, refuses)[1]


def test_training_depends_on_whether_there_are_calibration_photos_and_not_on_which() -> None:
    run_stage(config(), TRAINING, writes("weights"))
    assert run_stage(config(data={"calibration": "photos"}), TRAINING, writes("weights"))[1]
    assert not run_stage(config(data={"calibration": "others", "calibration_images": 99}), TRAINING, refuses)[1]


@pytest.mark.parametrize(
    "change", [{"max_accuracy_drop": 0.01}, {"epochs": 9}, {"freeze_batch_norm_after": 0.1}, {"distillation": 0.5}]
)
def test_a_gate_and_settings_of_qat_redo_nothing_after_post_training_quantisation(change: dict[str, float]) -> None:
    run_line(config())
    for name in (QUANTISATION, COMPILATION):
        assert not run_stage(config(quantise=change), name, refuses)[1]


def test_settings_of_training_count_for_qat_and_not_for_post_training_quantisation() -> None:
    for method in ("ptq", "qat"):
        before, after = (config(quantise={"method": method}, train={"batch_size": batch}) for batch in (32, 64))
        for settings in (before, after):  # training comes to the same
            run_stage(settings, TRAINING, writes("weights"))
            redone = run_stage(settings, QUANTISATION, writes("ranges"))[1]
        assert redone == (method == "qat")


def test_after_qat_its_settings_count_and_the_gate_does_not() -> None:
    run_line(config(quantise={"method": "qat"}))
    assert not run_stage(config(quantise={"method": "qat", "max_accuracy_drop": 0.01}), COMPILATION, refuses)[1]
    assert run_stage(config(quantise={"method": "qat", "epochs": 9}), QUANTISATION, writes("trained"))[1]


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_text("edited")], ids=["deleted", "edited"])
def test_a_damaged_output_redoes_the_stage(damage: Callable[[Path], object]) -> None:
    made, _ = run_stage(config(), TRAINING, writes("weights"))
    damage(made / "result.txt")
    assert run_stage(config(), TRAINING, writes("weights"))[1]


def test_a_redone_stage_with_other_bytes_redoes_the_next() -> None:
    run_line(config())
    run_stage(config(), TRAINING, writes("other weights"), force=True)
    assert run_stage(config(), QUANTISATION, writes("ranges"))[1]


def test_a_redone_stage_with_the_same_bytes_leaves_the_next_as_it_is() -> None:
    run_line(config())
    run_stage(config(), TRAINING, writes(TRAINING), force=True)
    assert not run_stage(config(), QUANTISATION, refuses)[1]


def change_code(monkeypatch: pytest.MonkeyPatch, *scripts: str) -> None:
    """As if something had changed that these scripts import, directly or through others."""
    monkeypatch.setattr(
        stage, "code_digest", lambda sources, entry: "other" if entry in scripts else code_digest(sources, entry)
    )


def test_changed_code_redoes_quantisation_and_compilation_but_not_training(monkeypatch: pytest.MonkeyPatch) -> None:
    run_line(config())
    change_code(monkeypatch, "02_quantize.py", "03_compile_tvm.py")
    assert not run_stage(config(), TRAINING, refuses)[1]
    assert run_stage(config(), QUANTISATION, writes("ranges"))[1]
    assert run_stage(config(), COMPILATION, writes("C"))[1]


def test_changed_code_of_compilation_alone_leaves_quantisation(monkeypatch: pytest.MonkeyPatch) -> None:
    run_line(config())
    change_code(monkeypatch, "03_compile_tvm.py")
    assert not run_stage(config(), QUANTISATION, refuses)[1]
    assert not run_stage(config(), TRAINING, refuses)[1]
    assert run_stage(config(), COMPILATION, writes("C"))[1]


def test_a_stage_made_from_other_sources_is_stale_and_names_the_script_to_run(monkeypatch: pytest.MonkeyPatch) -> None:
    run_line(config())
    change_code(monkeypatch, "03_compile_tvm.py")
    message = refusal(config(), COMPILATION)
    assert "stale: the sources changed" in message and "Run ./03_compile_tvm.py --config small again" in message


def test_an_interrupted_stage_leaves_nothing() -> None:
    def interrupted(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_stage(config(), TRAINING, interrupted)
    assert list(stage_folder(config(), TRAINING).parent.iterdir()) == []
    made, _ = run_stage(config(), TRAINING, writes("whole"))
    assert not (made / "half.txt").exists() and list(made.parent.iterdir()) == [made]


def test_an_interrupted_stage_keeps_the_result_before_it() -> None:
    made, _ = run_stage(config(), TRAINING, writes("first"))

    def fails(folder: Path) -> None:
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        run_stage(config(), TRAINING, fails, force=True)
    assert input_folder(config(), TRAINING) == made and (made / "result.txt").read_text() == "first"


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "{}", '{"config": 1}', "\x00"])
def test_a_stage_whose_manifest_is_damaged_counts_as_not_made(text: str) -> None:
    made, _ = run_stage(config(), TRAINING, writes("weights"))
    (made / "manifest.json").write_text(text)
    assert "has not been run" in refusal(config(), TRAINING)
    assert run_stage(config(), TRAINING, writes("weights"))[1]
    assert input_folder(config(), TRAINING) == made


@pytest.mark.parametrize("name", STAGES)
def test_where_nothing_was_run_the_first_script_is_named(name: str) -> None:
    message = refusal(config(), name)
    assert f"build/small/{name}" in message and "Run ./01_finetune.py --config small first" in message


def test_the_script_to_run_is_named_with_the_config_s_path() -> None:
    Path("mine.yaml").write_text("model: {backbone: PPLCNet_x0_25}")
    assert "Run ./01_finetune.py --config mine.yaml first" in refusal(load("mine.yaml"), TRAINING)


def test_a_stage_does_not_run_before_the_one_it_reads() -> None:
    with pytest.raises(UserError, match=r"Run \./01_finetune\.py --config small first"):
        run_stage(config(), QUANTISATION, refuses)


def test_a_stage_made_with_another_config_is_stale_and_names_key_and_script() -> None:
    run_line(config())
    message = refusal(config(quantise={"algorithm": "KL"}), QUANTISATION)
    assert "stale: 'quantise' changed" in message and "Run ./02_quantize.py --config small again" in message


def test_a_stage_whose_input_was_redone_is_stale_and_names_the_script_to_run() -> None:
    run_line(config())
    run_stage(config(), TRAINING, writes("other weights"), force=True)
    message = refusal(config(), QUANTISATION)
    assert "stale: 01_finetune was redone" in message and "Run ./02_quantize.py --config small again" in message


def test_staleness_is_seen_through_the_stages_between() -> None:
    run_line(config())
    message = refusal(config(train={"epochs": 9}), COMPILATION)
    assert "'train' changed" in message and "Run ./01_finetune.py" in message


def test_an_output_changed_by_hand_names_the_file() -> None:
    run_line(config())
    (stage_folder(config(), COMPILATION) / "result.txt").write_text("edited")
    message = refusal(config(), COMPILATION)
    assert "build/small/03_compile_tvm: result.txt is missing or changed" in message
    assert "Run ./03_compile_tvm.py --config small again" in message


def test_a_stage_made_with_an_override_is_not_stale_for_the_stages_after_it() -> None:
    run_line(config())
    made, redone = run_stage(config(), COMPILATION, writes("tvm's C"), overrides={"compile.kernels": ["tvm"]})
    manifest = json.loads((made / "manifest.json").read_text())
    assert redone and input_folder(config(), COMPILATION) == made
    assert manifest["config"]["compile"]["kernels"] == ["tvm"]
    assert manifest["overrides"] == {"compile.kernels": ["tvm"]}


def test_a_stage_made_with_an_override_is_redone_without_it_and_skipped_with_it() -> None:
    run_line(config())
    run_stage(config(), COMPILATION, writes("tvm's C"), overrides={"compile.kernels": ["tvm"]})
    run_stage(config(), COMPILATION, refuses, overrides={"compile.kernels": ["tvm"]})
    assert run_stage(config(), COMPILATION, writes("helium's C"))[1]


def test_an_override_hides_no_other_change_of_the_config() -> None:
    run_line(config())
    run_stage(config(), COMPILATION, writes("tvm's C"), overrides={"compile.kernels": ["tvm"]})
    other = config(compile={"target": "corstone310"})
    assert "'compile' changed" in refusal(other, COMPILATION)


@pytest.mark.parametrize("spec", STAGES.values(), ids=list(STAGES))
def test_the_code_a_stage_depends_on_exists(spec: stage.StageSpec) -> None:
    assert all((REPOSITORY / path).exists() for path in (*spec.sources, *([spec.entry] if spec.entry else [])))


def test_compilation_depends_on_the_c_that_the_host_runs_and_on_its_headers() -> None:
    for path in map(Path, (*HOST_SOURCES, *HOST_HEADERS)):
        assert any(path.is_relative_to(code) for code in HOST_CODE), path
