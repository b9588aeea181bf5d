"""The program on QEMU: boots, classifies, counts, reports faults."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from paddle_cortexm.answers.kinds import AnswerKind, kind_of
from paddle_cortexm.artefacts.answers import Answers
from paddle_cortexm.data.preprocessing import apply_table, input_pixels
from paddle_cortexm.host.model import HostModel
from paddle_cortexm.settings.image_input import ImageInput
from paddle_cortexm.simulator import transcript
from tests.app.conftest import Builder, Runner
from tests.tiny_model import IDENTITY, INPUT, INPUT_BYTES, demo_frame, table, write_tiny_model

BUILDS = [("corstone300", "clang"), ("corstone310", "clang"), ("corstone300", "gcc")]


@pytest.mark.parametrize(("target", "toolchain"), BUILDS)
def test_it_boots_and_gives_the_host_s_output(
    build: Builder, run: Runner, tmp_path: Path, target: str, toolchain: str
) -> None:
    done = run(build(target, toolchain), target)
    said = transcript.parse(done.text)
    host = HostModel(write_tiny_model(tmp_path / "host")).run(demo_frame())
    assert done.status == 0 and said.complete and not said.problems
    assert said.frames[0].output == host.tobytes() and said.frames[0].arrived_whole
    assert said.frames[0].class_number == int(host.argmax()) == said.top[0][0]
    assert said.top[0][2] == f"label {host.argmax()}"


def test_scores_are_the_softmax_of_the_dequantised_logits(build: Builder, run: Runner) -> None:
    said = transcript.parse(run(build()).text)
    logits = 0.05 * (np.frombuffer(said.frames[0].output, np.int8).astype(float) + 3)
    softmax = np.exp(logits) / np.exp(logits).sum()
    assert [score for _, score, _ in said.top] == pytest.approx(sorted(softmax, reverse=True)[:5], abs=6e-5)


@pytest.mark.parametrize(("target", "toolchain"), BUILDS)
def test_preprocessing_equals_numpy_bit_for_bit_on_frames_of_any_shape(
    build: Builder, run: Runner, target: str, toolchain: str
) -> None:
    elf = build(target, toolchain, body=IDENTITY, classes=INPUT_BYTES)
    sides = [(1, 1), (1, 7), (16, 16), (20, 20), (37, 53), (1024, 3), (3, 1024), (201, 1024), (1024, 1024)]
    images = [np.random.default_rng(i).integers(0, 256, (h, w, 3), dtype=np.uint8) for i, (h, w) in enumerate(sides)]
    said = transcript.parse(run(elf, target, images=images).text)
    assert [frame.output for frame in said.frames] == [
        apply_table(input_pixels(image, INPUT), table()).tobytes() for image in images
    ]


@pytest.mark.parametrize(
    "wanted",
    [
        ImageInput((9, 28), (9, 28), "pad", "bgr", pad_colour=(10, 20, 250)),
        ImageInput((12, 31), (15, 31), "stretch", "grey", mean=(0.5,), std=(0.25,)),
    ],
    ids=["padded", "grey"],
)
def test_preprocessing_equals_numpy_for_inputs_of_other_shapes_and_colours(
    build: Builder, run: Runner, wanted: ImageInput
) -> None:
    elf = build(body=IDENTITY, classes=math.prod(wanted.shape), wanted=wanted)
    sides = [(1, 1), (9, 28), (1024, 3), (3, 1024), (201, 333)]
    images = [np.random.default_rng(i).integers(0, 256, (h, w, 3), dtype=np.uint8) for i, (h, w) in enumerate(sides)]
    said = transcript.parse(run(elf, images=images).text)
    assert [frame.output for frame in said.frames] == [
        apply_table(input_pixels(image, wanted), table(wanted)).tobytes() for image in images
    ]


def test_the_same_run_counts_the_same_instructions(build: Builder, run: Runner) -> None:
    elf = build()
    assert run(elf).text == run(elf).text


def test_a_thousand_instructions_are_counted_as_a_thousand(build: Builder, run: Runner) -> None:
    nops = '__asm volatile(".rept {}\\n nop\\n .endr");'
    body = f"{nops.format(1000)} model_layer_done(0); {nops.format(3000)} model_layer_done(1);"
    said = transcript.parse(run(build(body=body)).text)
    (_, first), (_, second) = said.layers
    assert 1000 <= first < 1020 and 3000 <= second < 3020  # the call of the layer and of the hook are counted too
    assert first + second <= said.frames[0].model <= first + second + 20


def test_the_deepest_use_of_the_stack_is_reported(build: Builder, run: Runner) -> None:
    used = "volatile uint8_t bytes[3000]; for (int i = 0; i < 3000; i++) { bytes[i] = 1; }"
    said = transcript.parse(run(build(body=used)).text)
    small = transcript.parse(run(build()).text)
    assert small.stack_used < 1500 < 3000 <= said.stack_used < 4500
    assert said.stack_reserved == 8192


FAULTS = {
    "a read outside all memory": ("(void)*(volatile uint32_t *)0xF0000000u;", "", "BFAR   0xf0000000"),
    "a division by zero": ("volatile int zero = 0; output->data[0] = (int8_t)(7 / zero);", "", "CFSR   0x02000000"),
    "a stack overflow": (
        "output->data[0] = (int8_t)deeper(1);",
        "int deeper(volatile int depth);\nint deeper(volatile int depth) "
        "{ volatile int pad[64]; pad[0] = depth; return depth > 0 ? deeper(depth + 1) + pad[0] : 0; }",
        "stack overflow",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_prints_its_registers_and_ends_with_a_status(build: Builder, run: Runner, fault: str) -> None:
    body, functions, expected = FAULTS[fault]
    done = run(build(body=body, functions=functions))
    problems = "\n".join(transcript.parse(done.text).problems)
    assert done.status == 125 and not done.timed_out
    assert "FAULT: exception" in problems and expected in problems
    assert all(register in problems for register in ("CFSR", "HFSR", "BFAR", "MMFAR", "SFSR", "PC", "LR"))


def test_a_failing_layer_is_named(build: Builder, run: Runner) -> None:
    done = run(build(body="return 2;"))
    assert done.status == 2
    assert transcript.parse(done.text).problems == ("error: layer 1 (logits) failed",)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"JPEG" + bytes(8), "no header 'RGB8'"),
        (b"RGB8\x01\x00", "no header 'RGB8'"),
        (b"RGB8\x02\x00\x00\x00\x02\x00\x00\x00" + bytes(11), "ends inside its pixels"),
        (b"RGB8\x01\x04\x00\x00\x02\x00\x00\x00", "1025 x 2 pixels; allowed are 1 to 1024"),
        (b"RGB8\x00\x00\x00\x00\x02\x00\x00\x00", "0 x 2 pixels"),
    ],
)
def test_a_bad_frame_file_is_refused(build: Builder, run: Runner, raw: bytes, message: str) -> None:
    done = run(build(), raw=raw)
    assert done.status == 1 and message in transcript.parse(done.text).problems[0]


def test_many_frames_are_classified_in_one_boot(build: Builder, run: Runner, tmp_path: Path) -> None:
    host = HostModel(write_tiny_model(tmp_path / "host"))
    images = [np.random.default_rng(i).integers(0, 256, (20 + i, 25, 3), dtype=np.uint8) for i in range(12)]
    said = transcript.parse(run(build(), images=images).text)
    assert [frame.number for frame in said.frames] == list(range(12))
    assert [frame.output for frame in said.frames] == [host.run(image).tobytes() for image in images]


def host_answers(folder: Path, answers: Answers, classes: int) -> tuple[AnswerKind, NDArray[np.float32]]:
    """How the host decides, and the logits it decides on."""
    output = HostModel(write_tiny_model(folder, answers=answers, classes=classes)).run(demo_frame())
    return kind_of(answers), np.float32(0.05) * (output.reshape(-1).astype(np.float32) + 3)


def test_labels_above_their_thresholds_are_printed_as_the_host_decides(
    build: Builder, run: Runner, tmp_path: Path
) -> None:
    answers = Answers(kind="several", thresholds=tuple(np.linspace(0.05, 0.95, 10).round(2)))
    said = transcript.parse(run(build(answers=answers)).text)
    kind, logits = host_answers(tmp_path, answers, 10)
    assert said.above is not None and said.complete
    assert [number for number, _, _ in said.above] == np.flatnonzero(kind.decisions(logits[None])[0]).tolist()
    assert 0 < len(said.above) < 10
    scores = {number: score for number, score, _ in (*said.above, *said.top)}
    assert scores == pytest.approx({number: 1 / (1 + np.exp(-logits[number])) for number in scores}, abs=6e-5)
    assert [number for number, _, _ in said.top] == kind.ranking(logits)[:5]


@pytest.mark.parametrize("threshold", [0.001, 0.5, 0.999])
def test_the_second_of_two_classes_is_the_answer_above_its_threshold(
    build: Builder, run: Runner, tmp_path: Path, threshold: float
) -> None:
    answers = Answers(kind="one", thresholds=(threshold,))
    said = transcript.parse(run(build(answers=answers, classes=2)).text)
    kind, logits = host_answers(tmp_path, answers, 2)
    assert said.frames[0].class_number == said.top[0][0] == kind.decisions(logits[None])[0]
    assert said.above is None and sum(score for _, score, _ in said.top) == pytest.approx(1, abs=2e-4)


@pytest.mark.parametrize(("thresholds", "above"), [((), None), ((-1000.0,), 1), ((1000.0,), 0)])
def test_a_value_is_printed_as_it_is(
    build: Builder, run: Runner, tmp_path: Path, thresholds: tuple[float, ...], above: int | None
) -> None:
    answers = Answers(kind="value", thresholds=thresholds)
    said = transcript.parse(run(build(answers=answers, classes=1)).text)
    _, logits = host_answers(tmp_path, answers, 1)
    assert said.frames[0].score == said.top[0][1] == pytest.approx(float(logits[0]), abs=6e-5)
    assert above == (None if said.above is None else len(said.above))
