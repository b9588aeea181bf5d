"""Programs that PaddleSlim quantised keep their scales: thresholds become ranges, weights the integers they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_cortexm.artefacts.quantisation import Recipe
from paddle_cortexm.artefacts.training import ProgramScales
from paddle_cortexm.compiler.frontend.exported.plain import PlainProgram, plain_program
from paddle_cortexm.compiler.frontend.exported.write import write_program
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.graph import Graph
from paddle_cortexm.compiler.integers.realisation import up_to_logits
from paddle_cortexm.quantisation.own_scales import SOURCE, weight_scales, with_own_scales
from paddle_cortexm.quantisation.post_training import Quantised
from tests.compiler.frontend.exported_programs import answer, image, post_training_quantised


def quantised(folder: Path, **options: Any) -> tuple[Quantised, PlainProgram, Graph, np.ndarray]:
    """The small classifier by PaddleSlim's scales, and Paddle's answers for eight images, its activations rounded."""
    stem = post_training_quantised(folder, onnx_format=True, **options)
    plain = plain_program(stem)
    write_program(plain.program, folder)
    graph = up_to_logits(load_graph(folder))
    images = np.concatenate([image(seed) for seed in range(8)])
    steps = {name: tuple(values.tolist()) for name, values in plain.weight_steps.items()}
    scales = ProgramScales(thresholds=plain.program.thresholds, weight_steps=steps)
    reach = float(np.abs(images).max())
    nhwc = np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    made = with_own_scales(graph, nhwc, scales, Recipe(algorithm="mse"), (-reach, reach), quiet=True)
    answers = np.concatenate([answer(stem, one[None]) for one in images])
    np.testing.assert_allclose(made.logits(nhwc), answers, rtol=0, atol=0.08 * np.abs(answers).max())
    return made, plain, graph, answers


def test_thresholds_become_ranges_and_nothing_is_searched(tmp_path: Path) -> None:
    made, plain, graph, _ = quantised(tmp_path)
    known = {name: plain.program.thresholds[name] for name in graph.tensors if name in plain.program.thresholds}
    assert len(known) >= 5
    for name, threshold in known.items():
        if name != graph.output:  # the logits have room beyond what was seen
            ends = made.ranges[name]
            assert max(-ends.minimum, ends.maximum) <= threshold * (1 + 1e-6) and ends.source == SOURCE
    assert not (made.recipe.adaround or made.recipe.equalisation or made.recipe.range_search)
    assert "own scales" in made.recipe.title


@pytest.mark.parametrize("kind", ["abs_max", "channel_wise_abs_max"])
def test_weights_are_the_integers_they_were_behind_a_folded_batch_norm_too(kind: str, tmp_path: Path) -> None:
    made, plain, graph, _ = quantised(tmp_path, weight_quantize_type=kind)
    stem = graph.layers[0]
    given = plain.program.parameters[next(op for op in plain.program.operators if op.kind == "conv2d").input("Filter")]
    rows = given.transpose(0, 2, 3, 1).reshape(len(given), -1)
    largest = np.abs(rows).max() if kind == "abs_max" else np.abs(rows).max(axis=1, keepdims=True)
    before = np.round(rows / largest * 127)
    scales = made.deployed.weight_scales.get(stem.output)
    integers, _, _ = stem.operator.integer_weights(made.grids[graph.input].scale, scales)  # type: ignore[union-attr]
    sign = np.sign((integers.reshape(before.shape) * before).sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(integers.reshape(before.shape), sign * before)


def test_layers_without_steps_have_no_scales_of_their_own(tmp_path: Path) -> None:
    _, _, graph, _ = quantised(tmp_path)
    assert weight_scales(graph, {}) == {}
