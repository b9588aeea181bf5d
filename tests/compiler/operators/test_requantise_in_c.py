"""One requantisation: numpy's and the two names it has in C give the same for every accumulator and scale."""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from numpy.typing import NDArray

from paddle_cortexm.compiler.operators.parts.fixed_point import requantise
from paddle_cortexm.host.compiler import host_compiler
from paddle_cortexm.host.model import HOST_FLAGS
from paddle_cortexm.paths import HOST_HEADERS, REPOSITORY

Values = NDArray[np.int32]
Requantise = Callable[[str, Values, Values, Values], Values]  # name of the C function
FUNCTIONS = ("helium_requantise", "tvm_requantise")
SOURCE = """#include "tvm_support.h"
#define EACH(name) \\
    void each_##name(const int32_t *a, const int32_t *m, const int32_t *s, int32_t *result, int32_t count); \\
    void each_##name(const int32_t *a, const int32_t *m, const int32_t *s, int32_t *result, int32_t count) { \\
        for (int32_t i = 0; i < count; i++) { \\
            result[i] = name(a[i], m[i], s[i]); \\
        } \\
    }
EACH(helium_requantise)
EACH(tvm_requantise)
"""
SMALLEST, LARGEST = -(2**31), 2**31 - 1
ACCUMULATORS = st.integers(SMALLEST, LARGEST) | st.sampled_from([SMALLEST, LARGEST, 0, 1, -1, 2**30, -(2**30)])
MULTIPLIERS = st.integers(2**30, LARGEST) | st.sampled_from([0, 2**30, LARGEST])
SHIFTS = st.integers(-31, 30)


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> Requantise:
    folder = tmp_path_factory.mktemp("requantise")
    library = built(folder)

    def run(name: str, accumulator: Values, multiplier: Values, shift: Values) -> Values:
        result = np.empty_like(accumulator)
        arrays = (ctypes.c_void_p(x.ctypes.data) for x in (accumulator, multiplier, shift, result))
        getattr(library, f"each_{name}")(*arrays, ctypes.c_int32(result.size))
        return result

    return run


def built(folder: Path) -> ctypes.CDLL:
    source, library = folder / "requantise.c", folder / "requantise.so"
    source.write_text(SOURCE)
    includes = [f"-I{REPOSITORY / header}" for header in HOST_HEADERS]
    subprocess.run([host_compiler(), *HOST_FLAGS, *includes, str(source), "-o", str(library)], check=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.lists(st.tuples(ACCUMULATORS, MULTIPLIERS, SHIFTS), min_size=1, max_size=20))
@example([(2**30, 2**30, 3), (-(2**30), 2**30, 3)])  # saturates
def test_c_and_numpy_agree(name: str, in_c: Requantise, cases: list[tuple[int, int, int]]) -> None:
    accumulator, multiplier, shift = np.array(cases, np.int32).T.copy()
    expected = requantise(accumulator, multiplier, shift)
    assert in_c(name, accumulator, multiplier, shift).tolist() == expected.tolist()
