"""When the target's output passes for the host's."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_cortexm.simulator.verdict import compare


def test_integers_must_be_equal_bit_for_bit() -> None:
    host = np.array([[[[3, -7, 100]]]], np.int8)
    assert compare(host.tobytes(), host, "int8").passed
    off_by_one = compare(np.array([3, -7, 99], np.int8).tobytes(), host, "int8")
    assert not off_by_one.passed and off_by_one.reason == "1 of 3 outputs differ, by up to 1"


@pytest.mark.parametrize(("precision", "allowed"), [("fp32", 1e-4), ("fp16", 2e-2), ("int8", 1e-4)])
def test_floats_may_differ_by_a_share_of_the_largest_logit(precision: str, allowed: float) -> None:
    host = np.array([-50.0, 20.0, 1.0], np.float32)
    near, far = host.copy(), host.copy()
    near[2] += 0.9 * allowed * 50
    far[2] += 1.1 * allowed * 50
    assert compare(near.tobytes(), host, precision).passed
    assert not compare(far.tobytes(), host, precision).passed


def test_floats_must_agree_on_the_top_class() -> None:
    host = np.array([10.0, 10.0001], np.float32)
    assert "top class 0, not 1" in compare(np.array([10.0002, 10.0001], np.float32).tobytes(), host, "fp32").reason


def test_not_a_number_never_passes() -> None:
    host = np.array([1.0, 2.0], np.float32)
    assert not compare(np.array([1.0, np.nan], np.float32).tobytes(), host, "fp32").passed


def test_an_output_of_another_length_fails() -> None:
    assert "3 bytes of output, not 4" in compare(b"123", np.zeros(4, np.int8), "int8").reason


def test_an_unknown_precision_has_no_tolerance() -> None:
    host = np.array([1.0, 2.0], np.float32)
    with pytest.raises(KeyError):
        compare(np.array([1.0, 2.1], np.float32).tobytes(), host, "fp8")
