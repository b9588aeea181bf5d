"""The constants of a compiled model: C where they are small, a file that the assembler includes where they are not."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.emit import weights
from paddle_cortexm.compiler.emit.weights import ALIGNMENT, BINARY, write_weights
from paddle_cortexm.compiler.kernels.kernel import Constant, KernelGraph
from paddle_cortexm.compiler.operators.elementwise.add import Add
from tests.compiler.arena.streamed_networks import RandomNetwork, image_of
from tests.compiler.graphs import GraphBuilder, kernel
from tests.compiler.host import run_graph


def with_constants(*constants: Constant) -> KernelGraph:
    """A network of one layer that has these."""
    builder = GraphBuilder((1, 1, 1, 4), "int8")
    builder.add("sum", Add(), "image")
    return KernelGraph(builder.graph(), {"sum": kernel(constants=constants)})


def test_weights_from_the_file_compute_what_those_in_c_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = RandomNetwork(3, 12, 12, dtype="float32")
    for channels in (16, 24, 10):
        network.convolution(channels, 3, 2, (1, 1, 1, 1))
    graph = network.builder.graph()
    outputs = []
    for name, limit in (("text", 1 << 30), ("binary", 0)):
        monkeypatch.setattr(weights, "MOST_TEXT", limit)
        (tmp_path / name).mkdir()
        outputs.append(run_graph(tmp_path / name, graph, [HeliumBackend()], image_of(graph)))
        assert (tmp_path / name / "model" / BINARY).is_file() == (name == "binary")
    assert len(set(outputs[0].ravel().tolist())) > 5
    np.testing.assert_array_equal(*outputs)


@pytest.mark.parametrize(("size", "in_file"), [(weights.MOST_TEXT, False), (weights.MOST_TEXT + 1, True)])
def test_small_weights_stay_c_and_so_do_hot_constants_of_any_size(tmp_path: Path, size: int, in_file: bool) -> None:
    hot = Constant("table", np.zeros(weights.MOST_TEXT + 1, np.int8), "hot")
    write_weights(tmp_path, with_constants(hot, Constant("filter", np.zeros(size, np.int8))))
    source = (tmp_path / "model_weights.c").read_text()
    assert ("_filter[" not in source) == (tmp_path / BINARY).is_file() == in_file
    assert "_table[" in source


def test_a_constant_in_c_is_introduced_by_its_shape(tmp_path: Path) -> None:
    write_weights(tmp_path, with_constants(Constant("filter", np.zeros((2, 3, 4), np.int16))))
    assert "/* int16_t 2 x 3 x 4 */\n__attribute__" in (tmp_path / "model_weights.c").read_text()


@settings(max_examples=20)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=4), st.sampled_from(["int8", "int16", "int32", "float32"]))
def test_every_constant_stands_in_the_file_where_the_c_says(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int], dtype: str
) -> None:
    folder = tmp_path_factory.mktemp("weights")
    constants = [Constant(f"c{i}", np.arange(size).astype(dtype) + i) for i, size in enumerate(sizes)]
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(weights, "MOST_TEXT", 0)
        write_weights(folder, with_constants(*constants))
    content, source = (folder / BINARY).read_bytes(), (folder / "model_weights.c").read_text()
    assert hashlib.sha256(content).hexdigest() in source
    named = [line.removesuffix(");").split(", ") for line in source.splitlines() if line.startswith("FROM_FILE(")]
    for constant, (_, offset, count) in zip(constants, named, strict=True):
        assert int(offset) % ALIGNMENT == 0
        assert content[int(offset) : int(offset) + int(count)] == constant.values.tobytes()
