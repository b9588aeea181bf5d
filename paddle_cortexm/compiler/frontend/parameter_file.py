"""Reads `.pdiparams`: all parameters of a program in one file.

Paddle writes the tensors sorted by name, each as (little-endian; SerializeToStream in Paddle's dense_tensor.cc)

    uint32 version 0 | uint64 levels of detail, then for each: uint64 bytes, data
    uint32 version 0 | int32 size of the description, a protobuf with type and shape | the values, row by row

The program holds the same type and shape, so the description is skipped.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


class ParameterFileError(ValueError):
    """The file is not what the program says it is."""


@dataclass(frozen=True)
class StoredParameter:
    """What the program says about one tensor of the file."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


@dataclass
class _Reader:
    data: bytes
    position: int = 0

    def bytes(self, count: int) -> bytes:
        if count < 0 or self.position + count > len(self.data):
            raise ParameterFileError(f"ends at byte {len(self.data)}, in the middle of a tensor")
        self.position += count
        return self.data[self.position - count : self.position]

    def number(self, layout: str) -> int:
        return int(struct.unpack(layout, self.bytes(struct.calcsize(layout)))[0])


def read_parameters(path: Path, stored: Iterable[StoredParameter]) -> dict[str, NDArray[np.generic]]:
    """The arrays by name. Raises ParameterFileError when sizes or versions do not match."""
    reader = _Reader(path.read_bytes())
    parameters = {p.name: _tensor(reader, p) for p in sorted(stored, key=lambda p: p.name)}
    if reader.position != len(reader.data):
        raise ParameterFileError(f"has {len(reader.data) - reader.position} bytes more than the program's parameters")
    return parameters


def _tensor(reader: _Reader, parameter: StoredParameter) -> NDArray[np.generic]:
    _version(reader, parameter)
    for _ in range(reader.number("<Q")):
        reader.bytes(reader.number("<Q"))
    _version(reader, parameter)
    reader.bytes(reader.number("<i"))
    values = reader.bytes(math.prod(parameter.shape) * parameter.dtype.itemsize)
    return np.frombuffer(values, parameter.dtype).reshape(parameter.shape)


def _version(reader: _Reader, parameter: StoredParameter) -> None:
    version = reader.number("<I")
    if version != 0:
        raise ParameterFileError(f"holds no tensor where '{parameter.name}' should start (version {version})")
