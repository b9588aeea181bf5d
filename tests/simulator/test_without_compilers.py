"""Stages 4 and 5 where there is neither Paddle nor TVM nor OpenCV nor a host compiler, from a copied build folder."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from paddle_cortexm.paths import REPOSITORY

REFUSING = """
import runpy, sys

class Refusing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("paddle", "ppcls", "paddleslim", "tvm", "cv2"):
            raise ModuleNotFoundError(f"{name} is not on this machine")

sys.meta_path.insert(0, Refusing())
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def run_without(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a module's main where Paddle, TVM and a C compiler for the host are refused."""
    return run_python(REFUSING, module, *arguments)


def run_python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"CC": "/nonexistent", "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)


def test_the_program_is_built_without_paddle_and_tvm(built: str) -> None:
    done = run_without("paddle_cortexm.firmware.build", "--config", built, "--force")
    assert done.returncode == 0 and "made: build/tiny/04_build_app" in done.stdout, done.stderr


def test_the_linked_in_frame_is_judged_without_a_host_compiler(built: str) -> None:
    done = run_without("paddle_cortexm.simulator.run", "--config", built, "--simulator", "qemu")
    assert done.returncode == 0 and done.stdout.strip().endswith("PASS"), done.stdout + done.stderr


@pytest.mark.parametrize("module", ["summary", "readme", "memory", "bench.networks", "accuracy.tables"])
def test_the_measuring_tools_load_neither(module: str) -> None:
    code = REFUSING.replace("sys.argv = sys.argv[1:]\n", "").replace('run_name="__main__"', 'run_name="imported"')
    code = code.replace("sys.argv[0]", repr(f"paddle_cortexm.measure.{module}"))
    done = run_python(code)
    assert done.returncode == 0, done.stderr
