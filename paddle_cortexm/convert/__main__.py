"""Make a config of a PaddleClas training YAML, and say what could not be carried over.

    python -m paddle_cortexm.convert FILE.yaml [-o configs/NAME.yaml]

What is not carried over stands at the head of the config too, with the reason. Nothing is overwritten.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import yaml

from paddle_cortexm import cli
from paddle_cortexm.config import load
from paddle_cortexm.convert.conversion import convert
from paddle_cortexm.errors import UserError
from paddle_cortexm.paths import CONFIG_FOLDER
from paddle_cortexm.text_files import read_text


def main() -> None:
    arguments = cli.ScriptParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    arguments.add_argument("file", type=cli.given_path, help="a training YAML of PaddleClas")
    arguments.add_argument("-o", "--output", type=cli.given_path, help="the config to write: configs/FILE.yaml")
    chosen = arguments.parse_args()
    output = chosen.output or CONFIG_FOLDER / f"{chosen.file.stem}.yaml"
    if output.exists():
        raise UserError(f"{output}: there is such a file. Name another one: -o configs/NAME.yaml")
    values = _read(chosen.file)
    try:
        made = convert(values)
    except UserError as error:
        raise UserError(f"{chosen.file}: {error}") from None
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(made.text(f"Converted from PaddleClas's {chosen.file.name}."), encoding="utf-8")
    try:
        config = load(str(output))
    except UserError:  # a name that is not allowed
        output.unlink()
        raise
    for note in made.notes:
        print(f"not carried over: {note}")
    print(f"made: {output}\nnext: read it through, then ./01_finetune.py --config {config.argument}")


def _read(path: Path) -> dict[str, object]:
    if not path.is_file():
        raise UserError(f"{path}: no such file")
    try:
        values = yaml.safe_load(read_text(path))
    except yaml.YAMLError as error:
        raise UserError(f"{path}: not YAML: {error}") from None
    if not isinstance(values, dict):
        raise UserError(f"{path}: a PaddleClas config is a mapping of sections")
    return values


if __name__ == "__main__":
    cli.run(main)
