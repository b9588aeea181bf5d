"""The backends by the word a config uses for them."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_cortexm.compiler.backends.base import Backend
from paddle_cortexm.compiler.backends.cmsis_nn import CmsisNnBackend
from paddle_cortexm.compiler.backends.helium import HeliumBackend
from paddle_cortexm.compiler.backends.tvm import TvmBackend
from paddle_cortexm.errors import UserError, nearest

BACKENDS: dict[str, type[Backend]] = {"helium": HeliumBackend, "cmsis-nn": CmsisNnBackend, "tvm": TvmBackend}


def backends_named(names: Sequence[str]) -> list[Backend]:
    """The backends in the given order of preference. Raises UserError for an unknown or missing one."""
    for name in names:
        if name not in BACKENDS:
            raise UserError(
                f"compile.kernels: no backend '{name}'{nearest(name, BACKENDS)}. There are: {', '.join(BACKENDS)}"
            )
    return [BACKENDS[name]() for name in names]
