"""make accuracy: train, quantise by every method, measure the integer program, run it on the simulator.

    python -m paddle_cortexm.measure.accuracy DATA [--methods "mse;QAT"] [--networks pplcnet_cifar10] [--photos 200]

DATA is a folder (what lies in it: networks.py), or `digits` for two small networks on the embedded data set. A network
whose photos or weights are not there is left out, and said to be; so is ONNX Runtime, the anchor, where it is not
installed. Finished stages are not redone, so an interrupted run goes on where it was. After every measurement it writes
build/accuracy/results.json and, unless the digits are measured, the tables of docs/accuracy.md; it prints the tables at
its end. A run with --methods or --networks keeps the other rows.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.measure.accuracy.comparison import REQUIREMENTS, anchor_rows, is_installed
from paddle_cortexm.measure.accuracy.document import write_tables
from paddle_cortexm.measure.accuracy.experiments import (
    FOLDER,
    METHODS,
    ON_TARGET,
    deployment,
    methods_of,
    pages_folder,
    training_configs,
)
from paddle_cortexm.measure.accuracy.measurement import measured, on_target
from paddle_cortexm.measure.accuracy.networks import NETWORKS, PAGES, Network
from paddle_cortexm.measure.accuracy.pages.dataset import write_pages
from paddle_cortexm.measure.accuracy.results import Row, with_row
from paddle_cortexm.measure.accuracy.tables import summary, tables
from paddle_cortexm.measure.common.scripts import run_script
from paddle_cortexm.paths import BUILD_FOLDER
from paddle_cortexm.text_files import read_json, write_json

DIGITS = "digits"  # in place of a folder
RESULTS = FOLDER / "results.json"


def main() -> None:
    options = _arguments().parse_args()
    methods = _chosen("--methods", options.methods, list(METHODS))
    offered = [network for network in NETWORKS if network.quick == (options.data == DIGITS)]
    names = _chosen("--networks", options.networks, [network.name for network in offered])
    data = Path(options.data).resolve()
    if options.data != DIGITS and not data.is_dir():
        raise UserError(f"{data}: no such folder. Give the folder of imagenet_sample/, flowers/, ... or '{DIGITS}'.")
    if not is_installed():
        print(f"the anchor is left out: pip install --no-deps -r {REQUIREMENTS} installs ONNX Runtime")
    results = known_results()
    for network in (network for network in offered if network.name in names):
        for row in rows(network, data, methods, options.photos):
            results = with_row(known_results(), row)
            write_json(RESULTS, [row.model_dump() for row in results])
            if not network.quick:
                write_tables(results)
    print(f"{summary(results)}\n\n{tables(results)}")


def rows(network: Network, data: Path, methods: Sequence[str], photos: int | None) -> Iterator[Row]:
    """Train the network and measure it by the methods and the anchor; nothing where its data is not there. photos: on
    the simulator, None for the network's own number."""
    absent = [str(path) for path in network.needs(data) if not path.exists()]
    if absent:
        print(f"{network.title}: left out, as there is no {' and no '.join(absent)}")
        return
    if network.data.get("path") == PAGES and not pages_folder(data).is_dir():
        write_pages(pages_folder(data))
    for training in training_configs(network, data):
        run_script("01_finetune.py", training)
    fitting = [method for method in methods_of(network) if method in methods]
    for method in fitting:
        row, count = measured(network, data, method), network.photos if photos is None else photos
        yield on_target(row, network, data, count) if count and method in ON_TARGET else row
    if fitting and is_installed():
        yield from anchor_rows(network, data, BUILD_FOLDER / deployment(network, fitting[0]) / "02_quantize")


def known_results() -> list[Row]:
    """The rows of results.json."""
    return [Row.model_validate(row) for row in read_json(RESULTS)] if RESULTS.is_file() else []


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", help="the data folder, or digits")
    parser.add_argument("--methods", help=f"of {'; '.join(METHODS)} (separated by ;), all without it")
    parser.add_argument("--networks", help=f"of {'; '.join(network.name for network in NETWORKS)}, all without it")
    parser.add_argument("--photos", type=int, help="photos run on the simulator; 0: none")
    return parser


def _chosen(option: str, given: str | None, known: Sequence[str]) -> list[str]:
    names = [name.strip() for name in given.split(";")] if given else list(known)
    for name in names:
        if name not in known:
            raise UserError(f"{option}: no '{name}'{nearest(name, known)}. There are: {'; '.join(known)}")
    return names


if __name__ == "__main__":
    cli.run(main)
