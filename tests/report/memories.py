"""What model.json says of the memory of a small network, for several settings of the arena."""

from __future__ import annotations

from functools import cache
from typing import Literal

from paddle_cortexm.artefacts.model import Memory
from paddle_cortexm.compiler.arena.choice import plan_arena
from paddle_cortexm.compiler.arena.report import memory_report
from paddle_cortexm.compiler.backends.registry import backends_named
from paddle_cortexm.compiler.kernels.selection import select_kernels
from tests.compiler.networks import mobilenetv2


@cache
def memory_of(arena: int | Literal["none", "minimum"]) -> Memory:
    """MobileNetV2 0.25 at 96 x 96 pixels, with Helium's kernels."""
    network = select_kernels(mobilenetv2(0.25, 96), backends_named(("helium",)))
    return memory_report(network, plan_arena(network, arena), consume_input=True)
