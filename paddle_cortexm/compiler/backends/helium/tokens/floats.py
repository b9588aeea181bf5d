"""Layer norm, softmax and products of attention, of floats: app/runtime/helium/tokens_f32.c and tokens_f16.c."""

from __future__ import annotations

from paddle_cortexm.compiler.backends.helium.parts.float_type import FloatType, float_type
from paddle_cortexm.compiler.backends.helium.parts.structs import declaration
from paddle_cortexm.compiler.backends.helium.tokens.geometry import geometry_fields
from paddle_cortexm.compiler.c_text import float_literal
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.tokens.layer_norm import LayerNorm
from paddle_cortexm.compiler.operators.tokens.product import Product
from paddle_cortexm.compiler.operators.tokens.softmax import Softmax
from paddle_cortexm.compiler.tensor import Tensor


def softmax(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a Softmax."""
    assert isinstance(layer.operator, Softmax)
    output = graph.output_of(layer)
    return _by_pixel("softmax", float_type(output), output)


def layer_norm(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a LayerNorm."""
    operator, output = layer.operator, graph.output_of(layer)
    assert isinstance(operator, LayerNorm)
    kind = float_type(output)
    gain = Constant("gain", operator.gain.astype(kind.dtype), "hot")
    offset = Constant("offset", operator.offset.astype(kind.dtype), "hot")
    more = f"$gain, $offset, {float_literal(operator.epsilon)}, "
    return _by_pixel("layer_norm", kind, output, (gain, offset), more)


def product(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The kernel of a Product."""
    operator = layer.operator
    assert isinstance(operator, Product)
    kind = float_type(graph.output_of(layer))
    declared = declaration("helium_product_t", "product", geometry_fields(operator))
    arguments = f"&product, {float_literal(operator.factor)}, input0, input1, output, (void *)scratch"
    return Kernel(
        name=f"helium_product_{kind.suffix}",
        backend="helium",
        reason="4 products at a time, in float32",
        body=f"{declared}    helium_product_{kind.suffix}({arguments});\n",
        scratch_bytes=(operator.sizes[3] + 1) * operator.depth * kind.bytes,
        header=kind.header,
        sources=(kind.source("tokens"),),
    )


def _by_pixel(
    name: str, kind: FloatType, output: Tensor, constants: tuple[Constant, ...] = (), more: str = ""
) -> Kernel:
    """A kernel that takes one pixel after the other. more: arguments of its own, behind the output."""

    def call(source: str, pixels: int) -> str:
        return f"    helium_{name}_{kind.suffix}({source}, output, {more}{output.shape[3]}, {pixels});\n"

    _, height, width, _ = output.shape
    return Kernel(
        name=f"helium_{name}_{kind.suffix}",
        backend="helium",
        reason="4 channels at a time, in float32",
        body=call("input0", height * width),
        constants=constants,
        header=kind.header,
        sources=(kind.source("tokens"),),
        overwrites_input=True,
        row_body=call("rows[0]", width),
    )
