"""Vector code where the CPU has a vector unit it is written for, and the bits of portable C there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.emit.program_data import emit_preprocessing_table
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import quantise_graph
from paddle_cortexm.compiler.pipeline import described_model
from paddle_cortexm.host.model import HostModel, build_library
from paddle_cortexm.host.vectors import USE_VECTORS, X86_FLAGS, vector_flags
from paddle_cortexm.quantisation.ranges.observation import observe, tensor_ranges
from tests.compiler.host import compile_graph
from tests.quantisation.small_graphs import PIXEL_RANGE, block, images, squeezed


def test_x86_64_needs_all_the_features_that_the_compiler_is_told_of() -> None:
    everything = {"sse2", "avx", *X86_FLAGS}
    assert vector_flags("x86_64", everything) == (USE_VECTORS, "-mavx2", "-mfma", "-mf16c")
    for feature in X86_FLAGS:
        assert vector_flags("x86_64", everything - {feature}) == ()


def test_aarch64_always_has_vectors_and_dot_products_where_the_cpu_has() -> None:
    assert vector_flags("aarch64", {"asimd"}) == (USE_VECTORS,)
    assert "dotprod" in " ".join(vector_flags("aarch64", {"asimd", "asimddp"}))


def test_other_machines_run_portable_c() -> None:
    assert vector_flags("riscv64", {"avx2", "fma", "f16c", "asimd"}) == ()


def quantised(graph: Graph) -> Graph:
    ranges = {
        name: (r.minimum, r.maximum)
        for name, r in tensor_ranges(graph, observe(graph, images(32)), {}, "abs_max").items()
    }
    return quantise_graph(graph, ranges, PIXEL_RANGE)


@pytest.mark.parametrize("network", [block, squeezed])
@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_a_whole_network_gives_the_bits_of_portable_c(tmp_path: Path, network: Callable[[], Graph], kind: str) -> None:
    if not vector_flags():
        pytest.skip("this CPU has no vector unit that app/host/vector is written for")
    graph = quantised(network()) if kind == "int8" else network()
    model = compile_graph(tmp_path, graph, backends_named(["helium", "tvm"]))
    folder = tmp_path / "model"
    emit_preprocessing_table(folder, np.zeros((3, 256), kind))
    described_model(model, {}).write(folder)
    vectors, portable = HostModel(folder), HostModel(folder, reference=True)
    assert build_library(folder, vectors.facts) != build_library(folder, vectors.facts, vector_flags())
    random = np.random.default_rng(4)
    for image in images(8):
        pixels = random.integers(-128, 128, image.shape).astype(np.int8) if kind == "int8" else image
        assert vectors.run_input(pixels[None]).tobytes() == portable.run_input(pixels[None]).tobytes()
