"""The generated C: compiled and run, it computes what the kernels say, where the plan says."""

from __future__ import annotations

import ctypes
import re
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_cortexm.compiler.arena.plan import plan_memory
from paddle_cortexm.compiler.backends.helium import HeliumBackend, packing
from paddle_cortexm.compiler.c_text import array_definition, float_literal, identifier, string_literal
from paddle_cortexm.compiler.emit import ModelFacts, emit_model, program_data
from paddle_cortexm.compiler.emit.program_data import emit_demo_frame, emit_labels, emit_preprocessing_table
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, KernelGraph
from paddle_cortexm.compiler.layer_names import layer_titles
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.host.compiler import float16_flags, host_compiler
from paddle_cortexm.host.model import HOST_FLAGS
from paddle_cortexm.paths import HOST_HEADERS, REPOSITORY
from paddle_cortexm.settings.image_input import ImageInput
from tests.compiler.graphs import GraphBuilder, kernel
from tests.compiler.host import compile_graph
from tests.compiler.networks import mobilenetv2

FACTS = ModelFacts("tiny", ImageInput((16, 16), (20, 20)))
GENERATED = ("model.c", "model_weights.c", "preprocessing_table.c", "labels.c", "demo_frame.c")
SIZE = 12  # elements of every tensor

# output = input + offset, with the offset from the weights file, by way of the scratch
SHIFT = """
    for (int i = 0; i < 12; i++) {
        scratch[i] = (uint8_t)input0[i];
    }
    for (int i = 0; i < 12; i++) {
        output[i] = (int8_t)(scratch[i] + $offset[0]);
    }
"""
DIFFERENCE = """
    for (int i = 0; i < 12; i++) {
        output[i] = (int8_t)(input0[i] - input1[i]);
    }
"""
FAILING = "    (void)input0;\n    (void)output;\n    if (sizeof *input0 == 1) {\n        return 1;\n    }"
HOOK = """#include "model.h"
int order[3], calls;
void model_layer_done(int layer)
{
    order[calls++] = layer;
}
"""


def shift(by: int) -> Kernel:
    return kernel("shift", body=SHIFT, constants=(Constant("offset", np.array([by], np.int32)),), scratch_bytes=SIZE)


ROW_FUNCTION = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p)


def difference() -> Kernel:
    return kernel("difference", body=DIFFERENCE)


def diamond(changed: Mapping[str, Kernel] = MappingProxyType({})) -> KernelGraph:
    """(image + 5) - (image + 3), with layer names that are the same as C identifiers. changed: kernels of layers."""
    builder = GraphBuilder((1, 2, 2, 3), "int8")
    builder.add("conv.5", Add(), "image")
    builder.add("conv/5", Add(), "image")
    builder.add("difference", Add(), "conv.5", "conv/5")
    kernels = {"conv.5": shift(5), "conv/5": shift(3), "difference": difference()}
    return KernelGraph(builder.graph(), kernels | dict(changed))


def emit(folder: Path, model: KernelGraph) -> Path:
    folder.mkdir(exist_ok=True)
    emit_model(folder, model, plan_memory(model), FACTS)
    emit_preprocessing_table(folder, np.arange(768).reshape(3, 256).astype(np.int8))
    emit_labels(folder, [f"label {i}" for i in range(SIZE)])
    emit_demo_frame(folder, np.arange(24, dtype=np.uint8).reshape(2, 4, 3))
    return folder


def compiled(folder: Path, *sources: str) -> ctypes.CDLL:
    """The C of a folder as a shared library, without a warning."""
    library = folder / "model.so"
    files = (str(folder / name) for name in sources)
    command = [
        host_compiler(float16=True),
        *float16_flags(),
        *HOST_FLAGS,
        *includes(folder),
        *files,
        "-lm",
        "-o",
        str(library),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return ctypes.CDLL(str(library))


def errors(folder: Path, source: str) -> str:
    """What the compiler says against a C file of the folder."""
    command = [
        host_compiler(float16=True),
        *float16_flags(),
        "-std=c11",
        "-fsyntax-only",
        *includes(folder),
        str(folder / source),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr if done.returncode else ""


def includes(folder: Path) -> list[str]:
    return [f"-I{path}" for path in (folder, *(REPOSITORY / header for header in HOST_HEADERS))]


def run(library: ctypes.CDLL, image: NDArray[np.int8]) -> tuple[int, list[int]]:
    output = np.zeros(SIZE, np.int8)
    status = library.model_run(ctypes.c_void_p(image.ctypes.data), ctypes.c_void_p(output.ctypes.data))
    return status, output.tolist()


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return compiled(emit(tmp_path_factory.mktemp("diamond"), diamond()), *GENERATED)


def strings(library: ctypes.CDLL, name: str, count: int) -> list[str]:
    return [text.decode() for text in (ctypes.c_char_p * count).in_dll(library, name) if text is not None]


def test_the_model_computes_what_its_kernels_say(library: ctypes.CDLL) -> None:
    image = np.arange(SIZE, dtype=np.int8)
    assert run(library, image) == (0, [2] * SIZE)


def test_the_image_may_come_row_by_row(library: ctypes.CDLL) -> None:
    rows_made = []

    def make_row(_: object, row: int, output: int) -> None:
        rows_made.append(row)
        ctypes.memset(output, row, 6)

    class Rows(ctypes.Structure):
        _fields_ = (("make_row", ROW_FUNCTION), ("context", ctypes.c_void_p))

    output = (ctypes.c_int8 * SIZE)()
    assert library.model_run_rows(ctypes.byref(Rows(ROW_FUNCTION(make_row), None)), output) == 0
    assert rows_made == [0, 1] and list(output) == [2] * SIZE


def test_the_program_knows_what_people_call_its_layers(library: ctypes.CDLL) -> None:
    assert strings(library, "model_layer_names", 3) == list(layer_titles(diamond().graph).values())


def test_tables_labels_and_the_demo_frame_are_linked_in(library: ctypes.CDLL) -> None:
    table = (ctypes.c_int8 * 768).in_dll(library, "preprocessing_table")
    assert bytes(table) == np.arange(768).astype(np.int8).tobytes()
    assert strings(library, "labels", SIZE) == [f"label {i}" for i in range(SIZE)]
    sides = [ctypes.c_uint32.in_dll(library, f"demo_frame_{side}").value for side in ("width", "height")]
    assert sides == [4, 2] and bytes((ctypes.c_uint8 * 24).in_dll(library, "demo_frame_pixels")) == bytes(range(24))


def test_a_layer_that_fails_is_told_by_its_number(tmp_path: Path) -> None:
    folder = emit(tmp_path, diamond({"conv/5": kernel(body=FAILING)}))
    assert run(compiled(folder, *GENERATED), np.zeros(SIZE, np.int8))[0] == 2


def test_the_hook_is_called_after_each_layer(tmp_path: Path) -> None:
    folder = emit(tmp_path, diamond())
    (folder / "hook.c").write_text(HOOK)
    library = compiled(folder, *GENERATED, "hook.c")
    run(library, np.zeros(SIZE, np.int8))
    assert list((ctypes.c_int * 3).in_dll(library, "order")) == [0, 1, 2]


def test_the_header_tells_sizes(tmp_path: Path) -> None:
    model = diamond()
    header = (emit(tmp_path, model) / "model.h").read_text()
    facts = dict(re.findall(r"#define (MODEL_\w+) (\S+)", header))
    assert facts["MODEL_NAME"] == '"tiny"' and facts["MODEL_INPUT_BOX_HEIGHT"] == "20"
    assert [facts[f"MODEL_INPUT_{side}"] for side in ("HEIGHT", "WIDTH", "CHANNELS")] == ["2", "2", "3"]
    assert facts["MODEL_OUTPUT_CLASSES"] == str(SIZE) and facts["MODEL_LAYER_COUNT"] == "3"
    assert facts["MODEL_ARENA_BYTES"] == str(plan_memory(model).arena_bytes)
    assert facts["MODEL_WEIGHT_BYTES"] == "8"  # two int32 offsets


def test_two_compiles_give_the_same_bytes(tmp_path: Path) -> None:
    first, second = (emit(tmp_path / name, diamond()) for name in ("first", "second"))
    assert all((first / path.name).read_bytes() == path.read_bytes() for path in second.iterdir())


def test_every_layer_is_introduced_by_its_shapes_and_kernel(tmp_path: Path) -> None:
    source = (emit(tmp_path, diamond()) / "model.c").read_text()
    assert "/* add of the input (conv.5): 2x2x3 -> 2x2x3, shift */" in source
    assert "/* add of the input (difference): 2x2x3 + 2x2x3 -> 2x2x3, difference */" in source


def test_what_the_compiler_assumes_of_a_header_is_asserted_once(tmp_path: Path) -> None:
    kernels = {"difference": difference(), "conv/5": shift(3)}
    assuming = {name: replace(kernel, assertions=("sizeof(int32_t) == 4",)) for name, kernel in kernels.items()}
    folder = emit(tmp_path, diamond(assuming))
    assert (folder / "model.c").read_text().count("ASSUME(sizeof(int32_t) == 4);\n") == 1
    assert run(compiled(folder, *GENERATED), np.zeros(SIZE, np.int8)) == (0, [2] * SIZE)


def test_a_wrong_assumption_fails_the_build_with_its_text(tmp_path: Path) -> None:
    wrong = replace(difference(), assertions=("INT8_MAX == 126",))
    with pytest.raises(AssertionError, match="the compiler assumes INT8_MAX == 126"):
        compiled(emit(tmp_path, diamond({"difference": wrong})), *GENERATED)


def test_a_size_that_python_computes_otherwise_than_c_fails_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "RUN_CHANNELS", 64)
    compile_graph(tmp_path, mobilenetv2(0.25, 32), [HeliumBackend()])
    assert "the compiler assumes HELIUM_MATRIX_SCRATCH(" in errors(tmp_path / "model", "model.c")


@pytest.mark.parametrize("name", ["MAXIMUM_SIDE", "FRACTION_BITS"])
def test_a_constant_of_the_preprocessing_that_python_has_otherwise_than_c_fails_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(program_data, name, 12)
    assert f"PREPROCESS_{name} == 12" in errors(emit(tmp_path, diamond()), "preprocessing_table.c")


# --- pieces of C ------------------------------------------------------------------------------------------------------


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_a_float_reads_back_to_the_same_bits(value: float) -> None:
    assert np.float32(float_literal(value).removesuffix("f")).tobytes() == np.float32(value).tobytes()


def test_values_that_are_no_numbers_are_c_s() -> None:
    assert [float_literal(x) for x in (np.inf, -np.inf, np.nan)] == ["INFINITY", "-INFINITY", "NAN"]


def test_weights_may_be_infinite_or_no_number(tmp_path: Path) -> None:
    weights = Constant("weights", np.array([np.inf, -np.inf, np.nan], np.float32))
    folder = emit(tmp_path, diamond({"difference": replace(difference(), constants=(weights,))}))
    library = compiled(folder, *GENERATED)
    values = (ctypes.c_float * 3).in_dll(library, "layer_02_add_of_the_input_weights")
    np.testing.assert_array_equal(list(values), [np.inf, -np.inf, np.nan])


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=3))
def test_a_string_is_printable_ascii_that_means_the_same_bytes(texts: list[str]) -> None:
    for text in texts:
        literal = string_literal(text)
        assert literal.isascii() and literal.isprintable()
        escapes = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), literal[1:-1])
        assert escapes.encode("latin-1").decode() == text


def test_the_compiler_reads_strings_and_extreme_numbers_back(tmp_path: Path) -> None:
    labels = ['quote " and \\', "7 after \n7", "猫 🐈", "%s ??/ \t", ""]
    integers = np.array([-(2**31), 2**31 - 1, 0, -1], np.int32)
    floats = np.array([1 / 3, -3.4028235e38, 1e-45, 16777217.0], np.float32)
    text = (
        "#include <stdint.h>\n"
        + array_definition("integers", integers, ".a")
        + array_definition("floats", floats, ".b")
    )
    rows = ", ".join(map(string_literal, labels))
    (tmp_path / "pieces.c").write_text(
        f"{text}extern const char *const labels[];\nconst char *const labels[] = {{{rows}}};\n"
    )
    library = compiled(tmp_path, "pieces.c")
    assert strings(library, "labels", len(labels)) == labels
    assert bytes((ctypes.c_int32 * 4).in_dll(library, "integers")) == integers.tobytes()
    assert bytes((ctypes.c_float * 4).in_dll(library, "floats")) == floats.tobytes()
    assert ctypes.addressof((ctypes.c_int32 * 4).in_dll(library, "integers")) % 16 == 0


@pytest.mark.parametrize("name", ["conv2d_1.tmp_0", "batch_norm/out", "Größe", "A-b"])
def test_a_tensor_name_becomes_part_of_an_identifier(name: str) -> None:
    assert re.fullmatch(r"[a-z0-9_]+", identifier(name))
