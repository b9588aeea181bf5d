"""The C of a compiled model: model.h, model.c, model_weights.*, and the program's data files."""

from paddle_cortexm.compiler.emit.header import ModelFacts
from paddle_cortexm.compiler.emit.model import emit_model

__all__ = ["ModelFacts", "emit_model"]
