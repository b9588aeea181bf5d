"""Finding CMSIS-NN: where it is looked for, what is refused, and what a user is told to do."""

from pathlib import Path

import pytest

from paddle_cortexm.compiler.backends.cmsis_nn import CmsisNnBackend
from paddle_cortexm.compiler.backends.cmsis_nn.library import find_library, library_version
from paddle_cortexm.errors import UserError


@pytest.fixture(autouse=True)
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMSIS_NN_PATH", raising=False)
    monkeypatch.delenv("CMSIS_PACK_ROOT", raising=False)


def pack(folder: Path, release: str | None = "7.0.0") -> Path:
    """A folder that looks like the library; release None: a clone, which has no release."""
    (folder / "Include").mkdir(parents=True)
    (folder / "Include" / "arm_nnfunctions.h").touch()
    (folder / "CMakeLists.txt").touch()
    (folder / "ARM.CMSIS-NN.pdsc").write_text(f'<releases><release version="{release or "0.0.0"}" /></releases>')
    return folder


def test_a_missing_library_says_how_to_get_it() -> None:
    with pytest.raises(UserError) as error:
        CmsisNnBackend()
    for way in ("cpackget add ARM::CMSIS-NN", "CMSIS_NN_PATH", "CMSIS_PACK_ROOT", "[helium, tvm]"):
        assert way in str(error.value)


def test_the_path_given_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pack(tmp_path / "clone", release=None)
    monkeypatch.setenv("CMSIS_NN_PATH", str(root))
    assert find_library() == root and library_version(root) == (0, 0, 0)


def test_the_newest_pack_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for release in ("7.0.0", "10.1.0", "9.2.0"):
        pack(tmp_path / "ARM" / "CMSIS-NN" / release, release)
    monkeypatch.setenv("CMSIS_PACK_ROOT", str(tmp_path))
    assert find_library().name == "10.1.0"


def test_a_path_without_the_library_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSIS_NN_PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Include/arm_nnfunctions\.h is missing.*cpackget add"):
        find_library()


def test_a_library_that_is_too_old_names_both_versions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSIS_NN_PATH", str(pack(tmp_path / "old", "6.0.0")))
    with pytest.raises(UserError, match=r"version 6\.0\.0; at least 7\.0\.0 is needed"):
        find_library()
