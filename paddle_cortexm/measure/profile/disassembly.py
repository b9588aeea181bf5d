"""A program's instructions and functions, from objdump's listing."""

from __future__ import annotations

import bisect
import re
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FUNCTION = re.compile(r"([0-9a-f]{8}) <([^>]+)>:$")
INSTRUCTION = re.compile(r"\s*([0-9a-f]+):\s+([a-z][a-z0-9.]*)\s*([^@;]*)")
TARGET = re.compile(r"(?:^|[ ,])(?:0x)?([0-9a-f]+) <")  # of a branch: "le lr, 0x250 <start+0xfc>"
LOOP_ENDS = ("le", "letp")  # low-overhead loops (Armv8.1-M): after the first turn they take no time
LOOP_STARTS = ("dls", "dlstp", "wls", "wlstp")
BRANCHES = re.compile(r"(b|bl|blx|bx|cbz|cbnz|tbb|tbh|b(eq|ne|cs|hs|cc|lo|mi|pl|vs|vc|hi|ls|ge|lt|gt|le))(\.n|\.w)?$")


@dataclass(frozen=True)
class Instruction:
    """name: the mnemonic; operands: as objdump writes them."""

    name: str
    operands: str

    @property
    def is_branch(self) -> bool:
        """Whether the instruction after it may not be the next to be executed."""
        returns = self.name.startswith(("pop", "ldm")) and "pc" in self.operands
        return returns or self.name in LOOP_ENDS + LOOP_STARTS or BRANCHES.match(self.name) is not None

    @property
    def target(self) -> int | None:
        """The address it may branch to, where that is written in it."""
        match = TARGET.search(self.operands) if self.is_branch else None
        return int(match[1], 16) if match else None


@dataclass(frozen=True)
class Program:
    """instructions: by address, in order; functions: (address, name), in order."""

    instructions: Mapping[int, Instruction]
    functions: tuple[tuple[int, str], ...]

    def address_of(self, function: str) -> int:
        return next(address for address, name in self.functions if name == function)

    def function_at(self, address: int) -> str:
        """The function an instruction belongs to."""
        after = bisect.bisect_right(self.functions, (address, "\U0010ffff"))
        return self.functions[after - 1][1] if after else "?"

    def by_function(self, executions: Mapping[int, float]) -> Counter[str]:
        """Sums by function of what is given by address."""
        sums: Counter[str] = Counter()
        for address, number in executions.items():
            sums[self.function_at(address)] += number  # type: ignore[assignment]
        return sums


def disassemble(elf: Path, objdump: Path) -> Program:
    """objdump: LLVM's or arm-none-eabi-objdump."""
    command = [str(objdump), "-d", "--no-show-raw-insn", str(elf)]
    return parse(subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout)


def parse(listing: str) -> Program:
    instructions: dict[int, Instruction] = {}
    functions: list[tuple[int, str]] = []
    for line in listing.splitlines():
        if match := FUNCTION.match(line):
            functions.append((int(match[1], 16), match[2]))
        elif match := INSTRUCTION.match(line):
            instructions[int(match[1], 16)] = Instruction(match[2], match[3].strip())
    return Program(dict(sorted(instructions.items())), tuple(sorted(functions)))
