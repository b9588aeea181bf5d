"""Backend `tvm`: C that TVM generates from a tensor expression and a schedule; not for movement and attention."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tvm import s_tir, te

from paddle_cortexm.compiler.backends.tvm.compute import Computation, computation
from paddle_cortexm.compiler.backends.tvm.tir_to_c import print_c
from paddle_cortexm.compiler.graph import Graph, Layer
from paddle_cortexm.compiler.kernels.kernel import Kernel, Rejection
from paddle_cortexm.compiler.operators.elementwise.conversion import Dequantise, Quantise
from paddle_cortexm.compiler.operators.parts.base import Operator
from paddle_cortexm.compiler.tensor import Tensor


class TvmBackend:
    """Generated loops; answers are kept, because selection asks more than once for a layer."""

    name = "tvm"

    def __init__(self) -> None:
        self._answers: dict[int, tuple[Operator, Kernel | Rejection]] = {}

    def select(self, graph: Graph, layer: Layer) -> Kernel | Rejection:
        known = self._answers.get(id(layer.operator))
        if known is None or known[0] is not layer.operator:
            known = layer.operator, _generate(graph, layer)
            self._answers[id(layer.operator)] = known
        return known[1]


def _generate(graph: Graph, layer: Layer) -> Kernel | Rejection:
    tensors = (*graph.inputs_of(layer), graph.output_of(layer))
    if any(tensor.dtype == "float16" for tensor in tensors):
        return Rejection("float16 is not generated")
    expression = computation(layer.operator, tensors[:-1], tensors[-1])
    if expression is None:
        return Rejection(f"no tensor expression for {type(layer.operator).__name__}")
    constants = tuple(constant for constant, _ in expression.constants)
    code = print_c(schedule(expression), [constant.name for constant in constants])
    return Kernel(
        name=f"tvm_{type(layer.operator).__name__}",
        backend="tvm",
        reason="generated from a tensor expression",
        body=code.text,
        constants=constants,
        scratch_bytes=code.scratch_bytes,
        header="tvm_support.h",
        row_body=_row_body(layer.operator, tensors),
    )


def _row_body(operator: Operator, tensors: tuple[Tensor, ...]) -> str | None:
    """The C for one row of a conversion between integers and floats, so that it does not end a streamed segment; None
    for any other operator."""
    if not isinstance(operator, Quantise | Dequantise):
        return None
    source, result = (replace(t, shape=(1, 1, *t.shape[2:])) for t in tensors)
    expression = computation(operator, (source,), result)
    assert expression is not None
    return print_c(schedule(expression), []).text.replace("input0", "rows[0]")


def schedule(expression: Computation) -> Any:
    """The computation as a scheduled PrimFunc.

    Padding is computed where it is read, and never stored. The sums of one output pixel are kept in a small buffer, the
    channels innermost, so that a C compiler vectorises over them.
    """
    parameters = [*expression.inputs, *(tensor for _, tensor in expression.constants), expression.output]
    plan = s_tir.Schedule(te.create_prim_func(parameters))
    names = {block.name_hint for block in _blocks(plan)}
    if "padded" in names:
        plan.compute_inline(plan.get_sblock("padded"))
    if "product" in names:
        product, output = plan.get_sblock("product"), plan.get_sblock("output")
        plan.compute_at(product, plan.get_loops(output)[1])
        _, _, channel, *reductions = plan.get_loops(product)
        if reductions:  # none where every reduction has one step
            plan.reorder(*reductions, channel)
            plan.decompose_reduction(product, reductions[0])
    return plan.mod["main"]


def _blocks(plan: Any) -> list[Any]:
    root = plan.get_sblock("root")
    return [plan.get(block) for block in plan.get_child_blocks(root)]
