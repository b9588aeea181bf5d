"""The C calls: one function a layer type, with CMSIS-NN's parameter structs and the status checked."""

from __future__ import annotations

import numpy as np

from paddle_cortexm.compiler.backends.cmsis_nn.buffers import convolution_bytes, depthwise_bytes
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Constant, Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.add import IntegerAdd
from paddle_cortexm.compiler.operators.elementwise.multiply import IntegerMultiply
from paddle_cortexm.compiler.operators.parts.pool import Pool
from paddle_cortexm.compiler.operators.parts.requantisation import Requantisation
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.operators.weights.convolution import IntegerConvolution
from paddle_cortexm.compiler.operators.weights.depthwise_convolution import IntegerDepthwiseConvolution
from paddle_cortexm.compiler.operators.weights.fully_connected import IntegerFullyConnected
from paddle_cortexm.compiler.operators.weights.weighted import IntegerWeighted
from paddle_cortexm.compiler.tensor import Tensor

STATUS = "    if ({call} != ARM_CMSIS_NN_SUCCESS) {{\n        return 1;\n    }}\n"


def convolution(graph: Graph, layer: Layer) -> Kernel:
    operator = layer.operator
    assert isinstance(operator, IntegerConvolution)
    out_channels, height, width, in_channels = operator.weight.shape
    scratch = convolution_bytes(operator.window, in_channels)
    body = _weighted_body(
        "arm_convolve_wrapper_s8",
        "cmsis_nn_conv_params",
        "",
        operator,
        (graph.inputs_of(layer)[0], graph.output_of(layer)),
        f"{out_channels}, {height}, {width}, {in_channels}",
        scratch,
    )
    return _kernel("arm_convolve_wrapper_s8", body, _weight_constants(operator), scratch)


def depthwise(graph: Graph, layer: Layer) -> Kernel:
    operator = layer.operator
    assert isinstance(operator, IntegerDepthwiseConvolution)
    height, width, channels = operator.weight.shape
    scratch = depthwise_bytes(operator.window)
    body = _weighted_body(
        "arm_depthwise_conv_wrapper_s8",
        "cmsis_nn_dw_conv_params",
        ".ch_mult = 1, ",
        operator,
        (graph.inputs_of(layer)[0], graph.output_of(layer)),
        f"1, {height}, {width}, {channels}",
        scratch,
    )
    return _kernel("arm_depthwise_conv_wrapper_s8", body, _weight_constants(operator), scratch)


def fully_connected(graph: Graph, layer: Layer) -> Kernel:
    """The Helium kernel wants bias plus zero-point term in ctx.buf: computed here once, not at run time."""
    operator = layer.operator
    assert isinstance(operator, IntegerFullyConnected)
    outputs, inputs = operator.weight.shape
    requantisation = operator.requantisation
    sums = operator.bias - operator.input_zero_point * operator.weight.astype(np.int32).sum(axis=1)
    constants = (*_weight_constants(operator), Constant("sums", sums.astype(np.int32), "hot"))
    body = (
        f"    static const cmsis_nn_fc_params parameters = {{{-operator.input_zero_point}, 0, "
        f"{requantisation.output_zero_point}, {_activation(requantisation)}}};\n"
        + f"    static const cmsis_nn_dims in = {{1, 1, 1, {inputs}}}, filter = {{{inputs}, 1, 1, {outputs}}};\n"
        + f"    static const cmsis_nn_dims out = {{1, 1, 1, {outputs}}};\n"
        + "    const cmsis_nn_quant_params quantisation = {(int32_t *)(uintptr_t)$multiplier, "
        "(int32_t *)(uintptr_t)$shift, 1};\n"
        + f"    const cmsis_nn_context context = {{(void *)(uintptr_t)$sums, {4 * outputs}}};\n"
        + STATUS.format(
            call="arm_fully_connected_wrapper_s8(&context, &parameters, &quantisation, &in, input0, &filter, "
            "$weights, &out, $bias, &out, output)"
        )
    )
    return _kernel("arm_fully_connected_wrapper_s8", body, constants)


def add(graph: Graph, layer: Layer) -> Kernel | Rejection:
    operator, (first, second) = layer.operator, graph.inputs_of(layer)
    assert isinstance(operator, IntegerAdd)
    if first.shape != second.shape:
        return Rejection("CMSIS-NN adds tensors of one shape")
    if min(operator.multipliers) < 0:
        return Rejection("CMSIS-NN does not subtract")
    (za, zb), (ma, mb, mo), (sa, sb, so) = operator.zero_points, operator.multipliers, operator.shifts
    call = (
        f"arm_elementwise_add_s8(input0, input1, {-za}, {ma}, {sa}, {-zb}, {mb}, {sb}, {operator.left_shift}, output, "
        f"{operator.output_zero_point}, {mo}, {so}, {operator.minimum}, {operator.maximum}, "
        f"{graph.output_of(layer).elements})"
    )
    return _kernel("arm_elementwise_add_s8", STATUS.format(call=call))


def multiply(graph: Graph, layer: Layer) -> Kernel | Rejection:
    """The library multiplies equal shapes: a (1, 1, 1, C) second input is applied pixel by pixel."""
    operator = layer.operator
    assert isinstance(operator, IntegerMultiply)
    r, (first, second) = operator.requantisation, graph.inputs_of(layer)
    if first.shape != graph.output_of(layer).shape or second.shape not in (first.shape, (1, 1, 1, first.shape[-1])):
        return Rejection("the factors are neither of one shape nor is the second (1, 1, 1, C)")
    block = first.elements if second.shape == first.shape else first.shape[-1]
    za, zb = operator.zero_points
    call = (
        f"arm_elementwise_mul_s8(input0 + i, input1, {-za}, {-zb}, output + i, {r.output_zero_point}, "
        f"{int(r.multiplier[0])}, {int(r.shift[0])}, {r.minimum}, {r.maximum}, {block})"
    )
    loop = f"    for (int32_t i = 0; i < {first.elements}; i += {block}) {{\n"
    return _kernel("arm_elementwise_mul_s8", loop + STATUS.format(call=call) + "    }\n")


def average_pool(graph: Graph, layer: Layer) -> Kernel:
    return _pool("arm_avgpool_s8", graph, layer)


def max_pool(graph: Graph, layer: Layer) -> Kernel:
    return _pool("arm_max_pool_s8", graph, layer)


def _pool(function: str, graph: Graph, layer: Layer) -> Kernel:
    operator = layer.operator
    assert isinstance(operator, Pool)
    source, result, window = graph.inputs_of(layer)[0], graph.output_of(layer), operator.window
    channels_scratch = 4 * source.shape[-1]  # of the plain C build
    body = (
        f"    static const cmsis_nn_pool_params parameters = {{{_tiles(window)}, {{-128, 127}}}};\n"
        + _dims(source, result, f"1, {window.kernel[0]}, {window.kernel[1]}, 1")
        + f"    const cmsis_nn_context context = {{scratch, {channels_scratch}}};\n"
        + STATUS.format(call=f"{function}(&context, &parameters, &in, input0, &filter, &out, output)")
    )
    return _kernel(function, body, scratch=channels_scratch)


def _weighted_body(
    function: str,
    params_type: str,
    extra: str,
    operator: IntegerConvolution | IntegerDepthwiseConvolution,
    tensors: tuple[Tensor, Tensor],
    filter_dims: str,
    scratch_bytes: int,
) -> str:
    """A convolution's body: parameter structs, then the checked call."""
    source, result = tensors
    r = operator.requantisation
    return (
        f"    static const {params_type} parameters = {{.input_offset = {-operator.input_zero_point}, "
        f".output_offset = {r.output_zero_point}, {extra}.stride = {_pair(operator.window.stride)}, "
        f".padding = {_pair(operator.window.padding[:2])}, .dilation = {{1, 1}}, "
        f".activation = {_activation(r)}}};\n"
        + _dims(source, result, filter_dims)
        + f"    static const cmsis_nn_dims bias_dims = {{1, 1, 1, {result.shape[-1]}}};\n"
        + "    const cmsis_nn_per_channel_quant_params quantisation = {(int32_t *)(uintptr_t)$multiplier, "
        "(int32_t *)(uintptr_t)$shift};\n"
        + f"    const cmsis_nn_context context = {{scratch, {scratch_bytes}}};\n"
        + STATUS.format(
            call=f"{function}(&context, &parameters, &quantisation, &in, input0, &filter, $weights, &bias_dims, "
            "$bias, &out, output)"
        )
    )


def _dims(source: Tensor, result: Tensor, filter_dims: str) -> str:
    """The three cmsis_nn_dims (n, h, w, c) of a window layer."""
    dims = {"in": ", ".join(map(str, source.shape)), "filter": filter_dims, "out": ", ".join(map(str, result.shape))}
    return "".join(f"    static const cmsis_nn_dims {name} = {{{values}}};\n" for name, values in dims.items())


def _pair(values: tuple[int, ...]) -> str:
    """A cmsis_nn_tile (w, h) from (height, width)."""
    return f"{{{values[1]}, {values[0]}}}"


def _tiles(window: Window) -> str:
    return f"{_pair(window.stride)}, {_pair(window.padding[:2])}"


def _activation(r: Requantisation) -> str:
    return f"{{{r.minimum}, {r.maximum}}}"


def _weight_constants(operator: IntegerWeighted) -> tuple[Constant, ...]:
    r = operator.requantisation
    return (
        Constant("weights", operator.weight),
        Constant("bias", operator.bias, "hot"),
        Constant("multiplier", r.multiplier, "hot"),
        Constant("shift", r.shift, "hot"),
    )


def _kernel(function: str, body: str, constants: tuple[Constant, ...] = (), scratch: int = 0) -> Kernel:
    return Kernel(
        name=function,
        backend="cmsis-nn",
        reason="CMSIS-NN has a kernel for it",
        body=body,
        constants=constants,
        scratch_bytes=scratch,
        header="arm_nnfunctions.h",
        overwrites_input=False,
    )
