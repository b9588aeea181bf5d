"""The real line, script by script as a user runs it, on small versions of both deployments of the mission."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.artefacts.deployed import Expected
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.dependencies import sha256
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.simulator.frames import read_image
from tests.e2e.line import E2E, run_line, script, stage

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

pytestmark = E2E


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
    run, expected = Run.read(stage(folder, name, "05_run_fvp")), Expected.read(stage(folder, name, "03_compile_tvm"))
    assert run.verdict == "PASS" and run.top5
    assert run.top5[0].label == expected.label and (name.endswith("int8") <= (run.output_crc32 == expected.crc32))


def test_the_expected_output_is_the_host_s_for_the_picture_beside_it(deployment: tuple[Path, str, str]) -> None:
    compiled = stage(*deployment[:2], "03_compile_tvm")
    expected, host = Expected.read(compiled), HostModel(compiled)
    output = host.run(read_image(compiled / expected.image))
    assert np.array_equal(expected.values(host.facts.output_tensor), output)


def test_run_json_holds_the_cost_of_every_layer(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    counts, model = (
        Run.read(stage(folder, name, "05_run_fvp")).instructions,
        Model.read(stage(folder, name, "03_compile_tvm")),
    )
    assert counts and counts.preprocessing and counts.model
    assert [layer.title for layer in counts.layers] == model.titles
    assert all(layer.instructions for layer in counts.layers)
    assert sum(layer.instructions or 0 for layer in counts.layers) <= counts.model


def test_compiling_again_gives_the_same_bytes(deployment: tuple[Path, str, str]) -> None:
    folder, name, _ = deployment
    compiled = stage(folder, name, "03_compile_tvm")
    before = {p.name: sha256(p) for p in compiled.iterdir() if p.name != "manifest.json"}
    shutil.rmtree(compiled)
    run_line(folder, name, ["03_compile_tvm.py"])
    assert {p.name: sha256(p) for p in compiled.iterdir() if p.name != "manifest.json"} == before


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
    model = Model.read(stage(folder, name, "03_compile_tvm"))
    assert {tensor.dtype for tensor in model.tensors.values()} == {"int8", "int16"}
    assert model.output_tensor.dtype == "int16"  # the logits: int8 makes close classes equal


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
