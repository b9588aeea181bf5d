"""What a model writes when it does not start is answered with what to do."""

from __future__ import annotations

import pytest

from paddle_cortexm.simulator.fvp_failures import reason

# What models, the loader and Python really write, from public reports (docs/avh.md); of an unknown parameter no report
# was found, so several wordings are recognised.
WRITTEN = {
    "Error: license error: License checkout for feature FM_Simulator with version 11.15 has been denied by Flex "
    "back-end. Error code: -1": "armlm activate -product KEMDK-COM0",
    "armclang: error: Failed to check out a license.\nThe license file could not be found. Check that "
    "ARMLMD_LICENSE_FILE is set correctly.": "Ecosystem FVPs need none",
    "FlexNet Licensing error:-5,357": "it has no licence",
    "No license found": "it has no licence",
    "FVP_Corstone_SSE-320: error while loading shared libraries: libpython3.9.so.1.0: cannot open shared object file: "
    "No such file or directory": "libpython3.9.so.1.0 is missing, the Python in it",
    "FVP: error while loading shared libraries: libatomic.so.1: cannot open": "libatomic.so.1 is missing on",
    "FVP: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.35' not found (required by FVP)": "GLIBC_2.35 is missing",
    "Error: (E549) uncaught exception: /opt/FVP/models/Linux64_GCC-9.3/libarmctmodel.so: cannot enable executable "
    "stack as shared object requires: Invalid argument": "GLIBC_TUNABLES=glibc.rtld.execstack=2",
    "Fatal Python error: init_fs_encoding: failed to get the Python codec of the filesystem encoding": "PYTHONHOME",
    "ModuleNotFoundError: No module named 'encodings'": "PYTHONHOME",
    "/opt/FVP: Exec format error": "another kind of processor",
    "Error: parameter 'mps3_board.uart0.shutdown_tag' not found": "parameter 'mps3_board.uart0.shutdown_tag' not found",
    "ERROR: Unknown parameter: cpu0.MVE": "Unknown parameter: cpu0.MVE",
}


@pytest.mark.parametrize(("wrote", "answer"), WRITTEN.items())
def test_a_known_failure_gets_its_remedy(wrote: str, answer: str) -> None:
    assert answer in (reason(f"Fast Models [11.27.42 (Sep 10 2024)]\n{wrote}\n") or "")


@pytest.mark.parametrize(
    "wrote",
    [
        "",
        "Fast Models [11.18.29 (Apr 8 2022)]\nCopyright 2000-2022 ARM Limited.\nAll Rights Reserved.\n",
        "telnetterminal0: Listening for serial connection on port 5000\n",
        "Segmentation fault\n",
    ],
)
def test_what_is_no_known_failure_gets_none(wrote: str) -> None:
    assert reason(wrote) is None
