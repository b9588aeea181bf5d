"""A model gets its own Python and libraries, and nothing of ours."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path

import pytest

from paddle_cortexm.simulator.fvp_environment import applied, as_command, changes, glibc_version, installation_of
from tests.simulator.stand_ins import executable, install

OLD_GLIBC, NEW_GLIBC = (2, 36), (2, 41)


def test_a_model_gets_the_python_and_the_libraries_of_its_installation(tmp_path: Path) -> None:
    model = install(tmp_path)
    changed = changes(model, {"FVP_LD_LIBRARY_PATH": "/opt/own", "LD_LIBRARY_PATH": "/of/cv2"}, OLD_GLIBC)
    assert changed["PYTHONHOME"] == f"{tmp_path}/python"
    assert changed["LD_LIBRARY_PATH"] == f"{tmp_path}/python/lib:{tmp_path}/fmtplib:{model.parent}:/opt/own"


def test_a_model_of_avh_is_installed_two_folders_up_and_links_to_it_are_followed(tmp_path: Path) -> None:
    model = executable(tmp_path / "avh-linux-x86/bin/models/FVP")
    (tmp_path / "avh-linux-x86/fmtplib").mkdir()
    link = tmp_path / "FVP"
    link.symlink_to(model)
    assert installation_of(link) == tmp_path / "avh-linux-x86"
    assert changes(link, {}, OLD_GLIBC)["LD_LIBRARY_PATH"] == f"{tmp_path}/avh-linux-x86/fmtplib:{model.parent}"


def test_an_old_model_without_python_gets_its_folder_and_what_the_user_exported(tmp_path: Path) -> None:
    model = executable(tmp_path / "VHT")
    given = {"FVP_PYTHONHOME": "/usr", "FVP_LD_LIBRARY_PATH": "/opt/python3.9/lib"}
    changed = changes(model, given, OLD_GLIBC)
    assert (changed["PYTHONHOME"], changed["LD_LIBRARY_PATH"]) == ("/usr", f"{tmp_path}:/opt/python3.9/lib")
    assert "PYTHONHOME" not in changes(model, {}, OLD_GLIBC)


def test_our_python_is_kept_from_it(tmp_path: Path) -> None:
    ours = {"PYTHONPATH": "/repository", "VIRTUAL_ENV": "/repository/.venv", "HOME": "/home/user"}
    changed = changes(executable(tmp_path / "VHT"), ours, OLD_GLIBC)
    assert applied(changed, ours) == {"HOME": "/home/user", "LD_LIBRARY_PATH": str(tmp_path)}


@pytest.mark.parametrize(
    ("glibc", "user", "model"),
    [
        (OLD_GLIBC, None, None),
        ((), None, None),
        (NEW_GLIBC, None, "glibc.rtld.execstack=2"),
        ((3, 0), "glibc.malloc.check=1", "glibc.malloc.check=1:glibc.rtld.execstack=2"),
        (NEW_GLIBC, "glibc.rtld.execstack=1", "glibc.rtld.execstack=1"),
    ],
)
def test_a_new_glibc_is_told_to_load_its_libraries(
    tmp_path: Path, glibc: tuple[int, ...], user: str | None, model: str | None
) -> None:
    given = {"GLIBC_TUNABLES": user} if user else {}
    changed = changes(executable(tmp_path / "VHT"), given, glibc)
    assert applied(changed, given).get("GLIBC_TUNABLES") == model


def test_the_version_of_glibc_is_read() -> None:
    said = subprocess.run(["getconf", "GNU_LIBC_VERSION"], capture_output=True, text=True, check=True).stdout
    assert said == f"glibc {'.'.join(map(str, glibc_version()))}\n"


def test_the_changes_can_be_made_in_a_shell() -> None:
    command = shlex.join([*as_command({"GONE": None, "SET": "to two words"}), "sh", "-c", 'echo "${GONE:-} $SET"'])
    done = subprocess.run(["sh", "-c", f"GONE=here {command}"], capture_output=True, text=True)
    assert done.stdout == " to two words\n" and as_command({}) == []
