"""Stage 4: cross-compile the program with one compiled model, prove the kernels are Helium, report the sizes.

Called by 04_build_app.sh. Objects stay in build/NAME/.objects_KIND, so that a second build is short; the stage folder
holds what matters: app.elf, app.map, size.json.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import partial
from pathlib import Path

from paddle_cortexm import cli, config, stage
from paddle_cortexm.accuracy_gate import check_accuracy
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.program import LargestLayer, ProgramSizes
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import isa_proof, size_report, toolchains
from paddle_cortexm.firmware.board_files import write_board_files
from paddle_cortexm.firmware.cmake_variables import cmake_variables
from paddle_cortexm.firmware.compiler_check import check_compiler
from paddle_cortexm.firmware.toolchains import Toolchain
from paddle_cortexm.host.build_tools import find_cmake, find_ninja
from paddle_cortexm.host.cmsis_nn import find_library
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.target import Target

TIME_LIMIT = 1800  # seconds, for a build that hangs
# GNU ld: region `DTCM' overflowed by 12 bytes; lld: section '.arena' will not fit in region 'DTCM': overflowed by 12
OVERFLOW = re.compile(
    r"(?:section '(?P<section>[^']+)' will not fit in )?region [`'](?P<region>\w+)'[: ]+overflowed by "
    r"(?P<excess>\d+)"
)


def main() -> int:
    """Parse the command line, run the stage, print the size table."""
    arguments = cli.parser(__doc__ or "")
    arguments.add_argument("--toolchain", help="clang, zig or gcc; without it the first that knows the board's CPU")
    options = arguments.parse_args()
    settings = config.load(options.config)
    check_accuracy(settings, stage.input_folder(settings, "03_compile_tvm"))
    target = target_named(settings.compile.target)
    toolchain = toolchains.choose(target, options.toolchain)
    print(f"compiler: {toolchain} for the {target.cpu} of {target.title}")
    before = _toolchain_before(settings)
    other = before is not None and before != toolchain.version
    if other:
        print(f"rebuilding: the program there was built with {before}, not {toolchain.version} (--toolchain chooses)")
    work = partial(build_stage, settings, target, toolchain)
    folder, redone = stage.run_stage(settings, "04_build_app", work, force=options.force or other)
    sizes = ProgramSizes.read(folder)
    print(size_report.table_text(sizes.regions, sizes.largest_layer))
    helium = f"{sizes.helium_instructions:,} in {len(sizes.helium_sources)} sources (size.json)"
    figures = {"code": f"{sizes.totals['code']:,} bytes", "Helium instructions": helium}
    cli.summary(folder, redone, figures, f"./05_run_fvp.sh --config {settings.argument}")
    return 0


def build_stage(settings: Config, target: Target, toolchain: Toolchain, folder: Path) -> None:
    """Fill the stage folder."""
    compiled = stage.input_folder(settings, "03_compile_tvm")
    model = Model.read(compiled)
    objects = folder.parent / f".objects_{toolchain.kind}"
    elf = build_program(objects, compiled, target, toolchain)
    check_compiler(objects, toolchain)
    helium = isa_proof.check_helium(objects, model.sources, toolchain.objdump)
    if model.uses_cmsis_nn:
        archive = next(objects.rglob("libcmsis-nn.a"))
        helium[archive.name] = isa_proof.check_library(archive, toolchain.objdump)
    shutil.copy(elf, folder / "app.elf")
    shutil.copy(objects / "app.map", folder / "app.map")
    totals, regions = size_report.measure(elf, target, model.regions)
    ProgramSizes(
        target=target.name,
        toolchain=toolchain.version,
        helium_instructions=sum(helium.values()),
        helium_sources=helium,
        totals=totals,
        regions=regions,
        largest_layer=LargestLayer(name=model.memory.peak_layer, live_bytes=model.memory.lower_bound),
    ).write(folder)


def build_program(objects: Path, compiled: Path, target: Target, toolchain: Toolchain) -> Path:
    """Configure and build in the folder `objects`; returns app.elf. compiled: a stage 3 folder.

    Raises UserError when a memory region overflows or a tool is missing, RuntimeError when something does not compile.
    """
    model = Model.read(compiled)
    cmake, ninja = find_cmake().path, find_ninja().path
    variables = {
        "MODEL_FOLDER": str(compiled.resolve()),
        "BOARD_FOLDER": str((objects / "board").resolve()),
        "BOARD_UART": target.uart.kind,
        "CMAKE_MAKE_PROGRAM": str(ninja),
        **cmake_variables(toolchain, objects.with_name(f"{objects.name}_tools")),
    }
    if model.uses_cmsis_nn:
        variables["CMSIS_NN_FOLDER"] = str(find_library().resolve())
    definitions = [f"-D{name}={value}" for name, value in variables.items()]
    empty_unless_same(objects, [*definitions, str(toolchain)])
    write_board_files(objects / "board", target, model.regions, model.memory.arena_bytes)
    program = str(REPOSITORY / "app/firmware")
    done = _run([str(cmake), "-S", program, "-B", str(objects), "-G", "Ninja", *definitions])
    if done.returncode:
        raise RuntimeError(f"cmake failed:\n{_tail(done.stdout)}")
    done = _run([str(ninja), "-C", str(objects), "app.elf"])
    if done.returncode:
        explain_overflow(done.stdout, target, model.regions)
        raise RuntimeError(f"the program does not build:\n{_tail(done.stdout)}")
    return objects / "app.elf"


def empty_unless_same(objects: Path, lines: list[str]) -> None:
    """Start from an empty folder when CMake was told other things the last time, or the compiler at the same path was
    another: it would keep some of it."""
    told, now = objects / "definitions.txt", "\n".join(lines)
    if not told.is_file() or told.read_text() != now:
        shutil.rmtree(objects, ignore_errors=True)
        objects.mkdir(parents=True)
        told.write_text(now)


REMEDIES = {
    "arena": "set a smaller compile.memory.arena, or another compile.memory.regions.arena",
    "hot": "choose another compile.memory.regions.hot",
    "weights": "choose another compile.memory.regions.weights",
    "code": "use fewer kinds of layers and kernels (model.json lists them), or a target with more memory for code",
}


def explain_overflow(linker_output: str, target: Target, regions: dict[str, str]) -> None:
    """Raise UserError when the linker says that a region overflowed: region, excess, what is in it, what helps."""
    found = list(OVERFLOW.finditer(linker_output))
    if not found:
        return
    worst = {match["region"]: 0 for match in found}
    for match in found:
        worst[match["region"]] = max(worst[match["region"]], int(match["excess"]))
    lines = []
    for name, excess in worst.items():
        parts = [part for part, region in regions.items() if region == name]
        parts += ["code"] if name == target.code else []
        holds = f"It holds the model's {', '.join(parts)}. " if parts else ""
        remedies = "; or ".join(REMEDIES[part] for part in parts) or "choose a smaller backbone or image_size"
        lines.append(
            f"{target.name}: memory region {name} ({target.region(name).size:,} bytes) overflows by {excess:,} bytes. "
            f"{holds}To make room: {remedies}. Then run ./03_compile_tvm.py again."
        )
    raise UserError("\n".join(lines))


def _toolchain_before(settings: Config) -> str | None:
    """The compiler of the program that is there; None where there is none, or where it cannot be told."""
    try:
        return ProgramSizes.read(stage.stage_folder(settings, "04_build_app")).toolchain
    except UserError:
        return None


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    """Run a build tool; its errors are in stdout, in order."""
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=TIME_LIMIT)


def _tail(text: str, characters: int = 6000) -> str:
    return text[-characters:]


if __name__ == "__main__":
    cli.run(main)
