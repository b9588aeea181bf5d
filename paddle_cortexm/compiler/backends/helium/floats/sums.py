"""A residual of floats behind a kernel that does not add it itself."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.floats.packing import activation_fields
from paddle_cortexm.compiler.backends.helium.parts.float_type import FloatType
from paddle_cortexm.compiler.backends.helium.parts.residual import with_residual
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.operators.elementwise.add import Add
from paddle_cortexm.compiler.tensor import Tensor


def with_sum(kernel: Kernel, add: Add, kind: FloatType, result: Tensor) -> Kernel:
    """The kernel and the addition behind it, in place."""
    declared = declaration("helium_activation_t", "sum", activation_fields(add.clamp))
    call = "const helium_broadcast_t every = {{.count = {count}, .repeats = 1}};\n"
    call += f"    helium_add_{kind.suffix}(&sum, &every, output, {{residual}}, output)"
    return with_residual(kernel, result, declared, call, kind.source("elementwise"))
