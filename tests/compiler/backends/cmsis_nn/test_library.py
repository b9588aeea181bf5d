"""Finding CMSIS-NN: where it is looked for, what is refused, and what a user is told to do."""

from pathlib import Path

import numpy as np
import pytest

from paddle_cortexm.compiler.backends.cmsis_nn import CmsisNnBackend
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.parts.fixed_point import fixed_points
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.errors import UserError
from paddle_cortexm.host.cmsis_nn import find_library
from tests.compiler.graphs import GraphBuilder
from tests.compiler.wide_networks import BLOCK_OUTPUTS, wide_blocks


@pytest.fixture(autouse=True)
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CMSIS_NN_PATH", raising=False)
    monkeypatch.delenv("CMSIS_PACK_ROOT", raising=False)


def pack(folder: Path, intermediate: str = "int64_t") -> Path:
    """A folder that looks like the library; intermediate: the type that single rounding computes in."""
    (folder / "Include").mkdir(parents=True)
    (folder / "Include" / "arm_nnfunctions.h").write_text("arm_cmsis_nn_status arm_fully_connected_wrapper_s8(void);\n")
    (folder / "Include" / "arm_nnsupportfunctions.h").write_text(
        "int64_t other(void)\n{\n    int64_t result = 0;\n    return result;\n}\n\n"
        "static int32_t arm_nn_requantize(const int32_t val, const int32_t multiplier, const int32_t shift)\n{\n"
        f"    {intermediate} result = val;\n    return result;\n}}\n\nint64_t result;\n"
    )
    (folder / "CMakeLists.txt").touch()
    return folder


def test_a_missing_library_says_how_to_get_it() -> None:
    with pytest.raises(UserError) as error:
        CmsisNnBackend()
    for way in ("cpackget add ARM::CMSIS-NN", "CMSIS_NN_PATH", "CMSIS_PACK_ROOT", "[helium, tvm]"):
        assert way in str(error.value)


def test_the_path_given_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pack(tmp_path / "clone")
    monkeypatch.setenv("CMSIS_NN_PATH", str(root))
    assert find_library() == root


def test_the_newest_pack_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for release in ("7.0.0", "10.1.0", "9.2.0"):
        pack(tmp_path / "ARM" / "CMSIS-NN" / release)
    monkeypatch.setenv("CMSIS_PACK_ROOT", str(tmp_path))
    assert find_library().name == "10.1.0"


def test_a_path_without_the_library_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSIS_NN_PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"Include/arm_nnfunctions\.h is missing.*cpackget add"):
        find_library()


def test_a_library_without_the_functions_is_too_old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = pack(tmp_path / "old")
    (root / "Include" / "arm_nnfunctions.h").write_text("arm_cmsis_nn_status arm_fully_connected_s8(void);\n")
    monkeypatch.setenv("CMSIS_NN_PATH", str(root))
    with pytest.raises(UserError, match="too old: it has no arm_fully_connected_wrapper_s8"):
        find_library()


@pytest.mark.parametrize(("intermediate", "taken"), [("int64_t", True), ("int32_t", False)])
def test_a_scale_that_an_old_library_may_round_wrongly_is_left_to_others(
    intermediate: str, taken: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CMSIS_NN_PATH", str(pack(tmp_path / "library", intermediate)))
    weight, bias = np.ones((4, 8), np.int8), np.zeros(4, np.int32)
    for scale, expected in ((0.25, True), (0.75, taken)):
        requantisation = Requantisation(*fixed_points(np.full(4, scale)), 0, -128, 127)
        operator = IntegerFullyConnected(weight, bias, 0, requantisation)
        builder = GraphBuilder((1, 1, 1, 8))
        builder.add("logits", operator, "image", shape=(1, 1, 1, 4))
        graph = builder.graph()
        assert isinstance(CmsisNnBackend().select(graph, graph.layers[0]), Kernel) == expected


def test_layers_with_int16_tensors_are_left_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CMSIS_NN_PATH", str(pack(tmp_path / "library")))
    graph, backend = wide_blocks(), CmsisNnBackend()
    declined = {layer.output for layer in graph.layers if isinstance(backend.select(graph, layer), Rejection)} - {
        "flat"
    }
    assert declined == {*BLOCK_OUTPUTS, "expand2", "depthwise2", "head", "logits"}
