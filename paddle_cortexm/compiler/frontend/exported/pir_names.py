"""What Paddle 3's operators (`pd_op.*` of PIR) are called in the legacy format, which the compiler reads.

Source: paddle/phi/ops/yaml/op_compat.yaml of Paddle 3.1. Only what differs stands here: otherwise an operator has the
same name and attributes, input `x` stands in slot `X`, and the result in `Out`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Legacy:
    """kind: the operator's name; inputs: slots, and attributes: names, by their names in PIR; constants: the attributes
    that PIR's constant inputs stand for, by input; output: the slot of the results, first the one that matters."""

    kind: str
    inputs: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    output: str = "Out"


def _reduction(kind: str) -> Legacy:
    return Legacy(kind, attributes={"axis": "dim", "keepdim": "keep_dim"}, constants={"axis": "dim"})


def _resize(kind: str) -> Legacy:
    slots = {"out_size": "OutSize", "size_tensor": "SizeTensor", "scale_tensor": "Scale"}
    return Legacy(kind, inputs=slots)


_NORMALISATION = {"mean": "Mean", "variance": "Variance", "scale": "Scale", "bias": "Bias"}

NAMES: dict[str, Legacy] = {
    "add": Legacy("elementwise_add"),
    "argmax": Legacy("arg_max", constants={"axis": "axis"}),
    "batch_norm": Legacy("batch_norm", _NORMALISATION, output="Y"),
    "batch_norm_": Legacy("batch_norm", _NORMALISATION, output="Y"),
    "bilinear_interp": _resize("bilinear_interp_v2"),
    "cast": Legacy("cast", attributes={"dtype": "out_dtype"}),
    "clip": Legacy("clip", constants={"min": "min", "max": "max"}),
    "concat": Legacy("concat", constants={"axis": "axis"}),
    "conv2d": Legacy("conv2d", output="Output"),
    "depthwise_conv2d": Legacy("depthwise_conv2d", output="Output"),
    "dequantize_linear": Legacy("dequantize_linear", {"zero_point": "ZeroPoint"}, output="Y"),
    "divide": Legacy("elementwise_div"),
    "dropout": Legacy("dropout", {}, {"mode": "dropout_implementation"}, {"p": "dropout_prob"}),
    "elementwise_pow": Legacy("elementwise_pow"),
    "expand": Legacy("expand_v2", constants={"shape": "shape"}),
    "flatten": Legacy("flatten_contiguous_range"),
    "gather": Legacy("gather", constants={"axis": "axis"}),
    "group_norm": Legacy("group_norm", output="Y"),
    "hardsigmoid": Legacy("hard_sigmoid"),
    "hardswish": Legacy("hard_swish"),
    "hardtanh": Legacy("brelu"),
    "layer_norm": Legacy("layer_norm", output="Y"),
    "leaky_relu": Legacy("leaky_relu", attributes={"negative_slope": "alpha"}),
    "matmul": Legacy("matmul_v2", attributes={"transpose_x": "trans_x", "transpose_y": "trans_y"}),
    "max": _reduction("reduce_max"),
    "maximum": Legacy("elementwise_max"),
    "mean": _reduction("reduce_mean"),
    "minimum": Legacy("elementwise_min"),
    "multiply": Legacy("elementwise_mul"),
    "nearest_interp": _resize("nearest_interp_v2"),
    "pool2d": Legacy("pool2d", constants={"kernel_size": "ksize"}),
    "pow": Legacy("pow", attributes={"y": "factor"}),
    "prelu": Legacy("prelu", {"alpha": "Alpha"}),
    "quantize_linear": Legacy("quantize_linear", {"zero_point": "ZeroPoint"}, output="Y"),
    "reshape": Legacy("reshape2", constants={"shape": "shape"}),
    "scale": Legacy("scale", constants={"scale": "scale"}),
    "shape": Legacy("shape"),
    "shape64": Legacy("shape"),
    "slice": Legacy("slice", constants={"starts": "starts", "ends": "ends"}),
    "split": Legacy("split", constants={"sections": "sections", "axis": "axis"}),
    "split_with_num": Legacy("split", attributes={"num": "num"}, constants={"axis": "axis"}),
    "squeeze": Legacy("squeeze2", constants={"axis": "axes"}),
    "stack": Legacy("stack", output="Y"),
    "strided_slice": Legacy(
        "strided_slice", {"x": "Input"}, constants={"starts": "starts", "ends": "ends", "strides": "strides"}
    ),
    "subtract": Legacy("elementwise_sub"),
    "sum": _reduction("reduce_sum"),
    "swish": Legacy("swish"),
    "topk": Legacy("top_k_v2", constants={"k": "k"}),
    "transpose": Legacy("transpose2", attributes={"perm": "axis"}),
    "unsqueeze": Legacy("unsqueeze2", constants={"axis": "axes"}),
}
DROPPED = {"place", "stop_gradient", "struct_name", "persistable", "dtype"}  # attributes that mean nothing here


def legacy_of(name: str) -> Legacy:
    """For 'pd_op.NAME'."""
    bare = name.removeprefix("pd_op.")
    return NAMES.get(bare) or NAMES.get(bare.removesuffix("_")) or Legacy(bare.removesuffix("_"))
