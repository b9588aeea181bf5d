"""How far an imported float graph is from Paddle's own executor, on the program it was imported from."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import paddle

from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.frontend.paddle.static_mode import static_mode
from paddle_cortexm.compiler.reference import run_float


def import_error(folder: Path, stem: str = "model") -> float:
    """The largest difference of a logit for one random image, as a part of the largest logit."""
    graph = load_graph(folder, stem)
    image = np.random.default_rng(0).normal(size=graph.tensors[graph.input].shape).astype(np.float32)
    with static_mode():
        executor = paddle.static.Executor(paddle.CPUPlace())
        program, feeds, fetches = paddle.static.load_inference_model(str(folder / stem), executor)
        (wanted,) = executor.run(program, {feeds[0]: image.transpose(0, 3, 1, 2)}, fetches)
    got = run_float(graph, image)[graph.output].reshape(wanted.shape)
    return float(np.abs(got - wanted).max() / np.abs(wanted).max())
