"""Where a deployment's instructions go, by layer and by function.

    make profile CONFIG=pplcnet_corstone310_int8

Runs the program of stage 4 once on QEMU, with a plugin that counts every instruction. Writes build/NAME/profile:
profile.txt (the tables that are printed as well), layers.png.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from paddle_cortexm import cli, config, stage
from paddle_cortexm.boards import target_named
from paddle_cortexm.measure.profile.profile import profile
from paddle_cortexm.measure.profile.report import save_picture, text
from paddle_cortexm.paths import BUILD_FOLDER
from paddle_cortexm.simulator import simulators


def main() -> int:
    """Profile one config's finished deployment."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--config", required=True, help="a name or file under configs/")
    settings = config.load(parser.parse_args().config)
    simulator = simulators.find(target_named(settings.compile.target), "qemu")
    compiled = stage.input_folder(settings, "03_compile_tvm")
    elf = stage.input_folder(settings, "04_build_app") / "app.elf"
    made = profile(compiled, elf, simulator)
    folder: Path = BUILD_FOLDER / settings.name / "profile"
    folder.mkdir(parents=True, exist_ok=True)
    tables = text(made)
    (folder / "profile.txt").write_text(tables + "\n", encoding="utf-8")
    save_picture(folder / "layers.png", made, settings.name)
    print(tables)
    print(f"made: {folder}")
    return 0


if __name__ == "__main__":
    cli.run(main)
