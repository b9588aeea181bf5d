"""The real line, script by script as a user runs it, on small versions of both deployments of the mission."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.stage import REPOSITORY, read_json, sha256

TOOLS = ("qemu-system-arm", "cmake", "ninja", "arm-none-eabi-gcc")
SCRIPTS = ("01_finetune.py", "02_quantize.py", "03_compile_tvm.py", "04_build_app.sh", "05_run_fvp.sh")
SMALL = """
model: {{backbone: {backbone}, image_size: 64}}
data: {{train_images: 192, validation_images: 48, calibration_images: 24}}
train: {{epochs: 1, batch_size: 32}}
quantise: {{precision: {precision}}}
compile: {{target: {target}, kernels: {kernels}}}
"""
DEPLOYMENTS = {
    "mobilenetv2_fp32": SMALL.format(
        backbone="MobileNetV2_x0_25", precision="fp32", target="corstone300", kernels="[helium, tvm]"
    ),
    "pplcnet_fp16": SMALL.format(backbone="PPLCNet_x0_25", precision="fp16", target="corstone310", kernels="[helium]"),
    "pplcnet_int8": SMALL.format(
        backbone="PPLCNet_x0_25", precision="int8", target="corstone310", kernels="[helium, tvm]"
    ),
}

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason=f"needs {', '.join(TOOLS)}"),
]


def script(name: str, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the numbered scripts in a folder of its own."""
    path = REPOSITORY / name
    command = [sys.executable, str(path)] if path.suffix == ".py" else [str(path)]
    environment = os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTHON": sys.executable}
    return subprocess.run(
        [*command, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600
    )


def run_line(folder: Path, name: str, scripts: Sequence[str] = SCRIPTS) -> str:
    """Run the scripts in order; returns the last one's output."""
    output = ""
    for step in scripts:
        done = script(step, folder, "--config", name)
        assert done.returncode == 0, f"{step}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
        output = done.stdout
    return output


@pytest.fixture(scope="module", params=sorted(DEPLOYMENTS))
def deployment(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str, str]:
    """A folder in which the whole line has run: (folder, config's name, what the last script printed)."""
    name: str = request.param
    folder = tmp_path_factory.mktemp(name)
    (folder / "configs").mkdir()
    (folder / "configs" / f"{name}.yaml").write_text(DEPLOYMENTS[name])
    return folder, name, run_line(folder, name)


def test_the_target_answers_what_the_host_does(deployment: tuple[Path, str, str]) -> None:
    folder, name, output = deployment
    last_line = output.strip().splitlines()[-1]
    assert last_line.startswith(name) and last_line.endswith("PASS")
    run = read_json(folder / "build" / name / "05_run_fvp" / "run.json")
    assert run["verdict"] == "PASS"
    expected = read_json(folder / "build" / name / "03_compile_tvm" / "expected.json")
    assert run["top5"][0]["label"] == expected["class"]


def test_run_json_holds_the_cost_of_every_layer(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    run = read_json(folder / "build" / name / "05_run_fvp" / "run.json")
    plan = read_json(folder / "build" / name / "03_compile_tvm" / "plan.json")
    layers = run["instructions"]["layers"]
    assert [layer["name"] for layer in layers] == [layer["name"] for layer in plan["layers"]]
    assert all(layer["instructions"] > 0 for layer in layers)
    assert run["instructions"]["preprocessing"] > 0
    assert sum(layer["instructions"] for layer in layers) <= run["instructions"]["model"]


def test_compiling_again_gives_the_same_bytes(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    stage = folder / "build" / name / "03_compile_tvm"
    before = {p.name: sha256(p) for p in stage.iterdir() if p.name != "manifest.json"}
    shutil.rmtree(stage)
    run_line(folder, name, ["03_compile_tvm.py"])
    assert {p.name: sha256(p) for p in stage.iterdir() if p.name != "manifest.json"} == before


def test_a_finished_stage_is_not_done_again(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    assert "up to date" in script("02_quantize.py", folder, "--config", name).stdout


def test_a_photo_of_ones_own_is_classified(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    pixels = np.random.default_rng(3).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / "photo.jpg")
    done = script("05_run_fvp.sh", folder, "--config", name, "--image", "photo.jpg")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("PASS")


def test_many_frames_agree_with_the_host(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    frames = folder / "frames"
    frames.mkdir(exist_ok=True)
    random = np.random.default_rng(4)
    for number in range(4):
        pixels = random.integers(0, 256, (70 + number, 100, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(frames / f"{number}.png")
    done = script("05_run_fvp.sh", folder, "--config", name, "--images", "frames", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("PASS")


def test_int8_graphs_have_no_float_layer(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    if "int8" not in name:
        pytest.skip("a float deployment")
    facts = json.loads((folder / "build" / name / "03_compile_tvm" / "model.json").read_text())
    assert {tensor["dtype"] for tensor in facts["tensors"].values()} == {"int8"}


def test_a_missing_stage_names_the_script_to_run(tmp_path: Path) -> None:
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "pplcnet_int8.yaml").write_text(DEPLOYMENTS["pplcnet_int8"])
    done = script("03_compile_tvm.py", tmp_path, "--config", "pplcnet_int8")
    assert done.returncode == 2
    assert "01_finetune.py" in done.stderr and "Traceback" not in done.stderr


def test_a_corrupt_image_is_named(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    (folder / "broken.jpg").write_bytes(b"not a picture")
    done = script("05_run_fvp.sh", folder, "--config", name, "--image", "broken.jpg")
    assert done.returncode == 2
    assert "broken.jpg" in done.stderr and "Traceback" not in done.stderr
