"""Compilers of this machine, for tests of one kind."""

from __future__ import annotations

import pytest

from paddle_cortexm.errors import UserError
from paddle_cortexm.firmware import toolchains
from paddle_cortexm.firmware.toolchains import Toolchain
from paddle_cortexm.target import Target


def of_kind(target: Target, kind: str | None) -> Toolchain:
    """As toolchains.choose. Skips where the distribution's gcc does not know the CPU; a clang is set up everywhere."""
    try:
        return toolchains.choose(target, kind)
    except UserError as error:
        if kind != "gcc":
            raise
        pytest.skip(str(error).replace("\n", " "))
