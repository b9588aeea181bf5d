"""Reading a program from its files: what is missing or damaged is refused, and layers know what people call them."""

from __future__ import annotations

from pathlib import Path

import paddle
import pytest

from paddle_cortexm.artefacts.quantisation import ParameterNames
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.frontend.paddle.parameter_names import layer_of
from paddle_cortexm.errors import UserError
from paddle_cortexm.networks.build import build
from paddle_cortexm.quantisation.networks.programs import export_program
from tests.compiler.frontend.static_programs import conv, save_program


@pytest.fixture
def program(tmp_path: Path) -> Path:
    save_program(tmp_path, conv(3, 4))
    return tmp_path


def test_a_missing_program_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.pdmodel: missing\. Run \./02_quantize\.py"):
        load_graph(tmp_path)


def test_missing_weights_are_named(program: Path) -> None:
    (program / "model.pdiparams").unlink()
    with pytest.raises(UserError, match=r"model\.pdiparams: missing; it holds the weights"):
        load_graph(program)


@pytest.mark.parametrize("kept", [0, 10, -1, None], ids=["empty", "a few bytes", "a byte less", "two bytes more"])
def test_weights_of_another_length_are_refused(program: Path, kept: int | None) -> None:
    weights = program / "model.pdiparams"
    content = weights.read_bytes()
    weights.write_bytes(content[:kept] if kept is not None else content + b"xy")
    with pytest.raises(UserError, match=r"model\.pdiparams: does not hold just the weights of model\.pdmodel"):
        load_graph(program)


def test_a_text_file_is_no_program(program: Path) -> None:
    (program / "model.pdmodel").write_text("not a program")
    with pytest.raises(UserError, match=r"model\.pdmodel: not a Paddle program"):
        load_graph(program)


def test_layers_are_called_as_in_the_networks_weights_file(tmp_path: Path) -> None:
    with paddle.utils.unique_name.guard():
        export_program(build("PPLCNet_x0_25", 10).network, tmp_path, (32, 32, 3))
    names = [layer.parameter for layer in load_graph(tmp_path).layers]
    assert names[:3] == ["conv1", "", "blocks2.0.dw_conv"] and names[-1] == "fc"


def test_without_those_names_layers_are_called_as_in_the_program(tmp_path: Path) -> None:
    with paddle.utils.unique_name.guard():
        export_program(build("PPLCNet_x0_25", 10).network, tmp_path, (32, 32, 3))
    (tmp_path / ParameterNames.file).unlink()
    names = [layer.parameter for layer in load_graph(tmp_path).layers]
    assert names[:3] == ["conv2d_0", "", "conv2d_1"] and names[-1] == "linear_0"


@pytest.mark.parametrize(
    ("parameter", "layer"),
    [
        ("blocks3.1.dw_conv.conv.weight", "blocks3.1.dw_conv"),
        ("conv2._first_block._expand_conv._conv.weight", "conv2._first_block._expand_conv"),
        ("conv2_1_expand_weights", "conv2_1_expand"),
        ("conv2d_5.w_0", "conv2d_5"),
        ("fc.weight", "fc"),
        ("conv", "conv"),
    ],
)
def test_a_layers_name_is_its_parameters_without_what_says_weight(parameter: str, layer: str) -> None:
    assert layer_of(parameter) == layer
