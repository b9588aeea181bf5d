"""Which kernel computes each layer: the config's backends in order of preference, after fusing what they accept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.fusion import fuse_epilogues
from paddle_cortexm.compiler.kernels.kernel import Backend, Kernel, KernelGraph
from paddle_cortexm.compiler.layer_names import layer_title
from paddle_cortexm.compiler.operators.movement.reshape import Reshape
from paddle_cortexm.errors import UserError


def select_kernels(graph: Graph, backends: Sequence[Backend]) -> KernelGraph:
    """Fuse epilogues where the preferred backend of the bare layer also takes the fused one, then choose kernels.

    Raises UserError naming the layer and every backend's reason when none takes it.
    """
    graph = without_reshapes(graph)
    graph = fuse_epilogues(graph, lambda g, bare, fused: _accepts_fused(g, bare, fused, backends))
    return KernelGraph(graph, {layer.output: _choose(graph, layer, backends) for layer in graph.layers})


def without_kernel(graph: Graph, backends: Sequence[Backend]) -> tuple[str, ...]:
    """The layers that no backend takes, a line each with every backend's reason."""
    graph, refused = without_reshapes(graph), []
    for layer in graph.layers:
        try:
            _choose(graph, layer, backends)
        except UserError as error:
            refused.append(str(error))
    return tuple(refused)


def without_reshapes(graph: Graph) -> Graph:
    """Drop reshapes to vectors: the elements and their order stay, so the readers take the tensor as it is."""
    return graph.without(lambda layer: isinstance(layer.operator, Reshape) and layer.operator.makes_vector)


def _choose(graph: Graph, layer: Layer, backends: Sequence[Backend]) -> Kernel:
    reasons: list[str] = []
    for backend in backends:
        answer = backend.select(graph, layer)
        if isinstance(answer, Kernel):
            return replace(answer, reason="; ".join([answer.reason, *reasons]))
        reasons.append(f"{backend.name}: {answer.reason}")
    raise UserError(
        f"layer '{layer_title(graph, layer)}' ({layer.output}): no backend takes it ({'; '.join(reasons)}). "
        f"Name 'helium' and 'tvm' in compile.kernels: one of them does. (quantise.int16: false leaves all int8.)"
    )


def _accepts_fused(graph: Graph, bare: Layer, fused: Layer, backends: Sequence[Backend]) -> bool:
    """True when the first backend that takes the bare layer also takes it with the epilogue."""
    first = next((b for b in backends if isinstance(b.select(graph, bare), Kernel)), None)
    return first is not None and isinstance(first.select(graph, fused), Kernel)
