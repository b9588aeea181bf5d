"""model_weights.h, model_weights.c and model_weights.bin: every layer's constants, in the linker sections of their
kinds.

A small model's are readable C. A large one's weights would be several times their size as text and take a compiler
minutes, so that they lie in the .bin, which the assembler includes where model_weights.c names their places.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.compiler.c_text import GENERATED, array_declaration, array_definition, array_title
from paddle_cortexm.compiler.emit.names import constant_names
from paddle_cortexm.compiler.kernels.kernel import KernelGraph
from paddle_cortexm.target import KIB

SECTIONS = {"weights": ".model_weights", "hot": ".model_hot"}
BINARY = "model_weights.bin"
MOST_TEXT = 64 * KIB  # of weights that are C
ALIGNMENT = 16  # bytes, of each constant
# Found beside the headers. The digest has what is built from the .bin built again when it changes.
INCLUDE = f"""\
/* {BINARY}, sha256 {{digest}} */
#define FROM_FILE(name, offset, bytes) \\
    __asm__(".pushsection {SECTIONS["weights"]}, \\"a\\", %progbits\\n" \\
            ".balign {ALIGNMENT}\\n" \\
            ".global " #name "\\n" \\
            ".type " #name ", %object\\n" \\
            ".size " #name ", " #bytes "\\n" \\
            #name ":\\n" \\
            ".incbin \\"{BINARY}\\", " #offset ", " #bytes "\\n" \\
            ".popsection")

"""


@dataclass(frozen=True)
class _Placed:
    """A constant with its C name; offset: in the .bin, None for one that is C."""

    name: str
    values: NDArray[np.generic]
    section: str
    offset: int | None


def write_weights(folder: Path, model: KernelGraph) -> None:
    """Write the two or three files."""
    constants = list(_placed(model))
    (folder / "model_weights.h").write_text(_header(constants))
    binary = _binary(constants)
    if binary:
        (folder / BINARY).write_bytes(binary)
    (folder / "model_weights.c").write_text(_source(constants, binary))


def _header(constants: list[_Placed]) -> str:
    declarations = "".join(array_declaration(constant.name, constant.values) for constant in constants)
    guard = "#ifndef MODEL_WEIGHTS_H\n#define MODEL_WEIGHTS_H\n"
    return f"{GENERATED}{guard}\n#include <stdint.h>\n\n{declarations}\n#endif\n"


def _binary(constants: list[_Placed]) -> bytes:
    """Little-endian, as all that it is built for."""
    content = bytearray()
    for constant in constants:
        if constant.offset is not None:
            content += bytes(constant.offset - len(content))
            content += constant.values.astype(constant.values.dtype.newbyteorder("<")).tobytes()
    return bytes(content)


def _source(constants: list[_Placed], binary: bytes) -> str:
    includes = '#include "model_weights.h"\n\n#include <math.h> /* INFINITY, NAN */\n\n'
    include = INCLUDE.format(digest=hashlib.sha256(binary).hexdigest()) if binary else ""
    return GENERATED + includes + include + "\n".join(map(_definition, constants))


def _definition(constant: _Placed) -> str:
    if constant.offset is None:
        return array_definition(constant.name, constant.values, constant.section)
    place = f"{constant.name}, {constant.offset}, {constant.values.nbytes}"
    return f"/* {array_title(constant.values)} */\nFROM_FILE({place});\n"


def _placed(model: KernelGraph) -> Iterator[_Placed]:
    """Every constant, layer by layer."""
    kernels = [model.kernel_of(layer) for layer in model.layers]
    size = sum(c.values.nbytes for kernel in kernels for c in kernel.constants if c.kind == "weights")
    end = 0
    for number, kernel in enumerate(kernels):
        for name, constant in zip(constant_names(model.graph, number, kernel).values(), kernel.constants, strict=True):
            in_file = constant.kind == "weights" and size > MOST_TEXT
            begin = -(-end // ALIGNMENT) * ALIGNMENT
            end = begin + constant.values.nbytes if in_file else end
            yield _Placed(name, constant.values, SECTIONS[constant.kind], begin if in_file else None)
