"""The backends by the word a config uses for them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from paddle_cortexm.compiler.backends.cmsis_nn import CmsisNnBackend
from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.backends.tvm import TvmBackend
from paddle_cortexm.compiler.kernels.fastest import FastestBackend
from paddle_cortexm.compiler.kernels.kernel import Backend
from paddle_cortexm.errors import UserError, nearest

BACKENDS: dict[str, type[Backend]] = {"helium": HeliumBackend, "cmsis-nn": CmsisNnBackend, "tvm": TvmBackend}


def backends_named(names: Sequence[str]) -> list[Backend]:
    """The backends in the given order of preference. Raises UserError for an unknown or missing one."""
    if "fastest" in names:
        if len(names) > 1:
            raise UserError("compile.kernels: 'fastest' stands alone: it chooses among all backends for every layer")
        return [FastestBackend(available_backends())]
    for name in names:
        if name not in BACKENDS:
            raise UserError(
                f"compile.kernels: no backend '{name}'{nearest(name, [*BACKENDS, 'fastest'])}. "
                f"There are: {', '.join(BACKENDS)}, fastest"
            )
    return [BACKENDS[name]() for name in names]


def available_backends() -> list[Backend]:
    """Every backend that works on this machine: CMSIS-NN only where the library is."""
    found: list[Backend] = []
    for make in BACKENDS.values():
        with suppress(UserError):
            found.append(make())
    return found
