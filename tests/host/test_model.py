"""The generated C on the host: what may be looked at, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.host.model import HostModel
from tests.tiny_model import demo_frame, tiny_facts, write_tiny_model


def model(folder: Path, rolling_rows: int | None) -> HostModel:
    """The tiny model whose input is said to be streamed, or not."""
    write_tiny_model(folder)
    facts = tiny_facts()
    image = facts.input_tensor.model_copy(update={"rolling_rows": rolling_rows})
    facts.model_copy(update={"tensors": facts.tensors | {"image": image}}).write(folder)
    return HostModel(folder)


def test_a_hook_sees_each_layer_once(tmp_path: Path) -> None:
    seen: list[int] = []
    host = model(tmp_path / "model", None)
    host.on_layer(seen.append)
    host.run(demo_frame())
    assert seen == [0, 1]


def test_two_models_have_an_arena_each(tmp_path: Path) -> None:
    first, second = model(tmp_path / "model", None), HostModel(tmp_path / "model")
    first.run(demo_frame())
    kept = first.tensor("image")
    second.run(255 - demo_frame())
    assert (first.tensor("image") == kept).all()
    assert (second.tensor("image") != kept).any()


def test_a_whole_tensor_can_be_read(tmp_path: Path) -> None:
    host = model(tmp_path / "model", None)
    host.run(demo_frame())
    assert host.tensor("image").shape == (1, 16, 16, 3)


def test_a_streamed_tensor_is_refused_with_the_way_out(tmp_path: Path) -> None:
    host = model(tmp_path / "model", 3)
    with pytest.raises(UserError, match=r"^image is streamed: only 3 of its 16 rows .* compile.memory.arena: none"):
        host.tensor("image")
    with pytest.raises(UserError, match=r"never exist whole.*compile.memory.arena: none"):
        host.on_layer(lambda layer: None)


def test_a_layer_that_fails_is_named(tmp_path: Path) -> None:
    write_tiny_model(tmp_path / "model", body="return 2;  /* as the generated C counts: the second layer */")
    with pytest.raises(RuntimeError, match=r"layer '1 logits' of the host model failed"):
        HostModel(tmp_path / "model").run(demo_frame())
