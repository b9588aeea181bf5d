"""A PaddleClas config as its values by path. What is taken is gone, so that what is left was not carried over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Note:
    """What could not be carried over, or not as it is: its path in the YAML and why; value: None for all below it."""

    path: str
    value: Any
    reason: str

    def __str__(self) -> str:
        value = "" if self.value is None else f" ({self.value})"
        return f"{self.path}{value}: {self.reason}".replace("\n", " ")


class Source:
    """The values of a parsed YAML. A path joins keys with dots: `Optimizer.lr.name`; an operator in a list counts as a
    key: `DataLoader.Train.dataset.transform_ops.RandCropImage.size`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._left = dict(_leaves(values, ""))
        self.notes: list[Note] = []

    def has(self, path: str) -> bool:
        """Whether there is a value at this path, or below it."""
        return any(leaf == path or leaf.startswith(f"{path}.") for leaf in self._left)

    def peek(self, path: str, default: Any = None) -> Any:
        return self._left.get(path, default)

    def take(self, path: str, default: Any = None) -> Any:
        """The value, or the default where it is absent or null."""
        value = self._left.pop(path, None)
        return default if value is None else value

    def number(self, path: str, default: float | None = None) -> float | None:
        """A number, also as YAML leaves it in text: '1e-5' and '1.0/255.0'. What is no number is left."""
        number = _number(self._left.get(path))
        if number is None:
            return default
        self.take(path)
        return number

    def numbers(self, path: str) -> list[float]:
        """A list of numbers; a number alone is a list of one. What is neither is left, and is a list of none."""
        value = self._left.get(path)
        numbers = [_number(item) for item in (value if isinstance(value, list) else [value])]
        found = [number for number in numbers if number is not None]
        if len(found) != len(numbers):
            return []
        self.take(path)
        return found

    def text(self, path: str) -> str | None:
        """A text. What is none is left."""
        return self.take(path) if isinstance(self._left.get(path), str) else None

    def note(self, path: str, reason: str) -> None:
        """Take the value, if there is one, and say why it is not carried over as it is."""
        if path in self._left:
            self.notes.append(Note(path, self._left.pop(path), reason))

    def expect(self, path: str, built_in: float) -> None:
        """Take a number that cannot be set here, and note it where it is another than the one that is built in."""
        given = self.number(path)
        if given is not None and not math.isclose(given, built_in, rel_tol=1e-6):
            self.notes.append(Note(path, given, f"{built_in:.3g} is built in"))

    def discard(self, path: str) -> None:
        """Take everything at and below a path that has no effect."""
        for leaf in [leaf for leaf in self._left if leaf == path or leaf.startswith(f"{path}.")]:
            self.take(leaf)

    def left(self) -> dict[str, Any]:
        """What nobody took, by path."""
        return dict(self._left)


def _leaves(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Every value that is not a mapping or a list of mappings, with its path; an empty one is a value."""
    if isinstance(value, Mapping) and value:
        for key, below in value.items():
            yield from _leaves(below, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        seen: dict[str, int] = {}
        for item in value:
            for key, below in item.items():
                seen[key] = seen.get(key, 0) + 1
                name = key if seen[key] == 1 else f"{key}#{seen[key]}"
                yield from _leaves(True if below is None else below, f"{path}.{name}")  # without settings it is on too
    else:
        yield path, value


def _number(value: Any) -> float | None:
    if not isinstance(value, int | float | str) or isinstance(value, bool):
        return None
    above, _, below = str(value).partition("/")
    try:
        number = float(above) / (float(below) if below else 1.0)
    except (ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None
