"""What the program printed on its UART, read back. The lines are made by report.c and fault.c of app/firmware."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from paddle_cortexm.target import END_MARK

FRAME = re.compile(
    r"frame (?P<number>\d+): (?P<width>\d+)x(?P<height>\d+) class (?P<class>\d+) score (?P<score>-?[\d.]+) "
    r"preprocessing (?P<preprocessing>\d+) model (?P<model>\d+) crc32 (?P<crc>[0-9a-f]{8})$"
)
OUTPUT = re.compile(r"output: ([0-9a-f]+)$")
TOP = re.compile(r"\s+(\d+)  (-?\d+\.\d{4})  (.*)$")
ABOVE = "above the threshold:"
LAYER = re.compile(r"\s+(\d+)  \s*(\d+)  (.*)$")
STACK = re.compile(r"stack: (\d+) of (\d+) bytes used$")
COUNTER = re.compile(r".* instructions from the (.+)$")


Scored = tuple[int, float, str]  # number, score, label


@dataclass(frozen=True)
class FrameResult:
    """One classified frame. instructions: of the preprocessing and of the model; output: the tensor's bytes."""

    number: int
    class_number: int
    score: float
    preprocessing: int
    model: int
    crc32: int
    output: bytes

    @property
    def arrived_whole(self) -> bool:
        """Whether the bytes read here have the checksum computed on the target."""
        return zlib.crc32(self.output) == self.crc32


@dataclass(frozen=True)
class Transcript:
    """top: (class, score, label), above: those above their thresholds, None where the answer is one class, and layers:
    (name, instructions), all of the first frame; stack in bytes; problems: the lines of an error or fault report;
    complete: the program reached its end."""

    counter: str
    frames: tuple[FrameResult, ...]
    top: tuple[Scored, ...]
    above: tuple[Scored, ...] | None
    layers: tuple[tuple[str, int], ...]
    stack_used: int
    stack_reserved: int
    problems: tuple[str, ...]
    complete: bool


def parse(text: str) -> Transcript:
    """Read a transcript; lines of a simulator in between are passed over."""
    lines = [line.rstrip("\r") for line in text.split("\n")]
    stack = next((match for line in lines if (match := STACK.search(line))), None)
    counter = next((match[1] for line in lines if (match := COUNTER.match(line))), "")
    return Transcript(
        counter=counter,
        frames=tuple(_frames(lines)),
        top=_scored(lines, "top "),
        above=_scored(lines, ABOVE) if ABOVE in lines else None,
        layers=tuple((m[3], int(m[2])) for m in _block(lines, "layers (instructions):", LAYER)),
        stack_used=int(stack[1]) if stack else 0,
        stack_reserved=int(stack[2]) if stack else 0,
        problems=tuple(_problems(lines)),
        complete=stack is not None and any(END_MARK in line for line in lines),
    )


def _frames(lines: list[str]) -> list[FrameResult]:
    """A frame line and the output line after it make a result; a frame without its output was cut off."""
    results = []
    pending: re.Match[str] | None = None
    for line in lines:
        if match := FRAME.search(line):
            pending = match
        elif (match := OUTPUT.search(line)) and pending and len(match[1]) % 2 == 0:
            results.append(
                FrameResult(
                    number=int(pending["number"]),
                    class_number=int(pending["class"]),
                    score=float(pending["score"]),
                    preprocessing=int(pending["preprocessing"]),
                    model=int(pending["model"]),
                    crc32=int(pending["crc"], 16),
                    output=bytes.fromhex(match[1]),
                )
            )
            pending = None
    return results


def _scored(lines: list[str], heading: str) -> tuple[Scored, ...]:
    return tuple((int(m[1]), float(m[2]), m[3]) for m in _block(lines, heading, TOP))


def _block(lines: list[str], heading: str, pattern: re.Pattern[str]) -> list[re.Match[str]]:
    """The indented lines that follow a heading."""
    start = next((i for i, line in enumerate(lines) if line.startswith(heading)), None)
    rows = []
    for line in lines[start + 1 :] if start is not None else []:
        match = pattern.match(line)
        if match is None:
            break
        rows.append(match)
    return rows


def _problems(lines: list[str]) -> list[str]:
    """Lines that begin with `error:`, and a fault report with its registers."""
    found: list[str] = []
    in_fault = False
    for line in lines:
        in_fault = line.startswith("FAULT") or (in_fault and line.startswith("  "))
        if in_fault or line.startswith("error:"):
            found.append(line)
    return found
