"""One of several training processes, started by paddle.distributed.launch: worker.py CONFIG.json FOLDER [--quiet]."""

from __future__ import annotations

import argparse
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.config import Config


def main() -> None:
    from paddle_cortexm.training.distributed.group import launched_group
    from paddle_cortexm.training.distributed.launcher import end_with_starter
    from paddle_cortexm.training.finetune import finetune

    end_with_starter()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("config", type=Path, help="the config as JSON")
    parser.add_argument("folder", type=Path, help="the folder to fill")
    parser.add_argument("--quiet", action="store_true")
    arguments = parser.parse_args()
    config = Config.model_validate_json(arguments.config.read_text(encoding="utf-8"))
    finetune(config, arguments.folder, launched_group(), quiet=arguments.quiet)


if __name__ == "__main__":
    cli.run(main)
