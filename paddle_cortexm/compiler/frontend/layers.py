"""Flattens a Relax module into the layer graph, one pattern after the other from the end.

A match covers the bindings it reads inside; those must have no other reader, or a smaller pattern is tried. The
layer and its tensor have the name of the last variable covered, which is a Paddle tensor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import tvm
from tvm import relax

from paddle_cortexm.compiler.frontend.movement.aliases import without_aliases
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.operators.parts.relax_patterns import RelaxPattern
from paddle_cortexm.compiler.operators.patterns import PATTERNS
from paddle_cortexm.compiler.tensor import Shape, Tensor
from paddle_cortexm.errors import UserError


@dataclass(frozen=True)
class _Match:
    operator: Operator
    inputs: tuple[Any, ...]  # variables
    inner: tuple[Any, ...]  # variables the pattern covers that are not its result


class _Bindings:
    """The variables of `main` by value and the number of their readers. TVM's objects compare by handle."""

    def __init__(self, function: relax.Function) -> None:
        self.ordered = [binding for block in function.body.blocks for binding in block.bindings]
        self.values = {binding.var: binding.value for binding in self.ordered}
        self._variable_of = {hash(value): variable for variable, value in self.values.items()}
        self._readers: dict[int, int] = {hash(function.body.body): 1}
        for binding in self.ordered:
            for variable in _read_by(binding.value):
                self._readers[hash(variable)] = self._readers.get(hash(variable), 0) + 1

    def variable_of(self, expression: Any) -> Any:
        """A pattern matches values; this is the variable a value is bound to, or the expression itself."""
        return self._variable_of.get(hash(expression), expression)

    def match(self, pattern: RelaxPattern, variable: Any) -> _Match | None:
        """The pattern that ends in this variable and whose inner variables nobody else reads."""
        value = self.values[variable]
        while isinstance(value, relax.Var) and value in self.values:  # another name of what it is bound to
            value = self.values[value]
        matched = pattern.pattern.extract_matched_expr(value, self.values) if pattern.may_end_in(value) else None
        if matched is None:
            return None
        inputs = tuple(self.variable_of(matched[source]) for source in pattern.inputs)
        operator = pattern.operator(matched)
        if operator is None or not all(isinstance(source, relax.Var) for source in inputs):
            return None
        boundary = {hash(variable), *map(hash, inputs)}
        covered = {hash(v): v for v in map(self.variable_of, matched.values()) if hash(v) not in boundary}
        inner = tuple(v for v in covered.values() if isinstance(v, relax.Var))
        reads = [hash(v) for call in (variable, *inner) for v in _read_by(self.values[call])]
        if any(reads.count(hash(v)) != self._readers[hash(v)] for v in inner):
            return None
        return _Match(operator, inputs, inner)


def to_graph(module: tvm.IRModule, name: str, parameters: Mapping[str, str] = MappingProxyType({})) -> Graph:
    """The layer graph of `main`. A reshape between (1, C) and (1, 1, 1, C) is no layer: its readers take its source.
    parameters: what the network calls the weights of the operator that makes a tensor, by the tensor.

    Raises UserError naming the tensor that no pattern covers, or whose shape is not the operator's.
    """
    function = module["main"]
    bindings = _Bindings(function)
    covered: set[int] = set()
    layers: list[Layer] = []
    tensors = {v.name: Tensor(v.name, _nhwc(v)) for v in (*function.params, *bindings.values)}
    for binding in reversed(bindings.ordered):
        if hash(binding.var) not in covered:
            match = _first_match(bindings, binding.var)
            covered |= {hash(variable) for variable in match.inner}
            sources = tuple(variable.name for variable in match.inputs)
            made = (binding.var.name, *(variable.name for variable in match.inner))
            parameter = next((found for tensor in made if (found := parameters.get(tensor))), "")
            layer = Layer(match.operator, sources, binding.var.name, parameter)
            _check_shape(layer, tensors)
            layers.append(layer)
    graph = Graph(name, function.params[0].name, function.body.body.name, tuple(reversed(layers)), tensors)
    return without_aliases(graph)


def _first_match(bindings: _Bindings, variable: Any) -> _Match:
    for pattern in PATTERNS:
        match = bindings.match(pattern, variable)
        if match is not None:
            return match
    known = ", ".join(dict.fromkeys(pattern.name for pattern in PATTERNS))
    value = bindings.values[variable]
    what = value.op.name if isinstance(value, relax.Call) else type(value).__name__
    raise UserError(f"tensor '{variable.name}': {what} is not a layer here. Layers: {known}")


def _check_shape(layer: Layer, tensors: dict[str, Tensor]) -> None:
    """Raises UserError where the operator's rule makes another shape than Relax's."""
    sources, shape = [tensors[name].shape for name in layer.inputs], tensors[layer.output].shape
    made = layer.operator.output_shape(sources)
    if made != shape:
        given = " and ".join(map(str, sources))
        raise UserError(
            f"tensor '{layer.output}': {layer.operator.name} makes {made} from {given}, but the program has {shape}; "
            f"please report this network"
        )


def _read_by(value: Any) -> list[Any]:
    """Variables an expression reads, each as often as it does."""
    arguments = [part for x in getattr(value, "args", [value]) for part in getattr(x, "fields", [x])]
    return [argument for argument in arguments if isinstance(argument, relax.Var)]


def _nhwc(variable: Any) -> Shape:
    """The shape in the graph: a (1, C) vector is (1, 1, 1, C)."""
    shape = tuple(int(n) for n in variable.ty.shape)
    return shape if len(shape) == 4 else (1, 1, 1, shape[-1])
