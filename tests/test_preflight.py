"""What cannot be compiled is refused before it is trained, all of it at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import paddle
import pytest

from paddle_cortexm.compiler.frontend.unsupported import unsupported_in
from paddle_cortexm.config import Config
from paddle_cortexm.errors import UserError
from paddle_cortexm.preflight import check_compilable
from tests.compiler.frontend.static_programs import save_program


def config(backbone: str, model: dict[str, Any] | None = None, **sections: Any) -> Config:
    values = {"name": "x", "model": {"backbone": backbone, "image_size": 64, **(model or {})}, **sections}
    return Config.model_validate(values)


@pytest.mark.parametrize("precision", ["int8", "fp32", "fp16"])
def test_a_network_that_compiles_passes(precision: str) -> None:
    check_compilable(config("PPLCNet_x0_25", quantise={"precision": precision}))


def test_a_network_for_one_channel_wants_images_of_one() -> None:
    check_compilable(config("DSCNN", {"image_size": [49, 10]}, data={"colour": "grey"}))
    with pytest.raises(UserError, match=r"DSCNN cannot take 49 × 10 images with 3 channels .*data\.colour"):
        check_compilable(config("DSCNN", {"image_size": [49, 10]}))


def test_several_answers_are_refused_by_number() -> None:
    with pytest.raises(UserError, match=r"in evaluation, GoogLeNet answers with 3 tensors, not with one"):
        check_compilable(config("GoogLeNet", {"image_size": 224}))


def test_everything_that_stands_in_the_way_is_named_at_once(tmp_path: Path) -> None:
    def build(image: paddle.Tensor) -> paddle.Tensor:
        wide = paddle.static.nn.conv2d(image, 8, 3, padding=1)
        fast = paddle.erf(wide)  # no import at all
        turned = paddle.reshape(paddle.reshape(fast, [1, 4, 2, 8, 8]), [1, 8, 8, 8])
        return paddle.static.nn.conv2d(paddle.erf(turned), 8, 3, padding=1)

    save_program(tmp_path, build)
    erf, *reshapes = unsupported_in(tmp_path)
    assert erf == "erf: this operator is not supported; layers erf_0.tmp_0, erf_1.tmp_0"
    assert all("reshape2_" in line for line in reshapes)


def test_what_load_graph_takes_has_nothing_to_be_said_of(tmp_path: Path) -> None:
    save_program(tmp_path, lambda image: paddle.nn.functional.relu(paddle.static.nn.conv2d(image, 8, 3)))
    assert unsupported_in(tmp_path) == ()
