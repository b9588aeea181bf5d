"""A deployment packed here runs there: stages 4 and 5 from the unpacked archive alone."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.artefacts.deployed import Expected
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.config import Config
from paddle_cortexm.dependencies import sha256
from paddle_cortexm.pack.contents import ENTRIES, SCRIPTS, readme
from paddle_cortexm.paths import REPOSITORY
from tests.simulator.simulated import Deployment
from tests.tiny_model import demo_frame, write_tiny_model

ARCHIVE = Path("build/tiny/tiny-pack.tar.gz")
Done = subprocess.CompletedProcess[str]


def pack(name: str) -> Done:
    command = [sys.executable, "-m", "paddle_cortexm.pack", "--config", name]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)


def packed(name: str) -> Done:
    done = pack(name)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture
def elsewhere(built: str) -> Path:
    """The tiny deployment up to stage 4, packed, and unpacked into a folder whose name has a space."""
    packed(built)
    folder = Path("other machine")
    folder.mkdir()
    subprocess.run(["tar", "-xmzf", str(ARCHIVE), "-C", str(folder)], check=True)
    assert [path.name for path in folder.iterdir()] == ["tiny"]
    return (folder / "tiny").resolve()


def there(folder: Path, script: str, *arguments: str) -> Done:
    """Run a script of the unpacked archive, as its user does: nothing of this repository is in reach."""
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PADDLE_CORTEXM_HOME")}
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), environment["PATH"]])
    command = [str(folder / script), "--config", "tiny", *arguments]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=120)


def crc32_of_run(folder: Path) -> str | None:
    return Run.read(folder / "build/tiny/05_run_fvp").output_crc32


def test_stage_5_alone_runs_there_to_the_same_bits(elsewhere: Path) -> None:
    elf = elsewhere / "build/tiny/04_build_app/app.elf"
    before = sha256(elf)
    done = there(elsewhere, "05_run_fvp.sh", "--simulator", "qemu")
    assert done.returncode == 0 and done.stdout.endswith("PASS\n"), done.stdout + done.stderr
    assert sha256(elf) == before
    assert crc32_of_run(elsewhere) == Expected.read(elsewhere / "build/tiny/03_compile_tvm").crc32


def test_a_photo_is_compared_with_the_c_built_there(elsewhere: Path) -> None:
    Image.fromarray(demo_frame()).save(elsewhere / "photo.png")
    done = there(elsewhere, "05_run_fvp.sh", "--simulator", "qemu", "--image", "photo.png")
    assert done.returncode == 0 and done.stdout.endswith("PASS\n"), done.stdout + done.stderr
    assert len(list((elsewhere / "build/tiny/.host").glob("*.so"))) == 1


def test_a_program_that_was_built_is_up_to_date_there(elsewhere: Path) -> None:
    done = there(elsewhere, "04_build_app.sh")
    assert done.returncode == 0 and "up to date" in done.stdout, done.stdout + done.stderr


def test_without_a_program_stage_4_is_asked_for_and_builds_it_there(elsewhere: Path) -> None:
    shutil.rmtree("build/tiny/04_build_app")
    assert "not built: ./04_build_app.sh does it there" in packed("tiny").stdout
    shutil.rmtree(elsewhere)
    subprocess.run(["tar", "-xmzf", str(ARCHIVE), "-C", str(elsewhere.parent)], check=True)
    done = there(elsewhere, "05_run_fvp.sh")
    assert done.returncode == 2 and "Run ./04_build_app.sh --config tiny first" in done.stderr
    assert there(elsewhere, "04_build_app.sh").returncode == 0
    assert there(elsewhere, "05_run_fvp.sh", "--simulator", "qemu").stdout.endswith("PASS\n")


def test_a_config_changed_there_is_told_where_to_change_it(elsewhere: Path) -> None:
    config = elsewhere / "configs/tiny.yaml"
    config.write_text(config.read_text().replace("corstone300", "corstone310"))
    done = there(elsewhere, "05_run_fvp.sh")
    assert done.returncode == 2
    assert "'compile' changed in the config" in done.stderr and "run it where this was packed" in done.stderr


def test_training_s_config_changed_there_is_noticed_too(elsewhere: Path) -> None:
    with (elsewhere / "configs/tiny.yaml").open("a") as config:
        config.write("train: {epochs: 99}\n")
    done = there(elsewhere, "05_run_fvp.sh")
    assert done.returncode == 2 and "'train' changed in the config since 03_compile_tvm was made" in done.stderr


def test_packing_again_gives_the_same_bytes_whenever_and_by_whomever(built: str) -> None:
    packed(built)
    before = sha256(ARCHIVE)
    for path in Path("build/tiny").rglob("*"):
        os.utime(path, (0, 0))
    packed(built)
    assert sha256(ARCHIVE) == before
    with tarfile.open(ARCHIVE) as archive:
        entries = archive.getmembers()
    assert {(e.uid, e.gid, e.uname, e.gname) for e in entries} == {(0, 0, "", "")}
    assert len({e.mtime for e in entries}) == 1 and [e.name for e in entries] == sorted(e.name for e in entries)
    assert {e.name for e in entries if e.mode == 0o755} == {"tiny/04_build_app.sh", "tiny/05_run_fvp.sh"}


def test_the_archive_holds_neither_training_nor_compilation(built: str) -> None:
    packed(built)
    with tarfile.open(ARCHIVE) as archive:
        names = {name.removeprefix("tiny/") for name in archive.getnames()}
    for absent in (
        "01_finetune.py",
        "03_compile_tvm.py",
        "Makefile",
        "requirements.txt",
        "paddle_cortexm/networks/build.py",
    ):
        assert absent not in names
    assert not any(name.startswith(("build/tiny/01", "build/tiny/02", "tests")) for name in names)
    assert {"README.md", "LICENSE", "requirements-run.txt", "configs/tiny.yaml"} <= names


def test_the_readme_s_commands_are_for_this_deployment(elsewhere: Path) -> None:
    text = (elsewhere / "README.md").read_text()
    assert "$" not in text and "./05_run_fvp.sh --config tiny" in text and "FVP_Corstone_SSE-300" in text
    assert Expected.read(elsewhere / "build/tiny/03_compile_tvm").crc32 in text and "CMSIS-NN" not in text


def test_what_is_stale_is_told_and_nothing_is_written(built: str) -> None:
    with Path("configs/tiny.yaml").open("a") as config:
        config.write("train: {epochs: 99}\n")
    done = pack(built)
    assert done.returncode == 2 and "Run ./01_finetune.py --config tiny again" in done.stderr
    assert list(Path("build/tiny").glob("*pack*")) == []


def test_a_program_that_is_stale_is_not_left_out_in_silence(built: str) -> None:
    Path("build/tiny/04_build_app/app.elf").write_bytes(b"edited")
    done = pack(built)
    assert done.returncode == 2 and "Run ./04_build_app.sh --config tiny again" in done.stderr


def test_earlier_stages_may_be_gone(built: str) -> None:
    for stage in ("01_finetune", "02_quantize"):
        shutil.rmtree(f"build/tiny/{stage}")
    assert "next: copy it" in packed(built).stdout


def test_before_stage_3_the_first_script_is_named(deployment: Deployment) -> None:
    shutil.rmtree(Path("build") / deployment())
    done = pack("tiny")
    assert done.returncode == 2 and "Run ./01_finetune.py --config tiny first" in done.stderr


def test_a_model_that_uses_cmsis_nn_says_what_it_needs_it_for(tmp_path: Path) -> None:
    model = Model.read(write_tiny_model(tmp_path))
    layers = tuple(layer.model_copy(update={"backend": "cmsis-nn"}) for layer in model.layers)
    model.model_copy(update={"layers": layers}).write(tmp_path)
    Expected.of(np.zeros(10, np.int8), ("label 0",)).write(tmp_path)
    settings = Config.model_validate({"name": "tiny", "model": {"backbone": "PPLCNet_x0_25"}})
    assert "CMSIS-NN, which this model uses, for ./04_build_app.sh and for photos" in readme(settings, tmp_path, None)


@pytest.mark.parametrize(("script", "entry"), zip(SCRIPTS, ENTRIES, strict=True))
def test_what_the_scripts_start_is_what_is_packed(script: str, entry: str) -> None:
    module = entry.removesuffix(".py").replace("/", ".")
    assert f"-m {module} " in (REPOSITORY / script).read_text()
