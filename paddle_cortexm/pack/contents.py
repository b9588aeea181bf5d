"""What stages 4 and 5 need on a machine that has neither Paddle nor TVM, nor the stages before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from string import Template

from paddle_cortexm.artefacts.deployed import Expected
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.artefacts.program import ProgramSizes
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import Config
from paddle_cortexm.dependencies import closure
from paddle_cortexm.paths import HOST_CODE, REPOSITORY
from paddle_cortexm.stage import STAGES, input_folder, stage_folder
from paddle_cortexm.target import Target

COMPILATION, BUILD, RUN = "03_compile_tvm", "04_build_app", "05_run_fvp"
SCRIPTS = (STAGES[BUILD].script, STAGES[RUN].script)
ENTRIES = ("paddle_cortexm/firmware/build.py", "paddle_cortexm/simulator/run.py")  # what they start
README = Path(__file__).with_name("readme_template.md")
CMSIS_NN = (
    "Arm's CMSIS-NN, which this model uses, for ./04_build_app.sh and for photos: CMSIS_NN_PATH set to a clone, or the "
    "pack ARM::CMSIS-NN below CMSIS_PACK_ROOT."
)


def name_of(config: Config) -> str:
    """What the archive, the folder it unpacks into and the config in it are called."""
    return Path(config.name).name


def program_in(config: Config) -> ProgramSizes | None:
    """What is known of the program, where stage 4 has been run. Raises UserError where it is stale."""
    if not stage_folder(config, BUILD).exists():
        return None
    return ProgramSizes.read(input_folder(config, BUILD))


def contents(config: Config, config_file: Path, program: ProgramSizes | None) -> dict[str, Path | bytes]:
    """The files by their paths in the archive's folder. program: stage 4's, which is left out where there is none.
    Raises UserError for a stage 3 that is missing or stale."""
    compiled = input_folder(config, COMPILATION)
    stages = [compiled, *([stage_folder(config, BUILD)] if program else [])]
    sources = (*STAGES[BUILD].sources, *HOST_CODE, *SCRIPTS, "requirements-run.txt", "LICENSE")
    modules = set[Path]().union(*(closure(REPOSITORY / entry) for entry in ENTRIES))
    shared = _below(REPOSITORY / path for path in sources) | modules
    return {
        **{str(file.relative_to(REPOSITORY)): file for file in shared},
        **{str(file): file for file in _below(stages)},
        f"configs/{name_of(config)}.yaml": config_file,
        "README.md": readme(config, compiled, program).encode(),
    }


def readme(config: Config, compiled: Path, program: ProgramSizes | None) -> str:
    """README.md of the archive. compiled: the stage 3 folder."""
    target, model = target_named(config.compile.target), Model.read(compiled)
    run, build = (f"./{STAGES[stage].script} --config {name_of(config)}" for stage in (RUN, BUILD))
    built = f"The program is in here, built with {program.toolchain}." if program else f"First build it: {build}"
    return Template(README.read_text(encoding="utf-8")).substitute(
        name=name_of(config),
        network=f"{config.model.title}, {config.quantise.precision}",
        board=target.title,
        cpu=target.cpu,
        run=run,
        build=build,
        built=built,
        simulators=simulators(target),
        label=Expected.read(compiled).label,
        crc32=Expected.read(compiled).crc32,
        cmsis_nn=f"* {CMSIS_NN}\n" if model.uses_cmsis_nn else "",
    )


def simulators(target: Target) -> str:
    """Which simulators run a program for the board."""
    fvp = f"Arm's {target.fvp.names[0]}"
    return fvp if target.qemu.lacks else f"{fvp}, or qemu-system-arm with the machine {target.qemu.machine}"


def _below(paths: Iterable[Path]) -> set[Path]:
    """The files, and those in the folders at any depth."""
    found = {file for path in paths for file in [path, *path.rglob("*")] if file.is_file()}
    return {file for file in found if "__pycache__" not in file.parts}
