"""Pack a deployment for a machine that only builds it and runs it, or only runs it: neither Paddle nor TVM is needed
there.

    make pack CONFIG=pplcnet_corstone310_int8

Reads build/NAME/03_compile_tvm and, where stage 4 has been run, build/NAME/04_build_app. Writes
build/NAME/NAME-pack.tar.gz with these, the config, both scripts and what they import, and a README.md that says how to
go on. The same files give the same archive.
"""

from __future__ import annotations

import argparse

from paddle_cortexm import cli
from paddle_cortexm.artefacts.model import Model
from paddle_cortexm.boards import target_named
from paddle_cortexm.config import config_path, load
from paddle_cortexm.pack.archive import write_archive
from paddle_cortexm.pack.contents import CMSIS_NN, COMPILATION, contents, name_of, program_in, simulators
from paddle_cortexm.paths import BUILD_FOLDER
from paddle_cortexm.stage import stage_folder


def main() -> None:
    parser = cli.ScriptParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument(
        "--config", required=True, type=cli.config_argument, help="a name under configs/, or the path of a file"
    )
    given = parser.parse_args().config
    config = load(given)
    program = program_in(config)
    files = contents(config, config_path(given), program)
    archive = BUILD_FOLDER / config.name / f"{name_of(config)}-pack.tar.gz"
    write_archive(archive, name_of(config), files)
    figures: dict[str, object] = {
        "files": f"{len(files)}, packed into {archive.stat().st_size:,} bytes",
        "program": f"built with {program.toolchain}" if program else "not built: ./04_build_app.sh does it there",
        "needed there": f"Python {'.'.join(map(str, cli.OLDEST_PYTHON))} or newer with venv; "
        + simulators(target_named(config.compile.target)),
    }
    if Model.read(stage_folder(config, COMPILATION)).uses_cmsis_nn:
        figures["and"] = CMSIS_NN
    there = f"tar -xmzf {archive.name} && cd {name_of(config)}"
    cli.summary(archive, True, figures, f"copy it to the other machine; there: {there}, and read README.md")


if __name__ == "__main__":
    cli.run(main)
