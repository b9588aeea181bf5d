"""Fit paddle_cortexm/compiler/kernels/costs.json to the layers of all deployments below build/bench.

    make bench && python -m paddle_cortexm.measure.bench.costs

For more of the tvm backend, deploy a variant with it alone first: --deploy-tvm.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import nnls

from paddle_cortexm import cli
from paddle_cortexm.artefacts.model import Model, PlannedLayer
from paddle_cortexm.artefacts.run import Run
from paddle_cortexm.compiler.kernels.cost_model import COSTS, key, quantities
from paddle_cortexm.errors import UserError
from paddle_cortexm.measure.bench.networks import BENCH_FOLDER, NETWORKS, Variant, deploy

Sample = tuple[tuple[float, ...], int]  # quantities, instructions
SIGNIFICANT = 6  # digits of a factor


def main() -> int:
    """Fit, write, and say how well the estimates agree with what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deploy-tvm", action="store_true", help="first run the small networks with tvm alone")
    if parser.parse_args().deploy_tvm:
        for network in NETWORKS:
            if network.image_size < 224:
                deploy(Variant(network, "int8", ("tvm",)))
    samples = read_samples(BENCH_FOLDER)
    if not samples:
        raise UserError(f"no deployment below {BENCH_FOLDER}. Run make bench first.")
    costs = {name: fit(samples[name]) for name in sorted(samples)}
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(factors)}" for name, factors in costs.items())
    COSTS.write_text(f"{{\n{rows}\n}}\n", encoding="utf-8")
    for name, factors in costs.items():
        print(f"{name}: {len(samples[name])} layers, median error {median_error(factors, samples[name]):.1%}")
    print(f"made: {COSTS}")
    return 0


def read_samples(folder: Path) -> dict[str, list[Sample]]:
    """The layers of every deployment that has run, by cost_model.key."""
    samples: dict[str, list[Sample]] = {}
    for path in sorted(folder.glob(f"*/05_run_fvp/{Run.file}")):
        run, model = Run.read(path.parent), Model.read(path.parent.parent / "03_compile_tvm")
        if run.verdict == "PASS" and run.instructions:
            counted = [layer.instructions or 0 for layer in run.instructions.layers]
            for name, sample in layer_samples(model.layers, counted):
                samples.setdefault(name, []).append(sample)
    return samples


def layer_samples(layers: Sequence[PlannedLayer], counted: Sequence[int]) -> Iterable[tuple[str, Sample]]:
    """layers: the plan's; counted: the instructions of each."""
    for layer, instructions in zip(layers, counted, strict=True):
        name = key(layer.kernel, layer.kind, layer.operator)
        yield name, (quantities(layer.macs, layer.output_shape, layer.input_shapes[0]), instructions)


def fit(samples: list[Sample]) -> list[float]:
    """The factors with the least sum of squared relative errors."""
    given = np.array([quantity for quantity, _ in samples])
    measured = np.array([instructions for _, instructions in samples], float)
    factors, _ = nnls(given / measured[:, None], np.ones(len(samples)))
    return [float(f"{factor:.{SIGNIFICANT}g}") for factor in factors]


def median_error(factors: list[float], samples: list[Sample]) -> float:
    """Of the estimates, relative to what was measured."""
    errors = [abs(float(np.dot(factors, given)) / measured - 1) for given, measured in samples]
    return float(np.median(errors))


if __name__ == "__main__":
    cli.run(main)
