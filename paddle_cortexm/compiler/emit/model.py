"""The files of a compiled model; and model.c: one short function a layer, then the functions that run them."""

from __future__ import annotations

from pathlib import Path
from string import Template

from paddle_cortexm.compiler.arena.plan import MemoryPlan
from paddle_cortexm.compiler.c_text import GENERATED, element_type, folded, string_literal
from paddle_cortexm.compiler.emit.header import ModelFacts, model_header
from paddle_cortexm.compiler.emit.model_run import run_functions
from paddle_cortexm.compiler.emit.names import constant_names, layer_function_name
from paddle_cortexm.compiler.emit.stream import STREAM_ASSERTIONS, row_function, segment_tables
from paddle_cortexm.compiler.emit.weights import write_weights
from paddle_cortexm.compiler.graph import Layer
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.compiler.layer_names import layer_title

SOURCE = Template("""#include "model.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

$headers#include "model_weights.h"

${assertions}__attribute__((section(".arena"), aligned(16))) uint8_t model_arena[MODEL_ARENA_BYTES];

/* A tensor or scratch, by its offset in the arena. */
#define AT(type, offset) ((type *)(void *)(model_arena + (offset)))

const char *const model_layer_names[MODEL_LAYER_COUNT] = {
$layer_names};

__attribute__((weak)) void model_layer_done(int layer)
{
    (void)layer;
}

$functions
$run""")
ASSUME = """\
/* What the compiler that wrote this file counts on: constants of the headers that it repeats. */
#define ASSUME(condition) _Static_assert(condition, "the compiler assumes " #condition)
"""


def emit_model(folder: Path, model: KernelGraph, plan: MemoryPlan, facts: ModelFacts) -> None:
    """Write model.h, model.c and the weights' files into the folder."""
    (folder / "model.h").write_text(model_header(model, plan, facts))
    (folder / "model.c").write_text(folded(_source(model, plan)))
    write_weights(folder, model)


def _source(model: KernelGraph, plan: MemoryPlan) -> str:
    at_once = {i: s.at_once.get(model.layers[i].output, 1) for s in plan.segments for i in s.layers}
    functions = [_layer_function(model, i, layer, at_once.get(i)) for i, layer in enumerate(model.layers)]
    functions += [segment_tables(model.graph, plan, number) for number in range(len(plan.segments))]
    return GENERATED + SOURCE.substitute(
        headers="".join(f'#include "{header}"\n' for header in _headers(model, plan)),
        assertions=_assertions(model, plan),
        layer_names="".join(f"    {string_literal(layer_title(model.graph, layer))},\n" for layer in model.layers),
        functions="\n".join(functions),
        run=run_functions(model.graph, plan),
    )


def _headers(model: KernelGraph, plan: MemoryPlan) -> list[str]:
    """The kernels' headers, and that of app/runtime/stream.c where a layer is streamed."""
    kernels = {header for kernel in model.kernels.values() if (header := kernel.header)}
    return sorted(kernels | ({"stream.h"} if plan.segments else set()))


def _assertions(model: KernelGraph, plan: MemoryPlan) -> str:
    """What the kernels' selectors and the row schedule assume of the headers, each assumption once."""
    assumed = {condition for kernel in model.kernels.values() for condition in kernel.assertions}
    assumed |= set(STREAM_ASSERTIONS if plan.segments else ())
    lines = "".join(f"ASSUME({condition});\n" for condition in sorted(assumed))
    return f"{ASSUME}{lines}\n" if assumed else ""


def _layer_function(model: KernelGraph, number: int, layer: Layer, at_once: int | None) -> str:
    """One layer: a comment with its shapes and kernel, then the function. at_once: the rows that a streamed layer makes
    in a call; None for a layer that is not streamed."""
    graph, kernel = model.graph, model.kernel_of(layer)
    shapes = " + ".join("x".join(map(str, tensor.shape[1:])) for tensor in graph.inputs_of(layer))
    shapes += f" -> {'x'.join(map(str, graph.output_of(layer).shape[1:]))}"
    by_rows = {None: "", 1: ", one row"}.get(at_once, f", up to {at_once} rows")
    function = _whole_function(model, number, layer) if at_once is None else row_function(model, number, at_once)
    return f"/* {layer_title(graph, layer)} ({layer.output}): {shapes}, {kernel.name}{by_rows} */\n{function}"


def _whole_function(model: KernelGraph, number: int, layer: Layer) -> str:
    """The C function that computes a whole layer."""
    graph, kernel = model.graph, model.kernel_of(layer)
    parameters = [f"const {element_type(t)} *input{i}" for i, t in enumerate(graph.inputs_of(layer))]
    parameters += [f"{element_type(graph.output_of(layer))} *output", "uint8_t *scratch"]
    unused = "" if kernel.scratch_bytes else "    (void)scratch;\n"
    body = Template(kernel.body).substitute(constant_names(graph, number, kernel)).strip("\n")
    name = layer_function_name(graph, number)
    return f"static int {name}({', '.join(parameters)})\n{{\n{unused}{body}\n    return 0;\n}}\n"
