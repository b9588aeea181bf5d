"""Matrices inside a tensor: what splits, transpositions and heads of attention are without moving anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Four = tuple[int, int, int, int]


@dataclass(frozen=True)
class View:
    """Element (group, head, row, column) of the matrices is the tensor's element number offset + the sum of index times
    stride, in NHWC order."""

    offset: int
    strides: Four

    def positions(self, sizes: Four) -> NDArray[np.int64]:
        """The numbers of all elements: (groups, heads, rows, columns)."""
        indices = np.indices(sizes, dtype=np.int64)
        return self.offset + np.tensordot(np.array(self.strides, np.int64), indices, 1)

    @property
    def numbers(self) -> tuple[int, ...]:
        return self.offset, *self.strides


def view_of(positions: NDArray[Any]) -> View | None:
    """The view that has these positions (groups, heads, rows, columns), None where they are not evenly spaced."""
    sizes: Four = positions.shape  # type: ignore[assignment]
    origin = positions[0, 0, 0, 0]
    steps = [np.moveaxis(positions, axis, 0)[:, 0, 0, 0] for axis in range(4)]
    strides: Four = tuple(int(step[1] - origin) if len(step) > 1 else 0 for step in steps)  # type: ignore[assignment]
    view = View(int(origin), strides)
    return view if np.array_equal(view.positions(sizes), positions) else None
