"""model_weights.h and model_weights.c: every layer's constants, in the linker sections of their kinds."""

from __future__ import annotations

from collections.abc import Iterator

from paddle_cortexm.compiler.c_text import GENERATED, array_declaration, array_definition
from paddle_cortexm.compiler.emit.names import constant_names
from paddle_cortexm.compiler.kernels.kernel import Constant, KernelGraph

SECTIONS = {"weights": ".model_weights", "hot": ".model_hot"}


def weights_header(model: KernelGraph) -> str:
    """The text of model_weights.h."""
    declarations = "".join(array_declaration(name, constant.values) for name, constant in _constants(model))
    guard = "#ifndef MODEL_WEIGHTS_H\n#define MODEL_WEIGHTS_H\n"
    return f"{GENERATED}{guard}\n#include <stdint.h>\n\n{declarations}\n#endif\n"


def weights_source(model: KernelGraph) -> str:
    """The text of model_weights.c."""
    definitions = (array_definition(n, constant.values, SECTIONS[constant.kind]) for n, constant in _constants(model))
    includes = '#include "model_weights.h"\n\n#include <math.h> /* INFINITY, NAN */\n\n'
    return GENERATED + includes + "\n".join(definitions)


def _constants(model: KernelGraph) -> Iterator[tuple[str, Constant]]:
    """Every constant with its C name, layer by layer."""
    for number, layer in enumerate(model.layers):
        kernel = model.kernel_of(layer)
        yield from zip(constant_names(model.graph, number, kernel).values(), kernel.constants, strict=True)
