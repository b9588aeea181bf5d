"""Paddle inference program -> Relax (NHWC, batch norm folded) -> layer graph, with as little movement as possible."""

from __future__ import annotations

from pathlib import Path

import tvm

from paddle_cortexm.compiler.frontend.copies import without_copies
from paddle_cortexm.compiler.frontend.exported.read import read_program
from paddle_cortexm.compiler.frontend.imports import OPERATORS, check_supported
from paddle_cortexm.compiler.frontend.imports.relax_builder import RelaxBuilder
from paddle_cortexm.compiler.frontend.layers import to_graph
from paddle_cortexm.compiler.frontend.movement import with_less_movement
from paddle_cortexm.compiler.frontend.paddle.program import PaddleProgram
from paddle_cortexm.compiler.frontend.paddle.simplify import simplify
from paddle_cortexm.compiler.graph import Graph


def import_program(folder: Path, stem: str = "model") -> tvm.IRModule:
    """`stem`.pdmodel and .pdiparams as a Relax module: one function `main`, NHWC, batch norm folded.

    Its variables have the names of Paddle's tensors. Raises UserError naming file, operator and tensor for what is
    not supported.
    """
    return RelaxBuilder(_simple_program(folder, stem)).build(OPERATORS)


def load_graph(folder: Path, stem: str = "model", name: str = "model") -> Graph:
    """The float layer graph of a Paddle program; tensors keep Paddle's names. Raises UserError as import_program."""
    program = _simple_program(folder, stem)
    parameters = {op.output: op.parameter for op in program.operators}
    return with_less_movement(without_copies(to_graph(RelaxBuilder(program).build(OPERATORS), name, parameters)))


def _simple_program(folder: Path, stem: str) -> PaddleProgram:
    program = read_program(folder, stem)
    check_supported(program)
    return simplify(program)
