"""A Paddle inference program as plain data, in the terms of Paddle's legacy format."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from paddle_cortexm.errors import UserError

Array = NDArray[np.generic]
Shape = tuple[int, ...]


@dataclass(frozen=True)
class PaddleOperator:
    """One operator: slot name -> tensor names, and its attributes. Shapes and layouts are Paddle's (NCHW, OIHW).
    parameter: what the network calls its weights, also when they have been folded with others; empty without any."""

    kind: str
    inputs: dict[str, tuple[str, ...]]
    outputs: dict[str, tuple[str, ...]]
    attributes: dict[str, Any]
    parameter: str = ""

    def input(self, slot: str) -> str:
        return self.inputs[slot][0]

    def has_input(self, slot: str) -> bool:
        return bool(self.inputs.get(slot))

    @property
    def output(self) -> str:
        """The result; the other slots (`XShape`, `MeanOut`, ...) are by-products that inference does not read."""
        return next(self.outputs[slot][0] for slot in ("Out", "Output", "Y", *self.outputs) if self.outputs.get(slot))

    def reads(self, tensor: str) -> bool:
        return any(tensor in names for names in self.inputs.values())

    def mistake(self, problem: str) -> UserError:
        """The error for something in this operator that cannot be compiled."""
        return UserError(f"{self.kind} (tensor '{self.output}'): {problem}")


@dataclass(frozen=True)
class PaddleProgram:
    """Operators in order, parameters and shapes (NCHW, batch 1) by tensor name, one input and one output. thresholds:
    of a program that PaddleSlim quantised, the real value of 127 steps by tensor. channels_last: the tensors of four
    axes whose channels are the last one (frontend/paddle/layouts.py)."""

    operators: tuple[PaddleOperator, ...]
    parameters: dict[str, Array]
    shapes: dict[str, Shape]
    input: str
    output: str
    thresholds: dict[str, float] = field(default_factory=dict)
    channels_last: frozenset[str] = frozenset()

    def channel_axis(self, tensor: str) -> int:
        """Of images (1, C, H, W) and vectors (1, C) the second; of tokens (N, C) and (1, N, C), of scores, the last."""
        rank = len(self.shapes[tensor])
        return rank - 1 if rank == 3 or rank > 4 or tensor in self.channels_last else min(rank, 2) - 1

    def channels(self, tensor: str) -> int:
        return self.shapes[tensor][self.channel_axis(tensor)]

    def producer(self, tensor: str) -> PaddleOperator | None:
        return next((op for op in self.operators if op.output == tensor), None)

    def readers(self, tensor: str) -> list[PaddleOperator]:
        return [op for op in self.operators if op.reads(tensor)]

    def is_read_once(self, tensor: str) -> bool:
        return tensor != self.output and len(self.readers(tensor)) == 1

    def replacing(self, replacements: dict[str, tuple[PaddleOperator, ...]], **changes: Any) -> PaddleProgram:
        """The program with some operators, named by their output, replaced by others (or by none)."""
        operators = tuple(new for op in self.operators for new in replacements.get(op.output, (op,)))
        return replace(self, operators=operators, **changes)

    def without(self, gone: PaddleOperator, source: str) -> PaddleProgram:
        """The program without one operator; whoever read its result reads `source`."""

        def rename(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(source if name == gone.output else name for name in names)

        operators = tuple(
            replace(op, inputs={slot: rename(names) for slot, names in op.inputs.items()})
            for op in self.operators
            if op is not gone
        )
        return replace(self, operators=operators, output=rename((self.output,))[0])
