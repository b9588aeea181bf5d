"""Stage 4: the program is built, measured and proved to use Helium."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.program import ProgramSizes
from paddle_cortexm.boards import CORSTONE300, CORSTONE310
from paddle_cortexm.dependencies import sha256
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import isa_proof, toolchains
from paddle_cortexm.firmware.build import build_program, explain_overflow
from paddle_cortexm.firmware.size_report import measure
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.stage import manifest_of
from tests.firmware.installed import of_kind
from tests.simulator.simulated import Deployment, Script
from tests.tiny_model import tiny_facts, write_tiny_model


def test_the_script_leaves_program_map_and_sizes(deployment: Deployment, script: Script) -> None:
    done = script("04_build_app.sh", "--config", deployment())
    assert done.returncode == 0, done.stderr
    folder = Path("build/tiny/04_build_app")
    assert {path.name for path in folder.iterdir()} == {"app.elf", "app.map", "size.json", "manifest.json"}
    sizes = ProgramSizes.read(folder)
    assert sizes.totals["arena"] == 1024 and sizes.totals["stack"] == 8192
    assert sizes.regions["DDR"].contents["frames"] == 24 * 30 * 3 + 1024 * 1024 * 3 + 10  # 10 logits
    assert all(region.used + region.free == region.size for region in sizes.regions.values())
    assert "compiler: " in done.stdout and "DTCM" in done.stdout
    assert "largest layer: sums, 1,024 bytes live while it runs" in done.stdout
    assert "next: ./05_run_fvp.sh --config tiny" in done.stdout


def test_a_second_build_is_skipped_unless_the_compiler_differs(deployment: Deployment, script: Script) -> None:
    of_kind(CORSTONE300, "gcc")
    name = deployment()
    assert "made: " in script("04_build_app.sh", "--config", name).stdout
    assert "up to date: " in script("04_build_app.sh", "--config", name).stdout
    assert "made: " in script("04_build_app.sh", "--config", name, "--toolchain", "gcc").stdout
    again = script("04_build_app.sh", "--config", name).stdout
    assert "made: " in again and "rebuilding: the program there was built with arm-none-eabi-gcc" in again


def test_a_missing_stage_names_the_script_to_run(deployment: Deployment, script: Script) -> None:
    deployment()
    subprocess.run(["rm", "-r", "build/tiny/03_compile_tvm"], check=True)
    done = script("04_build_app.sh", "--config", "tiny")
    assert done.returncode == 2
    assert "Run ./03_compile_tvm.py --config tiny first" in done.stderr


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_a_region_that_overflows_is_named_with_the_excess(tmp_path: Path, kind: str) -> None:
    model = write_tiny_model(tmp_path / "model", arena=600_000)
    with pytest.raises(
        UserError, match=r"memory region DTCM \(524,288 bytes\) overflows by 8\d,\d{3} bytes.*arena, hot"
    ):
        build_program(tmp_path / "objects", model, CORSTONE300, of_kind(CORSTONE300, kind))


@pytest.mark.parametrize(
    ("region", "advice"),
    [("ITCM", "fewer kinds of layers"), ("DDR", "compile.memory.regions.weights"), ("DTCM", "compile.memory.arena")],
)
def test_the_advice_for_a_region_that_overflows_is_about_what_it_holds(region: str, advice: str) -> None:
    regions = {"arena": "DTCM", "weights": "DDR", "hot": "SRAM"}
    with pytest.raises(UserError) as raised:
        explain_overflow(f"region `{region}' overflowed by 12 bytes", CORSTONE300, regions)
    others = {"fewer kinds of layers", "compile.memory.regions.weights", "compile.memory.arena"} - {advice}
    assert advice in str(raised.value) and not any(other in str(raised.value) for other in others)


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_an_arena_of_another_size_than_planned_is_not_linked(tmp_path: Path, kind: str) -> None:
    model = write_tiny_model(tmp_path / "model")
    memory = tiny_facts().memory
    larger = memory.model_copy(update={"arena_bytes": memory.arena_bytes + 16})
    tiny_facts().model_copy(update={"memory": larger}).write(model)
    with pytest.raises(RuntimeError, match="the arena has not the planned size"):
        build_program(tmp_path / "objects", model, CORSTONE300, of_kind(CORSTONE300, kind))


def test_other_link_errors_are_not_taken_for_an_overflow() -> None:
    explain_overflow("ld.lld: error: undefined symbol: model_run", CORSTONE300, {"arena": "DTCM"})


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_two_builds_give_identical_bytes(tmp_path: Path, kind: str) -> None:
    model = write_tiny_model(tmp_path / "model")
    toolchain = of_kind(CORSTONE300, kind)
    first, second = (build_program(tmp_path / name, model, CORSTONE300, toolchain) for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_folders_with_a_space_in_their_names_are_no_matter(tmp_path: Path, kind: str) -> None:
    toolchain = of_kind(CORSTONE300, kind)
    folder = tmp_path / "a folder"
    model = write_tiny_model(folder / "model")
    paths = (Path(toolchain.linker[0]), toolchain.library.include, *toolchain.library.folders)
    links = [folder / f"{number}" / path.name for number, path in enumerate(paths)]
    for link, path in zip(links, paths, strict=True):
        link.parent.mkdir()
        link.symlink_to(path)
    library = replace(toolchain.library, include=links[1], folders=tuple(links[2:]))
    elsewhere = replace(toolchain, linker=(str(links[0]),), library=library)
    expected = build_program(tmp_path / "objects", model, CORSTONE300, toolchain)
    assert build_program(folder / "objects", model, CORSTONE300, elsewhere).read_bytes() == expected.read_bytes()


def test_what_the_program_itself_takes_is_within_the_target_s_reserve(tmp_path: Path) -> None:
    model = write_tiny_model(tmp_path / "model")
    elf = build_program(tmp_path / "objects", model, CORSTONE310, toolchains.choose(CORSTONE310))
    contents = measure(elf, CORSTONE310, tiny_facts().regions)[1]["DTCM"].contents
    assert contents["stack"] + contents["data"] <= CORSTONE310.reserved("DTCM")


MVE_KERNEL = """#if defined(__ARM_FEATURE_MVE)
#include <arm_mve.h>
#endif
void twice(signed char *values, int count);
void twice(signed char *values, int count)
{
#if defined(__ARM_FEATURE_MVE)
    for (; count >= 16; count -= 16, values += 16) {
        vst1q_s8(values, vaddq_s8(vld1q_s8(values), vld1q_s8(values)));
    }
#endif
    for (; count > 0; count--, values++) {
        *values = (signed char)(*values * 2);
    }
}
"""


def compile_kernel(folder: Path, kind: str, cpu: str) -> toolchains.Toolchain:
    """Compile MVE_KERNEL for a CPU into folder, which then looks like a CMake build folder."""
    toolchain = of_kind(CORSTONE300, kind)
    (folder / "twice_s8.c").write_text(MVE_KERNEL)
    command = [*toolchain.compiler, *replace(toolchain, cpu=cpu).flags, "-O3", "-c"]
    subprocess.run([*command, "-fno-tree-vectorize", "twice_s8.c", "-o", "twice_s8.o"], cwd=folder, check=True)
    entry = {"directory": str(folder), "file": str(folder / "twice_s8.c"), "command": "cc -o twice_s8.o -c twice_s8.c"}
    (folder / "compile_commands.json").write_text(json.dumps([entry]))
    return toolchain


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_the_helium_instructions_of_a_kernel_are_counted(tmp_path: Path, kind: str) -> None:
    toolchain = compile_kernel(tmp_path, kind, "cortex-m55")
    source = str(tmp_path / "twice_s8.c")
    assert isa_proof.check_helium(tmp_path, [source], toolchain.objdump)[source] >= 3


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_a_kernel_compiled_without_helium_is_an_error(tmp_path: Path, kind: str) -> None:
    toolchain = compile_kernel(tmp_path, kind, "cortex-m55+nomve")
    with pytest.raises(UserError, match=r"without a single Helium instruction: .*twice_s8\.c"):
        isa_proof.check_helium(tmp_path, [str(tmp_path / "twice_s8.c")], toolchain.objdump)


def test_every_kernel_promises_helium_but_those_that_only_call_others_or_copy() -> None:
    sources = (REPOSITORY / "app/runtime/helium").glob("*.c")
    assert {path.name for path in sources if not isa_proof.promises_mve(path)} == {
        "crop.c",
        "pixels.c",
        "pointwise_s8.c",
        "pointwise_s16.c",
        "fully_connected_s8.c",
    }


@pytest.mark.parametrize(
    ("header", "promises"),
    [
        ("#if HELIUM_MVE\nint vectors;\n#endif\n", True),
        ("#  if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)\n#endif\n", True),
        ("/* HELIUM_MVE is 1 where the vector code is compiled. */\nint plain;\n", False),
    ],
)
def test_a_source_promises_helium_where_a_header_of_a_header_has_code_for_it(
    header: str, promises: bool, tmp_path: Path
) -> None:
    (tmp_path / "kernel.c").write_text('#include "outer.h"\n#include <stdint.h>\n#include "elsewhere.h"\n')
    (tmp_path / "outer.h").write_text('#include "inner.h"\n')
    (tmp_path / "inner.h").write_text('#include "outer.h"\n' + header)
    assert isa_proof.promises_mve(tmp_path / "kernel.c") is promises


def test_the_macro_s_own_header_promises_nothing(tmp_path: Path) -> None:
    (tmp_path / "kernel.c").write_text('#include "helium.h"\n')
    (tmp_path / "helium.h").write_text("#ifdef __ARM_FEATURE_MVE\n#define HELIUM_MVE 1\n#endif\n")
    assert not isa_proof.promises_mve(tmp_path / "kernel.c")


def test_a_kernel_without_an_mve_variant_needs_no_proof(tmp_path: Path) -> None:
    toolchain = compile_kernel(tmp_path, "gcc", "cortex-m55+nomve")
    (tmp_path / "plain.c").write_text("int plain;\n")
    assert isa_proof.check_helium(tmp_path, [str(tmp_path / "plain.c")], toolchain.objdump) == {}


@pytest.mark.parametrize("kind", ["clang", "gcc"])
def test_a_library_without_helium_is_an_error(tmp_path: Path, kind: str) -> None:
    toolchain = compile_kernel(tmp_path, kind, "cortex-m55+nomve")
    with pytest.raises(UserError, match="without a single Helium instruction"):
        isa_proof.check_library(tmp_path / "twice_s8.o", toolchain.objdump)
    compile_kernel(tmp_path, kind, "cortex-m55")
    assert isa_proof.check_library(tmp_path / "twice_s8.o", toolchain.objdump) >= 3


def test_stage_4_fails_when_a_kernel_that_promises_helium_has_none(deployment: Deployment, script: Script) -> None:
    name = deployment()
    source = Path("broken_s8.c").resolve()
    source.write_text("#ifdef __ARM_FEATURE_MVE\nint broken;\n#endif\n")
    compiled = Path("build/tiny/03_compile_tvm")
    tiny_facts().model_copy(update={"sources": (os.path.relpath(source, REPOSITORY),)}).write(compiled)
    manifest = manifest_of(compiled)
    assert manifest is not None
    outputs = manifest.outputs | {Model.file: sha256(compiled / Model.file)}
    manifest.model_copy(update={"outputs": outputs}).write(compiled)
    done = script("04_build_app.sh", "--config", name)
    assert done.returncode == 2
    assert "compiled without a single Helium instruction" in done.stderr and "broken_s8.c" in done.stderr
    assert not Path("build/tiny/04_build_app").exists()
