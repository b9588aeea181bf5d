"""Stage 5 as a user runs it: simulator, verdict, run.json, exit status."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paddle_cortexm.artefacts.run import Failure, Instructions, Run
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.simulator.process import SimulatorRun
from paddle_cortexm.simulator.run import Batch, RunError, checked
from tests.simulator.simulated import Deployment, Script

QEMU = ("--simulator", "qemu")


def report() -> Run:
    return Run.read(Path("build/tiny/05_run_fvp"))


def instructions() -> Instructions:
    """Of a run that came to its end."""
    counts = report().instructions
    assert counts is not None
    return counts


def save_images(folder: Path, count: int) -> None:
    for i in range(count):
        pixels = np.random.default_rng(i).integers(0, 256, (20 + i, 24, 3), dtype=np.uint8)
        path = folder / f"label {i % 2}" / f"{i:02d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)


def test_the_linked_in_frame_passes_and_everything_is_in_run_json(built: str, script: Script) -> None:
    done = script("05_run_fvp.sh", "--config", built, *QEMU)
    assert done.returncode == 0, done.stdout + done.stderr
    run = report()
    assert (run.config, run.verdict, run.simulator.kind) == ("tiny", "PASS", "qemu")
    assert run.top5 is not None and len(run.top5) == 5 and len(run.output_crc32 or "") == 8
    counts, best, used = instructions(), run.top5[0], run.stack_bytes
    by_layer = [layer.instructions or 0 for layer in counts.layers]
    assert [layer.title for layer in counts.layers] == ["0 sums", "1 logits"]
    assert counts.model is not None and 0 < sum(by_layer) <= counts.model
    assert (counts.preprocessing or 0) > 0
    assert run.arena_bytes == 1024 and run.code_bytes > 1000
    assert used is not None and 0 < used < run.stack_reserved_bytes == 8192
    assert run.regions["DTCM"].contents["stack"] == 8192 and run.largest_layer.name == "sums"
    assert f"{used:,} of 8,192" in done.stdout and "largest layer: sums" in done.stdout
    last = done.stdout.strip().splitlines()[-1]
    expected = f"tiny  {best.label}  {best.score:.4f}  {counts.model:,} instructions  PASS"
    assert last == expected
    assert "EXITTHESIM" in Path("build/tiny/05_run_fvp/uart.txt").read_text()


def test_layers_left_to_tvm_are_named_with_what_they_take(deployment: Deployment, script: Script) -> None:
    name = deployment(backends=("tvm", "helium"))
    assert script("04_build_app.sh", "--config", name).returncode == 0
    done = script("05_run_fvp.sh", "--config", name, *QEMU)
    path, by_layer = instructions().slow_path, [layer.instructions or 0 for layer in instructions().layers]
    assert path is not None and [layer.title for layer in path.layers] == ["0 sums"]
    assert path.share == pytest.approx(by_layer[0] / sum(by_layer)) and path.share > 0.5
    assert f"note: left to tvm's C: {path.summary}" in done.stdout


def test_many_images_go_through_several_simulators(built: str, script: Script, tmp_path: Path) -> None:
    save_images(tmp_path / "photos", 7)
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--images", "photos", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    run = report()
    assert (run.verdict, run.frames, run.frames_equal) == ("PASS", 7, 7)
    assert run.accuracy is not None and run.accuracy.labelled == 7
    assert "frames equal to the host: 7 of 7" in done.stdout
    uart = Path("build/tiny/05_run_fvp/uart.txt").read_text()
    assert uart.count("EXITTHESIM") == 2 and uart.count("\nframe ") == 7
    assert not list(Path("build/tiny/05_run_fvp").glob("*.bin"))


def test_one_bad_photo_of_a_folder_is_named_counted_and_left_out(built: str, script: Script, tmp_path: Path) -> None:
    save_images(tmp_path / "photos", 3)
    (tmp_path / "photos" / "bad.jpg").write_bytes(b"\xff\xd8 broken")
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--images", "photos", "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 4 images cannot be used" in done.stdout and "bad.jpg" in done.stdout
    run = report()
    assert (run.verdict, run.frames) == ("PASS", 3) and "bad.jpg" in run.unusable_images[0]


def test_more_bad_photos_stop_the_run_before_it_begins_and_keep_the_result_before(
    built: str, script: Script, tmp_path: Path
) -> None:
    save_images(tmp_path / "photos", 3)
    assert script("05_run_fvp.sh", "--config", built, *QEMU, "--images", "photos", "--jobs", "1").returncode == 0
    for name in ("bad", "worse"):
        (tmp_path / "photos" / f"{name}.jpg").write_bytes(b"broken")
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--images", "photos")
    assert done.returncode == 2 and "bad.jpg" in done.stderr and "worse.jpg" in done.stderr
    assert report().frames == 3


def test_one_photo_of_another_shape_passes(built: str, script: Script) -> None:
    Image.new("RGB", (300, 199), (10, 200, 90)).save("photo.jpg")
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--image", "photo.jpg")
    assert done.returncode == 0 and report().image == "photo.jpg"


def test_a_corrupt_photo_is_named_and_nothing_is_run(built: str, script: Script) -> None:
    Path("photo.jpg").write_bytes(b"\xff\xd8 broken")
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--image", "photo.jpg")
    assert done.returncode == 2 and "cannot be read as an image" in done.stderr and "photo.jpg" in done.stderr
    assert not Path("build/tiny/05_run_fvp").exists()


def test_the_command_is_printed_and_not_run(built: str, script: Script) -> None:
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--print-command")
    assert done.returncode == 0 and "-M mps3-an547" in done.stdout
    assert "-kernel build/tiny/04_build_app/app.elf" in done.stdout
    assert not Path("build/tiny/05_run_fvp").exists()


def test_a_printed_command_runs_when_it_is_pasted(built: str, script: Script) -> None:
    Image.new("RGB", (30, 19), (10, 200, 90)).save("a photo.png")
    printed = script("05_run_fvp.sh", "--config", built, *QEMU, "--image", "a photo.png", "--print-command").stdout
    pasted = subprocess.run(["sh", "-c", printed], capture_output=True, text=True, timeout=120)
    assert "frame 0: 30x19 class" in pasted.stdout and "EXITTHESIM" in pasted.stdout


def test_scripts_work_from_another_folder(
    built: str, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "else where").mkdir()
    monkeypatch.setenv("PADDLE_CORTEXM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "else where")
    Image.new("RGB", (30, 19), (10, 200, 90)).save("photo.png")
    done = script("05_run_fvp.sh", "--config", built, *QEMU, "--image", "photo.png")
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "build/tiny/05_run_fvp/run.json").is_file() and not Path("build").exists()
    printed = script("05_run_fvp.sh", "--config", "../configs/tiny.yaml", *QEMU, "--print-command").stdout
    pasted = subprocess.run(["sh", "-c", printed], capture_output=True, text=True, timeout=120)
    assert "EXITTHESIM" in pasted.stdout


def test_a_fault_on_the_target_is_a_fail_with_its_registers(deployment: Deployment, script: Script) -> None:
    name = deployment(body="(void)*(volatile uint32_t *)0xF0000000u;")
    script("04_build_app.sh", "--config", name)
    done = script("05_run_fvp.sh", "--config", name, *QEMU)
    assert done.returncode == 1
    assert "BFAR   0xf0000000" in done.stdout and done.stdout.strip().endswith("tiny  FAIL")
    run = report()
    assert run.verdict == "FAIL" and "CFSR" in (run.problem or "") and run.simulator.kind == "qemu"
    assert run.arena_bytes == 1024 and run.code_bytes > 1000
    assert (run.stack_bytes, run.stack_reserved_bytes, run.top5) == (None, 8192, None)


def test_a_program_that_never_ends_is_killed_at_the_time_limit(deployment: Deployment, script: Script) -> None:
    name = deployment(body="for (volatile int i = 0;; i++) { }")
    script("04_build_app.sh", "--config", name)
    done = script("05_run_fvp.sh", "--config", name, *QEMU, "--timeout", "2")
    assert done.returncode == 1 and "killed after 2 s" in done.stdout
    assert report().verdict == "FAIL"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_no_simulator_and_no_result(
    deployment: Deployment, script: Script, tmp_path: Path, number: signal.Signals
) -> None:
    name = deployment(body="for (volatile int i = 0;; i++) { }")
    script("04_build_app.sh", "--config", name)
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    qemu = bin_folder / "qemu-system-arm"  # notes the simulator's process number, then becomes it
    note = 'case "$*" in *-kernel*) echo $$ > simulator.pid ;; esac'  # not for --version, which comes before
    qemu.write_text(f'#!/bin/sh\n{note}\nexec {shutil.which("qemu-system-arm")} "$@"\n')
    qemu.chmod(0o755)
    search = os.pathsep.join([str(bin_folder), str(Path(sys.executable).parent), os.environ["PATH"]])
    command = [str(REPOSITORY / "05_run_fvp.sh"), "--config", name, *QEMU]
    process = subprocess.Popen(
        command,
        env=os.environ | {"PATH": search},
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interrupts,
    )
    pid_file = Path("simulator.pid")
    while not (pid_file.is_file() and pid_file.read_text().strip()):
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 130 and "interrupted" in errors
    assert not Path(f"/proc/{pid_file.read_text().strip()}").exists()
    assert not [path for path in Path("build/tiny").iterdir() if "05_run_fvp" in path.name]


def heed_interrupts() -> None:
    """Where the tests themselves run in the background, a shell has told them, and all they start, to ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def fake_fvp(folder: Path, output: str) -> None:
    """An FVP that writes its arguments to arguments.txt and prints what a program would."""
    folder.mkdir(exist_ok=True)
    model = folder / "FVP_Corstone_SSE-300"
    model.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > arguments.txt\ncat {output}\n')
    model.chmod(0o755)


def test_an_fvp_is_called_as_documented_and_its_output_judged(built: str, script: Script, tmp_path: Path) -> None:
    script("05_run_fvp.sh", "--config", built, *QEMU)
    Path("said.txt").write_text(Path("build/tiny/05_run_fvp/uart.txt").read_text() + "Info: simulation stopped\n")
    fake_fvp(tmp_path / "bin", "said.txt")
    done = script("05_run_fvp.sh", "--config", built, "--timeout", "77", path=str(tmp_path / "bin"))
    assert done.returncode == 0 and report().simulator.name == "FVP_Corstone_SSE-300"
    assert done.stdout.strip().endswith("instructions not counted  PASS")
    assert instructions().model is None  # the system counter is scaled for QEMU
    arguments = Path("arguments.txt").read_text().splitlines()
    assert arguments[:2] == ["-a", "build/tiny/04_build_app/app.elf"]
    assert "cpu0.CFGDTCMSZ=10" in arguments and "cpu0.semihosting-enable=1" in arguments
    assert arguments[arguments.index("--timelimit") + 1] == "77"


def test_an_fvp_with_a_cycle_counter_counts_instructions(built: str, script: Script, tmp_path: Path) -> None:
    script("05_run_fvp.sh", "--config", built, *QEMU)
    said = Path("build/tiny/05_run_fvp/uart.txt").read_text()
    Path("said.txt").write_text(said.replace("system counter", "DWT cycle counter"))
    fake_fvp(tmp_path / "bin", "said.txt")
    done = script("05_run_fvp.sh", "--config", built, path=str(tmp_path / "bin"))
    assert done.returncode == 0 and (instructions().model or 0) > 0
    assert "counted by the DWT cycle counter" in done.stdout


def test_an_fvp_that_does_not_start_the_program_is_told_how_to_do_without(
    built: str, script: Script, tmp_path: Path
) -> None:
    Path("said.txt").write_text("Error: License checkout for feature FM_CortexM failed\n")
    fake_fvp(tmp_path / "bin", "said.txt")
    done = script("05_run_fvp.sh", "--config", built, path=str(tmp_path / "bin"))
    assert done.returncode == 1 and "License checkout" in done.stdout and "--simulator qemu" in done.stdout


def test_one_wrong_bit_of_the_output_is_a_fail(built: str, script: Script, tmp_path: Path) -> None:
    script("05_run_fvp.sh", "--config", built, *QEMU)
    said = Path("build/tiny/05_run_fvp/uart.txt").read_text()
    line = next(line for line in said.splitlines() if line.startswith("output: "))
    right = bytes.fromhex(line.removeprefix("output: "))
    wrong = bytes([right[0] ^ 1, *right[1:]])
    said = said.replace(right.hex(), wrong.hex()).replace(f"{zlib.crc32(right):08x}", f"{zlib.crc32(wrong):08x}")
    Path("said.txt").write_text(said)
    fake_fvp(tmp_path / "bin", "said.txt")
    done = script("05_run_fvp.sh", "--config", built, path=str(tmp_path / "bin"))
    assert done.returncode == 1 and done.stdout.strip().endswith("FAIL")
    assert report().failures == (Failure(image="linked in", reason="1 of 10 outputs differ, by up to 1"),)
    assert f"built with {report().toolchain}: docs/systems.md" in done.stdout


@pytest.mark.parametrize(("text", "said"), [("", "it wrote nothing"), ("hello\n", "it wrote:\n  | hello")])
def test_a_run_that_is_killed_shows_what_was_written_if_anything(text: str, said: str) -> None:
    with pytest.raises(RunError) as error:
        checked(SimulatorRun(text, -9, timed_out=True), Batch((), None), 2)
    assert str(error.value) == f"the simulator was killed after 2 s (--timeout); {said}"


def test_the_build_stage_must_have_been_run(deployment: Deployment, script: Script) -> None:
    done = script("05_run_fvp.sh", "--config", deployment(), *QEMU)
    assert done.returncode == 2 and "Run ./04_build_app.sh --config tiny first" in done.stderr


@pytest.mark.parametrize(
    ("option", "value"), [("--jobs", "0"), ("--timeout", "-1"), ("--timeout", "nan"), ("--timeout", "inf")]
)
def test_values_that_make_no_sense_are_refused(built: str, script: Script, option: str, value: str) -> None:
    done = script("05_run_fvp.sh", "--config", built, option, value)
    assert done.returncode == 2 and option in done.stderr
