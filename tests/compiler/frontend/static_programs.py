"""Small Paddle programs, saved as stage 2 saves them, and what Paddle's own executor answers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.reference import run_float

Floats = NDArray[np.float32]
Build = Callable[[Any], Any]  # static input variable -> output variable
TOLERANCE = 1e-4  # of the largest value


def save_program(folder: Path, build: Build, shape: tuple[int, ...] = (1, 3, 8, 8), seed: int = 0) -> None:
    """Write model.pdmodel and model.pdiparams of a static network with random parameters; input `image`."""
    with static_mode(), paddle.utils.unique_name.guard():
        program, startup = paddle.static.Program(), paddle.static.Program()
        with paddle.static.program_guard(program, startup):
            source = paddle.static.data("image", shape, "float32")
            result = build(source)
        executor = paddle.static.Executor(paddle.CPUPlace())
        executor.run(startup)
        _randomise(program, seed)
        results = result if isinstance(result, list) else [result]
        paddle.static.save_inference_model(
            str(folder / "model"), [source], results, executor, program=program.clone(for_test=True)
        )


def _randomise(program: Any, seed: int) -> None:
    """Parameters as after training: none 0 or 1, variances positive."""
    random, scope = np.random.default_rng(seed), paddle.static.global_scope()
    for parameter in program.all_parameters():
        tensor = scope.find_var(parameter.name).get_tensor()
        values = random.normal(size=tensor.shape()) * 0.5 + (1.0 if "batch_norm" in parameter.name else 0.0)
        tensor.set(
            np.where(np.abs(values) < 0.05, 0.05, np.abs(values) if ".w_2" in parameter.name else values).astype(
                np.float32
            ),
            paddle.CPUPlace(),
        )


def paddles_answer(folder: Path, image: Floats) -> Floats:
    """What Paddle's executor makes of one NCHW image."""
    with static_mode():
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, feeds, fetches = paddle.static.load_inference_model(str(folder / "model"), executor)
        return np.asarray(executor.run(program, {feeds[0]: image}, fetches)[0])


def random_image(shape: tuple[int, ...], seed: int = 1) -> Floats:
    return np.random.default_rng(seed).normal(scale=3.0, size=shape).astype(np.float32)


def check_against_paddle(folder: Path, shape: tuple[int, ...] = (1, 3, 8, 8)) -> Graph:
    """Import the saved program, run it and Paddle's executor on one image, compare; returns the graph."""
    graph, image = load_graph(folder), random_image(shape)
    expected = paddles_answer(folder, image)
    actual = run_float(graph, image.transpose(0, 2, 3, 1))[graph.output]
    if expected.ndim == 4:
        expected = expected.transpose(0, 2, 3, 1)
    assert graph.tensors[graph.output].elements == expected.size
    np.testing.assert_allclose(
        actual.reshape(expected.shape), expected, rtol=0, atol=TOLERANCE * np.abs(expected).max()
    )
    return graph


def imported(folder: Path, *steps: Build, shape: tuple[int, ...] = (1, 3, 8, 8)) -> Graph:
    """Save the steps one after the other, import them, compare with Paddle; returns the graph."""
    save_program(folder, lambda x: functools.reduce(lambda value, step: step(value), steps, x), shape)
    return check_against_paddle(folder, shape)


def operators(graph: Graph) -> list[str]:
    """Operator names in order; an activation by its kind."""
    return [getattr(layer.operator, "kind", type(layer.operator).__name__) for layer in graph.layers]


def conv(channels: int, outputs: int, kernel: int = 1, **options: Any) -> Build:
    return lambda x: paddle.nn.Conv2D(channels, outputs, kernel, **options)(x)


def linear(inputs: int, outputs: int) -> Build:
    return lambda x: paddle.nn.Linear(inputs, outputs)(x)


def constant(shape: tuple[int, ...]) -> Any:
    """A parameter inside a static network."""
    return paddle.static.create_parameter(list(shape), "float32")


def raw_operator(kind: str, inputs: dict[str, Any], attributes: dict[str, Any]) -> Any:
    """An operator that Paddle's present layers no longer make, such as mul."""
    from paddle.base.layer_helper import LayerHelper

    helper = LayerHelper(kind)
    result = helper.create_variable_for_type_inference("float32")
    helper.append_op(type=kind, inputs=inputs, outputs={"Out": [result]}, attrs=attributes)
    return result
