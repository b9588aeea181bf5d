"""A compiler that leaves out what the kernels' vector code asks for is refused."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from paddle_cortexm.boards import CORSTONE300
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.compiler_check import NEEDS, SOURCE, check_compiler
from paddle_cortexm.firmware.toolchains import Toolchain
from paddle_cortexm.paths import REPOSITORY
from tests.firmware.installed import of_kind

# What the kernels did until clang 14 to 17 were found to take it for zero.
NARROWED_INTO_ITSELF = """#include <arm_mve.h>
/* Needs: vqmovnb.s16, vldrb.s16 with vector offsets. */
int16x8_t table_of_bytes(const int8_t *table, int16x8_t value) {
    const int8x16_t bytes = vqmovnbq_s16(vreinterpretq_s8_s16(value), value);
    return vldrbq_gather_offset_s16(table, vmovlbq_u8(vreinterpretq_u8_s8(bytes)));
}
"""
LEFT_OUT = """#include <arm_mve.h>
/* Needs: vrshl.s32. */
int32x4_t right(int32x4_t value, int32x4_t shift) {
    return vrshlq_s32(value, shift);
}

/* Needs: vqdmulh.s32, vrshl.s32. */
int32x4_t requantised(int32x4_t value, int32x4_t shift) {
    return vrshlq_s32(value, shift);
}
"""


def compiled(folder: Path, text: str, toolchain: Toolchain) -> Path:
    """Compile the text as app/firmware/compiler_check.c into the folder, which then looks like a CMake build folder."""
    (folder / SOURCE).write_text(text)
    command = [*toolchain.compiler, *toolchain.flags, "-O3", "-c", SOURCE, "-o", "check.o"]
    subprocess.run(command, cwd=folder, check=True)
    entry = {"directory": str(folder), "file": str(folder / SOURCE), "command": f"cc -o check.o -c {SOURCE}"}
    (folder / "compile_commands.json").write_text(json.dumps([entry]))
    return folder


def clangs() -> dict[int, Toolchain]:
    found = [t for t in toolchains.every(CORSTONE300, "clang") if isinstance(t, Toolchain)]
    return {int(re.findall(r"\d+", toolchain.version)[0]): toolchain for toolchain in found}


@pytest.mark.parametrize("version", [14, 15, 16, 17])
def test_a_clang_that_takes_narrowed_bytes_for_zero_is_refused(version: int, tmp_path: Path) -> None:
    if version not in (found := clangs()):
        pytest.skip(f"needs clang-{version} and lld-{version}")
    with pytest.raises(UserError) as raised:
        check_compiler(compiled(tmp_path, NARROWED_INTO_ITSELF, found[version]), found[version])
    message = str(raised.value)
    assert (
        f"clang {version}." in message and "compiles Helium code wrongly: table_of_bytes lacks vqmovnb.s16" in message
    )
    assert "--toolchain" in message and "apt install clang-19" in message


def test_a_later_clang_is_not(tmp_path: Path) -> None:
    version, toolchain = max(clangs().items())
    if version < 18:
        pytest.skip("needs clang 18 or later")
    check_compiler(compiled(tmp_path, NARROWED_INTO_ITSELF, toolchain), toolchain)


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_what_is_missing_is_named_with_its_function(kind: str, tmp_path: Path) -> None:
    toolchain = of_kind(CORSTONE300, kind)
    with pytest.raises(UserError, match=r"wrongly: requantised lacks vqdmulh\.s32 \(app/firmware/compiler_check"):
        check_compiler(compiled(tmp_path, LEFT_OUT, toolchain), toolchain)


def test_every_function_of_the_check_says_what_it_needs() -> None:
    text = (REPOSITORY / "app/firmware" / SOURCE).read_text()
    functions = re.findall(r"^\w[^;#]*?(\w+)\([^;]*\) \{$", text, re.MULTILINE)
    assert functions == [match["name"] for match in NEEDS.finditer(text)] and len(functions) == 9
