"""make zoo: every PaddleClas network small enough for a microcontroller, in int8, through all five stages to QEMU.

    make zoo                                 all of them; what is up to date is not run again
    make zoo ARGS="--only ShuffleNetV2"      those with this in their name; the others' results are kept

Writes build/zoo/results.json after every network, and the table of docs/zoo.md. Weights are random, batch norms
calibrated. The status is 1 when a network that was tried did not pass.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from pydantic import TypeAdapter

from paddle_cortexm import cli
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.common.document import fill
from paddle_cortexm.measure.zoo.figures import ZOO_FOLDER, Figures
from paddle_cortexm.measure.zoo.networks import NETWORKS, ZooNetwork
from paddle_cortexm.measure.zoo.report import counted, table
from paddle_cortexm.paths import REPOSITORY
from paddle_cortexm.text_files import read_json, write_json

DOCUMENT, RESULTS = REPOSITORY / "docs" / "zoo.md", ZOO_FOLDER / "results.json"


def main() -> int:
    from paddle_cortexm.measure.zoo.deployment import deploy  # Paddle reads the environment when it is imported

    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--only", default="", help="networks with this in their name")
    only = parser.parse_args().only
    chosen = [network for network in NETWORKS if only in network.backbone]
    if not chosen:
        raise UserError(f"--only {only}: no network of the zoo has this in its name; see {Path('docs/zoo.md')}")
    results = _known()
    for network in chosen:
        results[network.backbone] = figures = deploy(network)
        print(_said(network, figures), flush=True)
        _write(results)
    return 0 if all(results[network.backbone].passed for network in chosen) else 1


def _known() -> dict[str, Figures]:
    """What earlier runs measured, by network."""
    rows = TypeAdapter(list[Figures]).validate_python(read_json(RESULTS)) if RESULTS.is_file() else []
    return {row.network: row for row in rows}


def _said(network: ZooNetwork, figures: Figures) -> str:
    if figures.instructions is None:
        return f"{network.backbone}: {figures.problem}"
    ratio = f"{figures.instructions:,} instructions, {figures.macs_per_instruction:.2f} MAC/instruction"
    return f"{network.backbone}: {'PASS' if figures.passed else 'FAIL'}, {ratio}"


def _write(results: dict[str, Figures]) -> None:
    """In the order of the zoo."""
    rows = [results[network.backbone] for network in NETWORKS if network.backbone in results]
    write_json(RESULTS, [asdict(row) for row in rows])
    blocks = {"zoo": table(rows), "count": counted(rows)}
    DOCUMENT.write_text(fill(DOCUMENT.read_text(encoding="utf-8"), blocks), encoding="utf-8")


if __name__ == "__main__":
    cli.run(main)
