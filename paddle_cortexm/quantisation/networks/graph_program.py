"""A float graph as a Paddle program: what PaddleSlim calibrates is what is compiled, with batch norm folded."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import paddle
from numpy.typing import NDArray

from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.weights.weighted import Weighted
from paddle_cortexm.quantisation.networks.paddle_graph import paddle_form
from paddle_cortexm.quantisation.networks.programs import INPUT, STEM

Constants = dict[str, NDArray[np.float32]]


def export_graph(graph: Graph, folder: Path) -> dict[str, str]:
    """Write model.pdmodel and model.pdiparams: input `image`, (any number, C, H, W) float32. Returns what the program
    calls each of the graph's tensors."""
    _, height, width, channels = graph.tensors[graph.input].shape
    main, start, constants = paddle.static.Program(), paddle.static.Program(), Constants()
    with static_mode() as scope, paddle.utils.unique_name.guard():  # names do not depend on what ran before
        with paddle.static.program_guard(main, start), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "(?s).*The behavior of expression")  # of +, which Paddle 1 had otherwise
            source = paddle.static.data(INPUT, [None, channels, height, width], "float32")
            tensors = {graph.input: source}
            for layer in graph.layers:
                inputs = [tensors[name] for name in layer.inputs]
                tensors[layer.output] = _result(layer, inputs, constants)
        executor = paddle.static.Executor(paddle.CPUPlace())
        executor.run(start)
        for name, values in constants.items():
            scope.find_var(name).get_tensor().set(values, paddle.CPUPlace())
        paddle.static.save_inference_model(
            str(folder / STEM), [source], [tensors[graph.output]], executor, program=main
        )
    return {name: tensor.name for name, tensor in tensors.items()}


def _result(layer: Layer, inputs: list[paddle.Tensor], constants: Constants) -> paddle.Tensor:
    """The layer's result in the program that is being built. Weights are parameters, which PaddleSlim quantises, and
    are added to `constants` by name."""
    operator = layer.operator
    if not isinstance(operator, Weighted):
        return paddle_form(layer)(inputs)
    weight, bias = (_parameter(values, constants) for values in (operator.as_convolution().weight, operator.bias))
    return operator.computed_in_paddle(paddle, inputs[0], weight, bias)


def _parameter(values: NDArray[np.float32], constants: Constants) -> paddle.Tensor:
    zero = paddle.nn.initializer.Constant(0.0)
    made = paddle.static.create_parameter(list(values.shape), "float32", default_initializer=zero)
    constants[made.name] = np.ascontiguousarray(values)
    return made
