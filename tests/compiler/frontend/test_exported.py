"""Programs exported in the ways that people do: the same scores as Paddle's executor, or one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import paddle
import pytest

from paddle_cortexm.compiler.frontend.exported.normalisation import check_normalisation
from paddle_cortexm.compiler.frontend.exported.plain import PlainProgram, plain_program
from paddle_cortexm.compiler.frontend.exported.write import write_program
from paddle_cortexm.compiler.frontend.load import load_graph
from paddle_cortexm.compiler.integers.realisation import up_to_logits
from paddle_cortexm.compiler.reference import run_float
from paddle_cortexm.errors import UserError
from tests.compiler.frontend.exported_programs import (
    CLASSES,
    MEAN,
    SIDE,
    STD,
    Floats,
    answer,
    classifier,
    export,
    export_pir,
    image,
    post_training_quantised,
    trained_quantised,
)

functional = paddle.nn.functional
TOLERANCE = 1e-4


def logits_of(plain: PlainProgram, folder: Path, given: Floats) -> Floats:
    """What is deployed, in float: written, read again, without softmax."""
    folder = folder / "plain"
    folder.mkdir()
    write_program(plain.program, folder)
    graph = up_to_logits(load_graph(folder))
    return run_float(graph, np.ascontiguousarray(given.transpose(0, 2, 3, 1)))[graph.output].reshape(1, -1)


def expected(given: Floats) -> Floats:
    """The classifier's logits."""
    return classifier()(paddle.to_tensor(given)).numpy()


def check(plain: PlainProgram, folder: Path, given: Floats, wanted: Floats) -> None:
    np.testing.assert_allclose(logits_of(plain, folder, given), wanted, rtol=0, atol=TOLERANCE * np.abs(wanted).max())


def test_the_legacy_format_with_batch_norm_and_open_batch(tmp_path: Path) -> None:
    stem = export(tmp_path)
    check(plain_program(stem), tmp_path, image(), answer(stem, image()))


@pytest.mark.parametrize("name", ["inference.pdmodel", "inference.pdiparams", "inference"])
def test_a_program_is_named_by_its_stem_or_any_of_its_files(name: str, tmp_path: Path) -> None:
    export(tmp_path)
    assert plain_program(tmp_path / name).classes == CLASSES


def test_paddle_3s_format_with_open_size_and_softmax(tmp_path: Path) -> None:
    stem, probabilities = export_pir(tmp_path, image())
    plain = plain_program(stem, (SIDE, SIDE))
    wanted = expected(image())
    np.testing.assert_allclose(functional.softmax(paddle.to_tensor(wanted)).numpy(), probabilities, atol=TOLERANCE)
    check(plain, tmp_path, image(), wanted)


def test_both_formats_give_the_same_operators(tmp_path: Path) -> None:
    (tmp_path / "pir").mkdir()
    stem, _ = export_pir(tmp_path / "pir", image())
    legacy = export(tmp_path, behind=functional.softmax, shape=(None, 3, None, None))
    kinds = [[op.kind for op in plain_program(path, (SIDE, SIDE)).program.operators] for path in (stem, legacy)]
    assert kinds[0] == kinds[1]


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (functional.softmax, ""),
        (lambda x: x.argmax(axis=1), "ends in argmax"),
        (lambda x: functional.softmax(x).argmax(axis=-1, keepdim=True).astype("int32"), "ends in argmax"),
        (lambda x: paddle.topk(functional.softmax(x), 2)[1], "ends in top-k"),
    ],
    ids=["softmax", "argmax", "argmax of softmax", "top-k"],
)
def test_what_only_chooses_at_the_end_comes_off(behind: Callable[..., Any], said: str, tmp_path: Path) -> None:
    plain = plain_program(export(tmp_path, behind=behind))
    assert said in " ".join(plain.notes) and bool(said) == bool(plain.notes)
    check(plain, tmp_path, image(), expected(image()))


def test_a_sigmoid_at_the_end_stays(tmp_path: Path) -> None:
    plain = plain_program(export(tmp_path, behind=functional.sigmoid))
    assert plain.program.operators[-1].kind == "sigmoid" and not plain.notes


def normalised(x: Any) -> Any:
    return (x / 255.0 - paddle.to_tensor(MEAN).reshape([1, 3, 1, 1])) / paddle.to_tensor(STD).reshape([1, 3, 1, 1])


def test_normalisation_inside_is_left_to_the_preprocessing(tmp_path: Path) -> None:
    plain = plain_program(export(tmp_path, before=normalised))
    check_normalisation(plain.steps, MEAN, STD)
    check(plain, tmp_path, image(), expected(image()))


def test_another_normalisation_is_refused_with_the_values_to_write(tmp_path: Path) -> None:
    plain = plain_program(export(tmp_path, before=normalised))
    with pytest.raises(UserError, match=r"Set data\.mean: \[0\.485, 0\.456, 0\.406\] and data\.std: \[0\.229, 0\.22"):
        check_normalisation(plain.steps, (0.5, 0.5, 0.5), STD)


def test_an_image_of_bytes_in_nhwc(tmp_path: Path) -> None:
    def before(x: Any) -> Any:
        return (x.astype("float32") / 127.5 - 1.0).transpose([0, 3, 1, 2])

    stem = export(tmp_path, before=before, shape=(None, SIDE, SIDE, 3), dtype="uint8")
    plain, pixels = plain_program(stem), np.random.default_rng(0).integers(0, 256, (1, SIDE, SIDE, 3), np.uint8)
    check_normalisation(plain.steps, [0.5] * 3, [0.5] * 3)
    given = (pixels.astype(np.float32) / 127.5 - 1.0).transpose(0, 3, 1, 2)
    check(plain, tmp_path, given, answer(stem, pixels))


def test_channels_turned_round_inside_go_into_the_first_weights(tmp_path: Path) -> None:
    def before(x: Any) -> Any:
        return (x.flip([1]) - paddle.to_tensor(MEAN).reshape([1, 3, 1, 1])) * 2.0

    stem = export(tmp_path, before=before)
    plain = plain_program(stem)
    check_normalisation(plain.steps, MEAN[::-1], [0.5] * 3)
    given = ((image() - np.float32(MEAN[::-1]).reshape(1, 3, 1, 1)) * 2).astype(np.float32)
    check(plain, tmp_path, given, answer(stem, image()))


def test_a_resize_inside_is_left_to_the_preprocessing(tmp_path: Path) -> None:
    def before(x: Any) -> Any:
        return functional.interpolate(x, [SIDE, SIDE], mode="bilinear")

    plain = plain_program(export(tmp_path, before=before, shape=(None, 3, 2 * SIDE, 2 * SIDE)))
    assert plain.image_size == (SIDE, SIDE) and "from 32 × 32 to 16 × 16" in plain.notes[0]
    check(plain, tmp_path, image(), expected(image()))


def test_of_several_outputs_one_is_chosen_and_the_rest_forgotten(tmp_path: Path) -> None:
    def behind(x: Any) -> Any:
        return [x, paddle.cumsum(x, axis=1)]  # nothing here supports a cumulative sum

    stem = export(tmp_path, behind=behind)
    with pytest.raises(UserError, match=r"2: set model\.output .*\(0: '.*' \(1, 5\), 1: '.*' \(1, 5\)\)"):
        plain_program(stem)
    with pytest.raises(UserError, match=r"model\.output: .* has no output 2\. There are: 0: "):
        plain_program(stem, output=2)
    check(plain_program(stem, output=0), tmp_path, image(), expected(image()))


def test_an_open_size_without_a_config_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"height and width of input 'x' are open .*set model\.image_size"):
        plain_program(export(tmp_path, shape=(None, 3, None, None)))


@pytest.mark.parametrize("options", [{"onnx_format": True}, {"onnx_format": False}], ids=["onnx", "fake"])
def test_paddleslims_ptq_keeps_its_scales(options: dict[str, Any], tmp_path: Path) -> None:
    stem = post_training_quantised(tmp_path, **options)
    plain = plain_program(stem)
    assert plain.is_quantised and not plain.weight_steps
    reach = max(np.abs(image(seed)).max() for seed in range(16))
    assert plain.program.thresholds["image"] == pytest.approx(reach, rel=1e-6)
    assert all(np.abs(np.round(w / s) - w / s).max() < 1e-3 for w, s in weights_and_steps(plain))
    wanted = answer(stem, image())  # with its activations rounded
    assert np.abs(logits_of(plain, tmp_path, image()) - wanted).max() < 0.05 * np.abs(wanted).max()


def test_ptq_with_one_scale_a_weight_tensor_says_how_far_each_channel_goes(tmp_path: Path) -> None:
    plain = plain_program(post_training_quantised(tmp_path, onnx_format=True, weight_quantize_type="abs_max"))
    assert len(plain.weight_steps) == 4
    assert all(steps.max() == 127 and steps.min() < 127 for steps in plain.weight_steps.values())


@pytest.mark.parametrize("onnx_format", [True, False], ids=["onnx", "fake"])
def test_paddleslims_qat_keeps_its_scales(onnx_format: bool, tmp_path: Path) -> None:
    stem = trained_quantised(tmp_path, onnx_format=onnx_format)
    plain = plain_program(stem)
    assert {"image", "flatten_0.tmp_0"} & set(plain.program.thresholds) and not plain.weight_steps
    wanted = answer(stem, image())
    assert np.abs(logits_of(plain, tmp_path, image()) - wanted).max() < 0.1 * np.abs(wanted).max()


def weights_and_steps(plain: PlainProgram) -> list[tuple[Floats, Floats]]:
    """Of each layer with weights: output channels first, and the step of each."""
    found = []
    for op in plain.program.operators:
        name = next((op.input(slot) for slot in ("Filter", "Y") if op.has_input(slot)), "")
        values = plain.program.parameters.get(name)
        if values is not None and values.ndim in (2, 4) and op.kind != "elementwise_add":
            rows = values.T if values.ndim == 2 else values.reshape(len(values), -1)
            found.append((rows, np.abs(rows).max(axis=1, keepdims=True) / 127))
    assert len(found) == 4
    return found
