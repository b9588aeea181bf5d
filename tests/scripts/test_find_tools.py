"""What the set-up takes for good enough, on machines made of stand-ins."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from paddle_cortexm.host.build_tools import CMAKE_NEEDED
from paddle_cortexm.host.compiler import CLANG_VERSIONS
from paddle_cortexm.paths import REPOSITORY

# By the scripts themselves and the stand-ins.
NEEDED = ("bash", "cat", "chmod", "cp", "cut", "dirname", "grep", "head", "id", "mkdir", "paste", "rm", "sed", "sh")
NEEDED += ("sort", "tr", "uname")


class Machine:
    """A repository with the real scripts, and a PATH with nothing but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.repository = folder / "a checkout"
        self.bin = folder / "bin"
        self.bin.mkdir()
        shutil.copytree(REPOSITORY / "scripts", self.repository / "scripts")
        shutil.copy(REPOSITORY / "requirements-tools.txt", self.repository)
        for name in NEEDED:
            found = shutil.which(name)
            assert found
            (self.bin / name).symlink_to(found)

    def has(self, name: str, script: str) -> Path:
        """A program on PATH; or, with a slash in its name, in the repository."""
        path = self.repository / name if "/" in name else self.bin / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def asks(self, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        script = f"set -euo pipefail; cd '{self.repository}'; source scripts/find_tools.sh; {command}"
        return self.runs("bash", "-c", script, **environment)

    def runs(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        env = {"PATH": str(self.bin), **environment}
        return subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def python(version: str) -> str:
    """A Python of that version, as far as the scripts ask."""
    return f'shift 2; for allowed; do [ "$allowed" != {version} ] || exit 0; done; exit 1'


@pytest.mark.parametrize(("version", "usable"), [("3.10", False), ("3.11", True), ("3.13", True), ("3.14", False)])
def test_a_python_is_usable_from_3_11_to_3_13(machine: Machine, version: str, usable: bool) -> None:
    machine.has("python3", python(version))
    assert machine.asks("find_python").stdout.strip() == ("python3" if usable else "")


def test_the_python_that_was_fetched_is_found_after_those_of_the_system(machine: Machine) -> None:
    machine.has("python3", python("3.8"))
    machine.has(".python/cpython-3.12.3-linux-x86_64-gnu/bin/python3", python("3.12"))
    assert machine.asks("find_python").stdout.strip() == ".python/cpython-3.12.3-linux-x86_64-gnu/bin/python3"
    machine.has("python3.13", python("3.13"))
    assert machine.asks("find_python").stdout.strip() == "python3.13"


def test_the_python_of_the_environment_is_not_taken_to_make_it_anew(machine: Machine) -> None:
    machine.has(".venv/bin/python3.12", python("3.12"))
    machine.has("python3.13", python("3.13"))
    path = f"{machine.repository}/.venv/bin:{machine.bin}"
    assert machine.asks("find_python", PATH=path).stdout.strip() == "python3.13"


def test_the_python_that_is_named_is_taken_or_refused_but_never_replaced(machine: Machine) -> None:
    machine.has("python3", python("3.12"))
    named = machine.has("a python/python", python("3.11"))
    assert machine.asks("find_python", PYTHON=str(named)).stdout.strip() == str(named)
    machine.has("a python/python", python("3.8"))
    done = machine.runs(str(machine.repository / "scripts/bring_python.sh"), PYTHON=str(named))
    assert done.returncode == 1 and f"PYTHON={named}: no Python 3.11 to 3.13" in done.stderr
    assert "Nothing was installed" in done.stderr


# uv, as far as bring_python.sh calls it: it puts a Python into the project's folder.
UV = f"""
folder=.python/cpython-3.12.9-linux-x86_64-gnu/bin
mkdir -p $folder
printf '#!/bin/sh\\n%s\\n' '{python("3.12")}' > $folder/python3
chmod +x $folder/python3"""
# A Python that is too old, with a pip that brings that uv.
OLD_PYTHON = """
case "$*" in
*--version) ;;
*--target*uv==*) mkdir -p .python/uv/bin && cp a/uv .python/uv/bin/uv ;;
*) exit 1 ;;
esac"""


def test_a_python_is_fetched_by_uv_where_the_system_has_none(machine: Machine) -> None:
    machine.has("python3", OLD_PYTHON)
    machine.has("a/uv", UV)
    done = machine.runs(str(machine.repository / "scripts/bring_python.sh"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == ".python/cpython-3.12.9-linux-x86_64-gnu/bin/python3"
    assert "fetching 3.12 with uv into .python" in done.stderr


def test_without_any_way_to_a_python_nothing_is_installed(machine: Machine) -> None:
    machine.has("python3", python("3.8"))
    done = machine.runs(str(machine.repository / "scripts/bring_python.sh"))
    assert done.returncode == 1 and done.stdout == ""
    assert "make setup PYTHON=FILE. Nothing was installed." in done.stderr


@pytest.mark.parametrize(
    ("version", "enough"), [("3.16.3", False), ("3.18.4", False), ("3.20.0", True), ("3.9", False), ("4.4.5", True)]
)
def test_cmake_is_needed_from_3_20_on(machine: Machine, version: str, enough: bool) -> None:
    machine.has("cmake", f"echo cmake version {version}")
    assert (machine.asks("has_cmake").returncode == 0) is enough


def test_what_pypi_brought_is_not_missing_any_more(machine: Machine) -> None:
    machine.has("cmake", "echo cmake version 3.16.3")
    assert machine.asks("replaceable_parts").stdout.split() == ["clang", "cmake", "ninja-build"]
    machine.has(".venv/bin/cmake", "echo cmake version 4.4.5")
    machine.has(".venv/bin/ninja", "")
    machine.has(".venv/lib/python3.12/site-packages/ziglang/zig", "")
    assert machine.asks("replaceable_parts").stdout == ""


def test_a_clang_counts_with_its_linker_only(machine: Machine) -> None:
    machine.has("clang-16", "")
    assert machine.asks("find_clang").returncode == 1
    machine.has("ld.lld-16", "")
    assert machine.asks("find_clang").stdout.strip() == "clang-16"


def test_a_model_of_arm_s_makes_qemu_unnecessary(machine: Machine) -> None:
    assert machine.asks("has_simulator").returncode == 1
    machine.has("VHT_Corstone_SSE-310", "")
    assert machine.asks("has_simulator").returncode == 0


def test_the_set_up_and_stage_4_ask_for_the_same_versions(machine: Machine) -> None:
    needed, *clangs = machine.asks('echo "$CMAKE_NEEDED" "${CLANG_VERSIONS[@]}"').stdout.split()
    assert needed == ".".join(map(str, CMAKE_NEEDED))
    assert f"VERSION {needed})" in (REPOSITORY / "app/firmware/CMakeLists.txt").read_text()
    assert set(map(int, clangs)) <= set(CLANG_VERSIONS)
