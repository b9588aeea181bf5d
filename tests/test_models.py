"""Weights from files: what does not fit or cannot be right is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle
import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.models import build

BACKBONE = "PPLCNet_x0_25"


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_not_finite_are_refused_with_the_tensor_s_name(tmp_path: Path, value: float) -> None:
    state = build(BACKBONE, 10).network.state_dict()
    name = next(iter(state))
    state[name] = paddle.full_like(state[name], value)
    paddle.save(state, str(tmp_path / "broken.pdparams"))
    with pytest.raises(UserError, match=rf"broken\.pdparams holds values that are not finite.*1 of .*{name}"):
        build(BACKBONE, 10, str(tmp_path / "broken.pdparams"))
