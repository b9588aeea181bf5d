"""One line a deployment: name, class, score, instructions, verdict.

    python -m paddle_cortexm.measure.summary mobilenetv2_corstone300_fp32 pplcnet_corstone310_int8

Reads the run.json of finished runs; the status is 1 when one of them is missing or did not pass.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from paddle_cortexm import cli, config, stage
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.simulator import run_report


def main(names: Sequence[str]) -> int:
    """Print the closing line of each deployment's last run."""
    runs = [Run.read(stage.input_folder(config.load(name), "05_run_fvp")) for name in names]
    for run in runs:
        print(run_report.text(run).splitlines()[-1])
    return 0 if all(run.verdict == "PASS" for run in runs) else 1


if __name__ == "__main__":
    cli.run(lambda: main(sys.argv[1:]))
