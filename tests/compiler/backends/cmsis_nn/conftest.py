"""The library for the tests that need it: CMSIS_NN_PATH or a pack. They are skipped where it is absent."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.cmake_variables import cmake_variables
from paddle_cortexm.host.cmsis_nn import find_library
from paddle_cortexm.host.cmsis_nn_build import HostLibrary, build_for_host
from paddle_cortexm.host.compiler import host_compiler
from tests.compiler.backends.helium.rig.runners import External, missing_tools

FLAGS = "-w -ffp-contract=off -DCMSIS_NN_USE_SINGLE_ROUNDING"


@pytest.fixture(scope="session")
def library() -> Path:
    try:
        return find_library().resolve()
    except UserError as error:
        pytest.skip(f"needs CMSIS-NN: {error}")


@pytest.fixture(scope="session")
def host_library(library: Path, tmp_path_factory: pytest.TempPathFactory) -> HostLibrary:
    """The plain C of the library, built for the host."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("host"))
        built = build_for_host(library, host_compiler())
        return HostLibrary(built.include, built.archive.resolve())


@pytest.fixture(scope="session")
def target_library(library: Path, tmp_path_factory: pytest.TempPathFactory) -> External:
    """The library with Helium, for the Cortex-M55."""
    if missing := missing_tools():
        pytest.skip(f"not installed: {', '.join(missing)}")
    toolchain = toolchains.choose(CORSTONE300, "clang")
    folder = tmp_path_factory.mktemp("target")
    variables = {**cmake_variables(toolchain, folder), "CMAKE_C_FLAGS_RELEASE": FLAGS}
    variables |= {"CMAKE_BUILD_TYPE": "Release", "CMSIS_OPTIMIZATION_LEVEL": "-O3"}
    definitions = [f"-D{name}={value}" for name, value in variables.items()]
    for command in (
        ["cmake", "-S", str(library), "-B", str(folder), "-G", "Ninja", *definitions],
        ["ninja", "-C", str(folder), "cmsis-nn"],
    ):
        done = subprocess.run(command, capture_output=True, text=True, env=os.environ)
        assert done.returncode == 0, done.stdout + done.stderr
    return External(library / "Include", next(folder.rglob("libcmsis-nn.a")))
