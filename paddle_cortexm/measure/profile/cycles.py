"""Modelled Cortex-M55 cycles: LLVM's machine code analyser on every basic block that was executed.

A block's cycles are those llvm-mca gives for one turn of the block in a loop, with the Cortex-M55's dual-beat overlap
of vector instructions. Added to that: a branch takes BRANCH_CYCLES (the Cortex-M55 refills its short pipeline), the end
of a low-overhead loop none; a gather or scatter takes a cycle for each element, where llvm-mca counts the two of a
contiguous access (an assumption, on the slow side). Not modelled: waiting for memory, cache misses, interrupts;
straight-line code overlaps with itself as if it were a loop. So the figures compare kernels; they are no measurement.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from paddle_cortexm.host.compiler import CLANG_VERSIONS
from paddle_cortexm.measure.profile.disassembly import LOOP_ENDS, LOOP_STARTS, Instruction, Program

ITERATIONS = 100
BRANCH_CYCLES = 2
CONTIGUOUS_CYCLES = 2  # of a vector load or store: 64 bits a cycle
VECTOR_BITS = 128
VECTOR_ACCESS = re.compile(r"v(ldr|str)[bhwd][te]?\.[a-z]?(?P<element_bits>\d+)")
MODEL = ("-mtriple=thumbv8.1m.main-none-eabihf", "-mcpu=cortex-m55")


@dataclass(frozen=True)
class Block:
    """Instructions that are executed one after the other, by address."""

    addresses: tuple[int, ...]


def find_analyser() -> Path | None:
    """llvm-mca of the newest version from PATH, or None."""
    names = [f"llvm-mca-{version}" for version in CLANG_VERSIONS] + ["llvm-mca"]
    return next((Path(path) for name in names if (path := shutil.which(name))), None)


def cycles_by_address(program: Program, executions: Mapping[int, int], analyser: Path) -> dict[int, float]:
    """Modelled cycles of one execution of every instruction that was executed: its block's, divided evenly."""
    blocks = blocks_of(program, executions)
    analysed = analyse([[program.instructions[a] for a in block.addresses] for block in blocks], analyser)
    return {
        address: cycles / len(block.addresses)
        for block, cycles in zip(blocks, analysed, strict=True)
        for address in block.addresses
    }


def blocks_of(program: Program, executions: Mapping[int, int]) -> list[Block]:
    """The basic blocks among what was executed. A change of the count begins a block as well."""
    targets = {instruction.target for instruction in program.instructions.values()}
    blocks: list[list[int]] = []
    before: int | None = None
    for address in program.instructions:
        if address not in executions:
            before = None
            continue
        joined = (
            before is not None
            and address not in targets
            and not program.instructions[before].is_branch
            and executions[before] == executions[address]
        )
        if joined:
            blocks[-1].append(address)
        else:
            blocks.append([address])
        before = address
    return [Block(tuple(addresses)) for addresses in blocks]


def analyse(blocks: list[list[Instruction]], analyser: Path) -> list[float]:
    """Cycles of one turn of each block."""
    text = "".join(_region(number, block) for number, block in enumerate(blocks))
    command = [str(analyser), *MODEL, f"-iterations={ITERATIONS}", "-json", "-skip-unsupported-instructions=any"]
    done = subprocess.run([*command, "-"], input=text, capture_output=True, text=True, check=True, timeout=600)
    regions = json.loads(done.stdout)["CodeRegions"]
    modelled = Counter({int(r["Name"]): r["SummaryView"]["TotalCycles"] / ITERATIONS for r in regions})
    extra = [_branch_cycles(block) + sum(map(_gather_cycles, block)) for block in blocks]
    return [modelled[number] + cycles for number, cycles in enumerate(extra)]


def _region(number: int, block: list[Instruction]) -> str:
    """Assembly for llvm-mca, without the branches."""
    lines = [f"{i.name} {i.operands}\n" for i in block if not i.is_branch]
    return f"# LLVM-MCA-BEGIN {number}\n{''.join(lines)}# LLVM-MCA-END\n" if lines else ""


def _gather_cycles(instruction: Instruction) -> int:
    """What a gather or scatter takes beyond a contiguous access, for an address that is a vector: [r0, q1] or [q1]."""
    access = VECTOR_ACCESS.fullmatch(instruction.name)
    if access is None or not re.search(r"\[.*\bq\d", instruction.operands):
        return 0
    return VECTOR_BITS // int(access["element_bits"]) - CONTIGUOUS_CYCLES


def _branch_cycles(block: list[Instruction]) -> int:
    branches = [instruction for instruction in block if instruction.is_branch]
    costs = {**dict.fromkeys(LOOP_ENDS, 0), **dict.fromkeys(LOOP_STARTS, 1)}
    return sum(costs.get(instruction.name, BRANCH_CYCLES) for instruction in branches)
