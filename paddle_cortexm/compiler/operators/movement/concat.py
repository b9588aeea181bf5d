"""Runs of channels of one or several tensors behind each other: concat, and with one input split, slice and shuffle.

The integer twin moves a run as it is where its input shares the result's grid, and through a table of 256 entries
where it has a grid of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tvm.relax.dpl import DFPattern, is_op, is_tuple, wildcard

from paddle_cortexm.compiler.operators.parts.base import FloatOperator, Int8Array, IntegerOperator, Operator
from paddle_cortexm.compiler.operators.parts.paddle_forms import PaddleForm
from paddle_cortexm.compiler.operators.parts.relax_patterns import Matched, RelaxPattern
from paddle_cortexm.compiler.operators.parts.window import Window
from paddle_cortexm.compiler.tensor import INT8_MAXIMUM, INT8_MINIMUM, Grid, Shape

MOST_INPUTS = 16  # of a pattern in Relax
CHANNELS = 3  # their axis


@dataclass(frozen=True)
class Run:
    """`count` channels of an input (by its number) from `start` on."""

    input: int
    start: int
    count: int

    @property
    def channels(self) -> range:
        return range(self.start, self.start + self.count)


def runs_of(channels: Sequence[tuple[int, int]]) -> tuple[Run, ...]:
    """(input, channel) of every output channel as the fewest runs."""
    runs: list[Run] = []
    for source, channel in channels:
        last = runs[-1] if runs else None
        if last is not None and last.input == source and last.start + last.count == channel:
            runs[-1] = Run(source, last.start, last.count + 1)
        else:
            runs.append(Run(source, channel, 1))
    return tuple(runs)


@dataclass(frozen=True)
class AnyConcat(Operator):
    """What the twins share."""

    runs: tuple[Run, ...]

    @property
    def layer_kind(self) -> str:
        return "concat" if self.input_count > 1 else "channels"

    @property
    def input_count(self) -> int:
        return 1 + max(run.input for run in self.runs)

    @property
    def channels(self) -> tuple[tuple[int, int], ...]:
        """(input, channel) of every output channel."""
        return tuple((run.input, channel) for run in self.runs for channel in run.channels)

    def output_shape(self, inputs: Sequence[Shape]) -> Shape:
        return *inputs[0][:CHANNELS], sum(run.count for run in self.runs)

    def window_over(self, source: Shape) -> Window:
        return Window()

    @property
    def outside_value(self) -> int:
        return 0  # never read: the window stays inside


@dataclass(frozen=True)
class Concat(AnyConcat, FloatOperator):
    """Runs of channels, of floats."""

    @property
    def keeps_grid(self) -> bool:
        return self.input_count == 1

    @property
    def shares_grid(self) -> bool:
        return self.input_count > 1

    @property
    def only_moves(self) -> bool:
        return self.input_count == 1

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        return np.concatenate([inputs[run.input][..., run.channels] for run in self.runs], axis=CHANNELS)

    def in_paddle(self, paddle: Any) -> PaddleForm:
        def concatenated(inputs: Sequence[Any]) -> Any:
            return paddle.concat([inputs[run.input][:, run.start : run.start + run.count] for run in self.runs], axis=1)

        return concatenated

    def integer(
        self, inputs: Sequence[Grid], output: Grid, weight_scales: NDArray[np.float64] | None = None
    ) -> IntegerConcat:
        return IntegerConcat(self.runs, tuple(None if grid == output else _table(grid, output) for grid in inputs))


@dataclass(frozen=True)
class IntegerConcat(AnyConcat, IntegerOperator):
    """Runs of channels, of int8. tables: by input, what each of its values (index x + 128) becomes on the result's
    grid; None: itself."""

    tables: tuple[Int8Array | None, ...]

    def evaluate(self, inputs: Sequence[NDArray[Any]]) -> NDArray[Any]:
        converted = [
            values if table is None else table[values.astype(np.int64) + 128]
            for values, table in zip(inputs, self.tables, strict=True)
        ]
        return np.concatenate([converted[run.input][..., run.channels] for run in self.runs], axis=CHANNELS)


def _table(source: Grid, result: Grid) -> Int8Array:
    """The nearest steps of the result's grid to all 256 values of the source's."""
    values = source.scale * (np.arange(INT8_MINIMUM, INT8_MAXIMUM + 1, dtype=np.float64) - source.zero_point)
    return result.integers(values).astype(np.int8)


def _is_over_channels(call: Any) -> bool:
    """Of an image (1, H, W, C) or a vector (1, C)."""
    return int(call.attrs.axis) == len(call.ty.shape) - 1


def _concat_pattern(count: int) -> RelaxPattern:
    """relax.concat of so many tensors over the channels; each is taken whole."""
    inputs = tuple(wildcard() for _ in range(count))
    pattern = is_op("relax.concat")(is_tuple(inputs))

    def operator(matched: Matched) -> Concat | None:
        if not _is_over_channels(matched[pattern]):
            return None
        widths = [int(matched[x].ty.shape[len(matched[x].ty.shape) - 1]) for x in inputs]
        return Concat(tuple(Run(number, 0, width) for number, width in enumerate(widths)))

    return RelaxPattern("concat", pattern, inputs, operator)


def _select_pattern() -> RelaxPattern:
    """relax.take of channels by constant indices."""
    x, indices = wildcard(), wildcard()
    pattern: DFPattern = is_op("relax.take")(x, indices)

    def operator(matched: Matched) -> Concat | None:
        chosen = getattr(matched[indices], "value", None)
        if chosen is None or not _is_over_channels(matched[pattern]):
            return None
        return Concat(runs_of([(0, int(channel)) for channel in chosen.numpy()]))

    return RelaxPattern("channels", pattern, (x,), operator)


PATTERNS = (*(_concat_pattern(count) for count in range(1, MOST_INPUTS + 1)), _select_pattern())
