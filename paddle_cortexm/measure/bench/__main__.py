"""Measure every network in every precision, with the project's kernels and, where it is present, with CMSIS-NN.

    make bench            writes docs/performance.md, docs/performance.json and build/bench/results.json
    make bench-check      compares with docs/performance.json, writes nothing there, and fails on a rise above 1 %

What cannot be measured is listed with the reason, in the document too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from paddle_cortexm import cli
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.cmsis_nn import find_library
from paddle_cortexm.measure.bench.check import compare, counts
from paddle_cortexm.measure.bench.measure import Measurement, Missing, from_json, measure
from paddle_cortexm.measure.bench.networks import BENCH_FOLDER, NETWORKS, Variant
from paddle_cortexm.measure.bench.report import markdown
from paddle_cortexm.text_files import read_json, write_json

PRECISIONS = ("int8", "fp16", "fp32")
CMSIS_NN = ("cmsis-nn", "helium", "tvm")
DOCUMENT, COMMITTED = Path("docs/performance.md"), Path("docs/performance.json")
RESULTS = BENCH_FOLDER / "results.json"
Result = Measurement | Missing


def main() -> int:
    """Measure, then write or compare. 1 when a count has risen or could not be measured."""
    options = _arguments().parse_args()
    variants = [v for v in all_variants() if not options.only or options.only in title(v)]
    if options.check:
        lines, passed = compare([measure_and_say(variant) for variant in variants], read_json(COMMITTED))
        print("\n".join(lines))
        return 0 if passed else 1
    results: list[Result] = []
    if options.only and RESULTS.is_file():
        results = [from_json(row) for row in read_json(RESULTS)]
    for variant in variants:
        results = merged(results, [measure_and_say(variant)])
        write(results)
    print(f"made: {DOCUMENT}, {COMMITTED}, {RESULTS}")
    return 0


def write(results: list[Result]) -> None:
    """Write all three files: after every measurement, so that a run which is broken off loses none."""
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    write_json(RESULTS, [asdict(r) for r in results if isinstance(r, Measurement)])
    DOCUMENT.write_text(markdown(results), encoding="utf-8")
    write_json(COMMITTED, counts(results))


def merged(before: Iterable[Result], now: Iterable[Result]) -> list[Result]:
    """What was measured now, and before that what was not tried now; in the order of `all_variants`."""
    found: dict[str, Result] = {result.key: result for result in [*before, *now]}
    return [found[title(variant)] for variant in all_variants() if title(variant) in found]


def all_variants() -> Iterator[Variant]:
    """int8 with CMSIS-NN and without; floats with the project's kernels (CMSIS-NN's are int8)."""
    for precision in PRECISIONS:
        for network in NETWORKS:
            if precision == "int8":
                yield Variant(network, precision, CMSIS_NN)
            yield Variant(network, precision)


def measure_and_say(variant: Variant) -> Result:
    """`measure`, with a line on the terminal; without CMSIS-NN its variants are not tried."""
    titles = variant.network.title, variant.precision, variant.kernels_title
    refusal = _library_refusal() if "cmsis-nn" in variant.kernels else None
    try:
        result = Missing(*titles, refusal, is_library_missing=True) if refusal else measure(variant)
    except UserError as error:
        result = Missing(*titles, str(error))
    figure = f"{result.instructions:,} instructions" if isinstance(result, Measurement) else result.reason
    print(f"{title(variant)}: {figure}", flush=True)
    return result


def _library_refusal() -> str | None:
    """Why CMSIS-NN cannot be used on this machine, or None."""
    try:
        find_library()
    except UserError as error:
        return str(error)
    return None


def title(variant: Variant) -> str:
    """The key of the variant's Measurement."""
    return f"{variant.network.title} {variant.precision} {variant.kernels_title}"


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter, allow_abbrev=False
    )
    parser.add_argument("--check", action="store_true", help="compare with the committed counts")
    parser.add_argument("--only", help="measure what has this in its name (PPLCNet, int8), keep the rest")
    return parser


if __name__ == "__main__":
    cli.run(main)
