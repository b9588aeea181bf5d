"""Resizing: nearest_interp_v2 and bilinear_interp_v2."""

from __future__ import annotations

from tvm import relax

from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.paddle.program import PaddleOperator


def resize(builder: RelaxBuilder, op: PaddleOperator) -> None:
    """To the size that Paddle worked out. align_mode 0 has pixels' centres, 1 their corners at whole numbers."""
    source, given = op.input("X"), op.attributes
    before, after = builder.shape(source)[2:], builder.shape(op.output)[2:]
    if op.has_input("OutSize") or op.has_input("SizeTensor") or op.has_input("Scale") or min(after) < 1:
        raise op.mistake("a size that the program computes is not supported, only attributes")
    scale = [float(factor) for factor in given.get("scale") or ()]
    if scale and not given["align_corners"] and any(n * s != m for n, s, m in zip(before, scale, after, strict=True)):
        raise op.mistake(f"scale {scale} of {before} is not a whole size; give the size")
    linear = op.kind == "bilinear_interp_v2"
    corners = "half_pixel" if linear and given.get("align_mode", 1) == 0 else "asymmetric"
    resized = relax.op.image.resize2d(
        builder.value(source),
        after,
        layout="NHWC",
        method="linear" if linear else "nearest_neighbor",
        coordinate_transformation_mode="align_corners" if given["align_corners"] else corners,
    )
    builder.emit(op.output, resized)


IMPORTS = {
    "bilinear_interp_v2": resize,
    "nearest_interp_v2": resize,
}
