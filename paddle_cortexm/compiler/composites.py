"""Layers found in Relax with its pattern language, and the flat layer graph made of them.

Every binding is tried against the patterns, the longest first, from the last binding to the first; what a match covers
belongs to one layer, named after the Paddle tensor of the last operator in it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from tvm import relax
from tvm.relax.dpl import DFPattern, is_const, is_op, wildcard

from paddle_cortexm.compiler.frontend.relax_import import RelaxProgram
from paddle_cortexm.compiler.graph import (
    Activation,
    Add,
    AveragePool,
    Convolution,
    DepthwiseConvolution,
    FullyConnected,
    Graph,
    Layer,
    MaxPool,
    Multiply,
    Operator,
    Reshape,
    Softmax,
    Tensor,
    Window,
)
from paddle_cortexm.errors import UserError

Clamp = tuple[float | None, float | None]
Matched = Mapping[DFPattern, Any]


@dataclass(frozen=True)
class Composite:
    """A pattern and the layer it stands for. `make` answers with the operator and the input expressions."""

    name: str
    pattern: DFPattern
    make: Callable[[Matched], tuple[Operator, tuple[Any, ...]]]


def layer_graph(program: RelaxProgram, name: str) -> Graph:
    """The layers of a Relax program, in order. Raises UserError for an expression that no pattern covers."""
    function = program.module["main"]
    bindings = [binding for block in function.body.blocks for binding in block.bindings]
    values = {binding.var: binding.value for binding in bindings}
    uses = _count_uses(bindings)
    covered: set[Any] = set()
    layers: list[Layer] = []
    tensors = {program.input: _tensor(program.input, function.params[0])}
    for binding in reversed(bindings):
        if binding.var in covered or not isinstance(binding.value, relax.Call):
            continue
        tensor = program.tensor_names.get(binding.var.name, binding.var.name)
        operator, inputs, inner = _match(binding.value, values, uses, tensor)
        covered.update(inner)
        sources = tuple(program.tensor_names[source.name] for source in inputs)
        layers.append(Layer(tensor, operator, sources, tensor))
        tensors[tensor] = _tensor(tensor, binding.var)
    return Graph(name, program.input, program.output, tuple(reversed(layers)), tensors)


def _count_uses(bindings: list[Any]) -> dict[Any, int]:
    uses: dict[Any, int] = {}
    for binding in bindings:
        for argument in getattr(binding.value, "args", [binding.value]):
            if isinstance(argument, relax.Var):
                uses[argument] = uses.get(argument, 0) + 1
    return uses


def _match(
    expression: Any, values: Mapping[Any, Any], uses: Mapping[Any, int], tensor: str
) -> tuple[Operator, tuple[Any, ...], list[Any]]:
    """The layer that ends in this expression: operator, input variables, variables inside it."""
    variables = {hash(value): variable for variable, value in values.items()}  # a match names values, not variables
    for composite in COMPOSITES:
        matched = composite.pattern.extract_matched_expr(expression, values)
        if matched is None:
            continue
        operator, sources = composite.make(matched)
        inputs = tuple(variables.get(hash(source), source) for source in sources)
        inside = {hash(variables[hash(v)]): variables[hash(v)] for v in matched.values() if hash(v) in variables}
        outside = [hash(variables[hash(expression)]), *map(hash, inputs)]
        inner = [variable for key, variable in inside.items() if key not in outside]
        if all(_uses_inside(v, matched) == uses[v] for v in inner):
            return operator, inputs, inner
    raise UserError(f"tensor '{tensor}': no layer is known for {expression.op}; supported: {_names()}")


def _uses_inside(variable: Any, matched: Matched) -> int:
    calls = {hash(v): v for v in matched.values() if isinstance(v, relax.Call)}.values()
    return sum(argument.same_as(variable) for call in calls for argument in call.args)


def _names() -> str:
    return ", ".join(composite.name for composite in COMPOSITES)


def _tensor(name: str, variable: Any) -> Tensor:
    """A tensor of the graph; a (1, C) vector becomes (1, 1, 1, C)."""
    shape = tuple(int(n) for n in variable.ty.shape)
    return Tensor(name, shape if len(shape) == 4 else (1, 1, 1, shape[-1]))


def _array(constant: Any) -> np.ndarray:
    return np.ascontiguousarray(constant.value.numpy())


def _number(constant: Any) -> float:
    return float(constant.value.numpy() if hasattr(constant.value, "numpy") else constant.value)


def _pair(values: Any) -> tuple[int, int]:
    return int(values[0]), int(values[1])


def _padding(values: Any) -> tuple[int, int, int, int]:
    return int(values[0]), int(values[1]), int(values[2]), int(values[3])


def _weighted(kind: str) -> list[Composite]:
    """Convolution or matrix product, with or without bias, with or without relu or a clip behind it."""
    product = is_op(kind)(x := wildcard(), w := is_const())
    biased = is_op("relax.add")(product, b := is_const())
    composites = []
    for body, bias in ((biased, b), (product, None)):
        clip = is_op("relax.clip")(body, wildcard(), wildcard())
        relu = is_op("relax.nn.relu")(body)

        def make(m: Matched, end: DFPattern, bias: DFPattern | None = bias) -> tuple[Operator, tuple[Any, ...]]:
            clamp = _clamp(m[end])
            return _weighted_operator(m[product], _array(m[w]), _array(m[bias]) if bias else None, clamp), (m[x],)

        for end in (clip, relu, body):
            composites.append(Composite(kind, end, lambda m, end=end, make=make: make(m, end)))  # type: ignore[misc]
    return composites


def _clamp(call: Any) -> Clamp:
    if call.op.name == "relax.nn.relu":
        return 0.0, None
    if call.op.name == "relax.clip":
        return _number(call.args[1]), _number(call.args[2])
    return None, None


def _weighted_operator(call: Any, weight: np.ndarray, bias: np.ndarray | None, clamp: Clamp) -> Operator:
    if call.op.name == "relax.matmul":
        weight = np.ascontiguousarray(weight.T)  # (inputs, outputs) -> OI
        return FullyConnected(weight, _bias(bias, weight.shape[0]), clamp)
    attributes = call.attrs
    window = Window(weight.shape[1:3], _pair(attributes.strides), _padding(attributes.padding))
    if int(attributes.groups) > 1:
        weight = np.ascontiguousarray(weight[..., 0].transpose(1, 2, 0))  # C,H,W,1 -> HWC
        return DepthwiseConvolution(weight, _bias(bias, weight.shape[2]), window, clamp)
    return Convolution(weight, _bias(bias, weight.shape[0]), window, clamp)


def _bias(bias: np.ndarray | None, channels: int) -> np.ndarray:
    return np.zeros(channels, np.float32) if bias is None else bias.reshape(-1).astype(np.float32)


def _hard_swish() -> Composite:
    x = wildcard()
    gate = is_op("relax.clip")(is_op("relax.add")(x, is_const()), wildcard(), wildcard())
    pattern = is_op("relax.multiply")(x, is_op("relax.multiply")(gate, is_const()))
    return Composite("hard_swish", pattern, lambda m: (Activation("hard_swish"), (m[x],)))


def _hard_sigmoid() -> Composite:
    x, slope, offset = wildcard(), is_const(), is_const()
    line = is_op("relax.add")(is_op("relax.multiply")(x, slope), offset)
    pattern = is_op("relax.clip")(line, wildcard(), wildcard())

    def make(m: Matched) -> tuple[Operator, tuple[Any, ...]]:
        return Activation("hard_sigmoid", _number(m[slope]), _number(m[offset])), (m[x],)

    return Composite("hard_sigmoid", pattern, make)


def _sums() -> list[Composite]:
    """Residual sums with or without relu or a clip, which clamp the sum; a lone relu or clip."""
    a, b, x = wildcard(), wildcard(), wildcard()
    total = is_op("relax.add")(a, b)
    relu, clip = is_op("relax.nn.relu")(total), is_op("relax.clip")(total, wildcard(), wildcard())
    fused = [
        Composite("add", end, lambda m, end=end: (Add(_clamp(m[end])), (m[a], m[b])))  # type: ignore[misc]
        for end in (relu, clip, total)
    ]
    lone_relu = Composite("relu", is_op("relax.nn.relu")(x), lambda m: (Activation("relu"), (m[x],)))
    lone_clip = is_op("relax.clip")(x, wildcard(), wildcard())
    return [*fused, lone_relu, Composite("relu6", lone_clip, lambda m: (Activation("relu6"), (m[x],)))]


def _pool(kind: str) -> Composite:
    x = wildcard()
    pattern = is_op(kind)(x)

    def make(m: Matched) -> tuple[Operator, tuple[Any, ...]]:
        attributes = m[pattern].attrs
        window = Window(_pair(attributes.pool_size), _pair(attributes.strides), _padding(attributes.padding))
        return AveragePool(window) if "avg" in kind else MaxPool(window), (m[x],)

    return Composite(kind, pattern, make)


def _plain() -> list[Composite]:
    x, a, b = wildcard(), wildcard(), wildcard()
    return [
        Composite("multiply", is_op("relax.multiply")(a, b), lambda m: (Multiply(), (m[a], m[b]))),
        Composite("softmax", is_op("relax.nn.softmax")(x), lambda m: (Softmax(), (m[x],))),
        Composite("reshape", is_op("relax.reshape")(x, wildcard()), lambda m: (Reshape(), (m[x],))),
    ]


COMPOSITES: tuple[Composite, ...] = (
    *_weighted("relax.nn.conv2d"),
    *_weighted("relax.matmul"),
    _hard_swish(),
    _hard_sigmoid(),
    *_sums(),
    _pool("relax.nn.avg_pool2d"),
    _pool("relax.nn.max_pool2d"),
    *_plain(),
)
