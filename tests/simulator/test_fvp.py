"""Stage 5 with stand-ins that want what real models want, and fail as they do; in the shell of a user who followed an
FVP's instructions."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from paddle_cortexm.artefacts.run import Run
from tests.simulator.simulated import Script
from tests.simulator.stand_ins import KNOWN, MODEL, NEEDS_ITS_PYTHON, executable, install


@pytest.fixture
def exported(tmp_path: Path) -> dict[str, str]:
    """What the instructions of another model, and of another project, have a user export."""
    other = tmp_path / "other FVP"
    (other / "fmtplib").mkdir(parents=True)
    hostile = executable(tmp_path / "hostile" / "argparse.py", "raise SystemExit('of another Python')\n").parent
    return {
        "PYTHONHOME": str(other / "python"),
        "PYTHONPATH": str(hostile),
        "VIRTUAL_ENV": str(tmp_path / "hostile"),
        "LD_LIBRARY_PATH": f"{other}/fmtplib:/opt/own/lib",
    }


def report() -> Run:
    return Run.read(Path("build/tiny/05_run_fvp"))


def test_a_model_that_wants_its_own_python_passes_in_such_a_shell(
    built: str, script: Script, tmp_path: Path, exported: dict[str, str]
) -> None:
    model = install(tmp_path / "FVP_Corstone_SSE-300")
    done = script("05_run_fvp.sh", "--config", built, "--simulator", str(model), exported=exported)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"simulator: {model}" in done.stdout and done.stdout.strip().endswith("PASS")
    assert (report().verdict, report().simulator.name) == ("PASS", MODEL)


def test_the_printed_command_runs_in_such_a_shell(
    built: str, script: Script, tmp_path: Path, exported: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    model = install(tmp_path / "an FVP")
    command = ("05_run_fvp.sh", "--config", built, "--simulator", str(model), "--print-command")
    printed = script(*command, exported=exported).stdout
    for name, value in exported.items():
        monkeypatch.setenv(name, value)
    pasted = subprocess.run(["sh", "-c", printed], capture_output=True, text=True, timeout=120)
    assert "EXITTHESIM" in pasted.stdout, printed + pasted.stderr


def test_a_model_without_python_gets_the_user_s(
    built: str, script: Script, tmp_path: Path, exported: dict[str, str]
) -> None:
    says = 'echo "$PYTHONHOME|$LD_LIBRARY_PATH|${PYTHONPATH:-}" >seen.txt'
    model = executable(tmp_path / "bin" / MODEL, f"#!/bin/sh\n{says}\n")
    script("05_run_fvp.sh", "--config", built, path=str(model.parent), exported=exported)
    assert Path("seen.txt").read_text() == f"{exported['PYTHONHOME']}|{model.parent}:{exported['LD_LIBRARY_PATH']}|\n"


def test_compilers_do_not_get_a_model_s_libraries(
    built: str, script: Script, tmp_path: Path, exported: dict[str, str]
) -> None:
    executable(tmp_path / "bin" / "cmake", '#!/bin/sh\necho "$LD_LIBRARY_PATH" >seen.txt\n')
    script("04_build_app.sh", "--config", built, "--force", path=str(tmp_path / "bin"), exported=exported)
    assert Path("seen.txt").read_text() == "/opt/own/lib\n"


@pytest.mark.parametrize(
    "name", ["01_finetune.py", "02_quantize.py", "03_compile_tvm.py", "04_build_app.sh", "05_run_fvp.sh"]
)
def test_every_script_starts_in_such_a_shell(name: str, script: Script, exported: dict[str, str]) -> None:
    done = script(name, "--help", exported=exported)
    assert done.returncode == 0 and "--config" in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("says", "known", "answer"),
    [
        (
            "echo 'Error: license error: License checkout for feature FM_CortexM has been denied'; exit 1",
            KNOWN,
            "armlm",
        ),
        (NEEDS_ITS_PYTHON, KNOWN[1:], f"it does not know a parameter that it is given: parameter '{KNOWN[0]}'"),
        ("root=elsewhere; unset LD_LIBRARY_PATH" + NEEDS_ITS_PYTHON, KNOWN, "libpython3.9.so.1.0 is missing"),
        ("unset PYTHONHOME" + NEEDS_ITS_PYTHON, KNOWN, "which PYTHONHOME names"),
        (
            "echo 'Error: (E549) uncaught exception: libarmctmodel.so: cannot enable executable stack as shared object "
            "requires: Invalid argument'; exit 1",
            KNOWN,
            "glibc.rtld.execstack=2",
        ),
        ("exit 3", KNOWN, "it may lack a licence"),
    ],
)
def test_a_model_that_does_not_start_fails_with_what_to_do(
    built: str, script: Script, tmp_path: Path, says: str, known: tuple[str, ...], answer: str
) -> None:
    model = install(tmp_path / "FVP", says=says + "\n", known=known)
    done = script("05_run_fvp.sh", "--config", built, "--simulator", str(model))
    assert done.returncode == 1 and done.stdout.strip().endswith("tiny  FAIL")
    assert f"{MODEL} did not start the program: " in done.stdout and answer in done.stdout
    assert "--simulator qemu does without it" in done.stdout and answer in (report().problem or "")


def test_a_model_for_another_kind_of_processor_fails_with_what_to_do(
    built: str, script: Script, tmp_path: Path
) -> None:
    model = executable(tmp_path / MODEL, "\x7fELF, but of no processor")
    done = script("05_run_fvp.sh", "--config", built, "--simulator", str(model))
    assert done.returncode == 1 and "AArch64" in done.stdout and done.stderr == ""


def test_a_model_that_spins_is_killed_at_the_time_limit(built: str, script: Script, tmp_path: Path) -> None:
    model = install(tmp_path / "FVP", says="while :; do sleep 1; done\n")
    done = script("05_run_fvp.sh", "--config", built, "--simulator", str(model), "--timeout", "0.5")
    assert done.returncode == 1 and "killed after 0.5 s" in done.stdout


def test_a_simulator_is_named_relative_to_the_user_s_folder(
    built: str, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path / "FVP")
    (tmp_path / "else").mkdir()
    monkeypatch.setenv("PADDLE_CORTEXM_HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "else")
    asked = f"../FVP/models/Linux64_GCC-9.3/{MODEL}"
    done = script("05_run_fvp.sh", "--config", built, "--simulator", asked)
    assert done.returncode == 0, done.stdout + done.stderr
