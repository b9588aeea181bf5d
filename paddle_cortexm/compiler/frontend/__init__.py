"""Paddle inference program -> Relax (NHWC, batch norm folded) -> layer graph."""

from __future__ import annotations

from pathlib import Path

from paddle_cortexm.compiler.composites import layer_graph
from paddle_cortexm.compiler.frontend.program import read_program
from paddle_cortexm.compiler.frontend.relax_import import RelaxProgram, import_program
from paddle_cortexm.compiler.frontend.simplify import simplify
from paddle_cortexm.compiler.graph import Graph

__all__ = ["import_folder", "load_graph"]


def import_folder(folder: Path, stem: str = "model") -> RelaxProgram:
    """Read `stem`.pdmodel and .pdiparams into Relax. Raises UserError for an operator that is not supported."""
    return import_program(simplify(read_program(folder, stem)))


def load_graph(folder: Path, stem: str = "model", name: str = "model") -> Graph:
    """The float layer graph of a Paddle program; tensors keep Paddle's names."""
    return layer_graph(import_folder(folder, stem), name)
