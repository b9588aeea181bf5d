"""A residual added by a call of its own behind a kernel that adds none: in place, of a row where rows are made.

That saves no instruction, but the memory of the tensor in front of the addition.
"""

from __future__ import annotations

from dataclasses import replace

from paddle_cortexm.compiler.kernels.kernel import Kernel
from paddle_cortexm.compiler.tensor import Tensor


def with_residual(kernel: Kernel, result: Tensor, declaration: str, call: str, source: str) -> Kernel:
    """The kernel, and behind it `call`: C with `{residual}` and `{count}`, the number of elements. declaration: the C
    that it needs in front; source: the file it is in, which the kernel's header declares."""
    _, _, width, channels = result.shape

    def added(body: str | None, residual: str, count: str) -> str | None:
        return body and f"{declaration}{body}    {call.format(residual=residual, count=count)};\n"

    return replace(
        kernel,
        reason=f"{kernel.reason}; residual added behind it",
        body=added(kernel.body, "input1", str(result.elements)) or "",
        row_body=added(kernel.row_body, "residual", str(width * channels)),
        rows_body=added(kernel.rows_body, "residual", f"count * {width * channels}"),
        sources=(*kernel.sources, source),
    )
