"""What is made of measurements: sums by kind, the document, and the check against the committed counts."""

import json
from dataclasses import asdict, replace

import pytest

from paddle_cortexm.measure.bench.__main__ import merged
from paddle_cortexm.measure.bench.check import compare, counts
from paddle_cortexm.measure.bench.measure import Kind, Measurement, Missing, from_json, kinds
from paddle_cortexm.measure.bench.report import kind_table, markdown
from paddle_cortexm.measure.profile.profile import LayerProfile

HELIUM = Measurement(
    network="MobileNetV2/224",
    precision="int8",
    kernels="helium, tvm",
    toolchain="clang 19.1.7",
    instructions=1000,
    by_kind={"pointwise": Kind(700, 2100, 800), "add": Kind(300, 0)},
    macs=2100,
    arena_bytes=64,
    weight_bytes=128,
    code_bytes=256,
)
ARM = replace(
    HELIUM,
    kernels="cmsis-nn, helium, tvm",
    instructions=2500,
    by_kind={"pointwise": Kind(1400, 2100, 1600), "add": Kind(900, 0), "activation": Kind(200, 0)},
)


def cells(text: str, beginning: str) -> list[str]:
    line = next(line for line in text.splitlines() if line.startswith(f"| {beginning} "))
    return [cell.strip() for cell in line.strip("|").split("|")]


def layer(name: str, kind: str, instructions: int, macs: int, cycles: float | None) -> LayerProfile:
    return LayerProfile(name, kind, "kernel", (1, 1, 1, 1), macs, instructions, cycles)


def test_layers_are_summed_by_kind_the_costliest_first() -> None:
    summed = kinds(
        [layer("a", "add", 5, 0, None), layer("b", "pointwise", 6, 30, 8.25), layer("c", "pointwise", 7, 12, 9.0)]
    )
    assert list(summed.items()) == [("pointwise", Kind(13, 42, 17)), ("add", Kind(5, 0, None))]


def test_a_row_of_results_json_reads_back_as_what_was_written() -> None:
    assert from_json(json.loads(json.dumps(asdict(HELIUM)))) == HELIUM


def test_what_is_measured_anew_replaces_its_row_and_leaves_the_others() -> None:
    faster, other = replace(HELIUM, instructions=900), replace(HELIUM, precision="fp32")
    assert merged([HELIUM, other, ARM], [faster]) == [ARM, faster, other]


def test_a_network_is_compared_with_its_twin_that_uses_cmsis_nn() -> None:
    text = markdown([ARM, HELIUM])
    row = next(line for line in text.splitlines() if "| helium, tvm |" in line)
    assert "| 1,000 | 2.50 |" in row
    assert cells(text, "pointwise") == [*("pointwise", "1,400", "1.50", "700", "3.00", "2.00", "1,600", "800", "0.50")]


def test_a_kind_that_was_fused_away_has_empty_cells() -> None:
    assert cells(kind_table(HELIUM, ARM), "activation") == ["activation", "200", *[""] * 7]


def test_without_cmsis_nn_the_document_says_so_and_gives_no_ratio() -> None:
    text = markdown([Missing("MobileNetV2/224", "int8", "cmsis-nn, helium, tvm", "CMSIS-NN was not found"), HELIUM])
    assert "* MobileNetV2/224 int8 cmsis-nn, helium, tvm: CMSIS-NN was not found" in text
    assert cells(text, "pointwise") == ["pointwise", "", "", "700", "3.00", "", "", "800", ""]


@pytest.mark.parametrize(("instructions", "passes"), [(900, True), (1010, True), (1011, False)])
def test_a_rise_above_one_percent_fails(instructions: int, passes: bool) -> None:
    lines, passed = compare([replace(HELIUM, instructions=instructions)], counts([HELIUM]))
    assert passed is passes
    assert ("RISEN" in lines[0]) is not passes


def test_counts_of_another_compiler_are_not_compared_and_the_line_says_so() -> None:
    by_gcc = replace(HELIUM, instructions=9999, precision="fp32", toolchain="gcc 12.2.1")
    committed = counts([HELIUM, replace(HELIUM, precision="fp32")])
    lines, passed = compare([HELIUM, by_gcc], committed)
    assert passed and "not compared: committed count is of clang 19.1.7" in lines[1]


def test_to_compare_nothing_fails() -> None:
    lines, passed = compare([replace(HELIUM, toolchain="gcc 12.2.1")], counts([HELIUM]))
    assert not passed and lines[-1].startswith("FAILED: nothing was compared")


def missing(of: Measurement, reason: str, **more: bool) -> Missing:
    return Missing(of.network, of.precision, of.kernels, reason, **more)


def test_a_committed_count_that_can_no_longer_be_measured_fails() -> None:
    lines, passed = compare([HELIUM, missing(ARM, "exit 1: outputs differ")], counts([HELIUM, ARM]))
    assert not passed
    assert lines[1] == "MobileNetV2/224 int8 cmsis-nn, helium, tvm: FAILED: exit 1: outputs differ"


def test_want_of_cmsis_nn_is_named_and_does_not_fail() -> None:
    absent = missing(ARM, "CMSIS-NN was not found", is_library_missing=True)
    lines, passed = compare([HELIUM, absent], counts([HELIUM, ARM]))
    assert passed
    assert lines[1] == "MobileNetV2/224 int8 cmsis-nn, helium, tvm: not measured: CMSIS-NN was not found"


def test_what_was_never_committed_and_cannot_be_measured_is_named_and_does_not_fail() -> None:
    lines, passed = compare([HELIUM, missing(replace(HELIUM, precision="fp16"), "no kernels")], counts([HELIUM]))
    assert passed and lines[1] == "MobileNetV2/224 fp16 helium, tvm: not measured: no kernels"
