"""Disassembly, basic blocks and modelled cycles, on listings written by hand."""

import re
import subprocess
from collections import Counter

import pytest

from paddle_cortexm.measure.profile.counts import read_parts
from paddle_cortexm.measure.profile.cycles import BRANCH_CYCLES, analyse, blocks_of, cycles_by_address, find_analyser
from paddle_cortexm.measure.profile.disassembly import Instruction, parse

LISTING = """
app.elf:	file format elf32-littlearm

Disassembly of section .text:

00000100 <dot>:
     100:      	push	{r4, lr}
     102:      	dlstp.8	lr, r3
     106:      	vldrb.u8	q0, [r0], #16
     10a:      	vmladava.s8	r2, q0, q0
     10e:      	letp	lr, 0x106 <dot+0x6>     @ imm = #-0xc
     112:      	pop	{r4, pc}

00000120 <other>:
     120:      	bl	0x100 <dot>              @ imm = #-0x24
     124:      	bx	lr
"""
EXECUTIONS = {0x100: 2, 0x102: 2, 0x106: 10, 0x10A: 10, 0x10E: 10, 0x112: 2, 0x120: 2, 0x124: 1}


def has_analyser() -> bool:
    """Whether there is an llvm-mca with the model of the Cortex-M55 that the figures are of."""
    analyser = find_analyser()
    said = subprocess.run([analyser, "--version"], capture_output=True, text=True).stdout if analyser else ""
    version = re.search(r"version (\d+)", said)
    return version is not None and int(version[1]) >= 19


needs_analyser = pytest.mark.skipif(not has_analyser(), reason="needs llvm-mca 19 or later")


def instructions(*lines: str) -> list[Instruction]:
    return [Instruction(*line.split(" ", 1)) for line in lines]


def test_a_listing_gives_functions_and_instructions() -> None:
    program = parse(LISTING)
    assert program.functions == ((0x100, "dot"), (0x120, "other"))
    assert program.instructions[0x10A] == Instruction("vmladava.s8", "r2, q0, q0")
    assert program.address_of("other") == 0x120 and program.function_at(0x10E) == "dot"


def test_executions_are_summed_by_function() -> None:
    assert parse(LISTING).by_function(EXECUTIONS) == Counter({"dot": 36, "other": 3})


def test_blocks_end_at_branches_and_begin_at_their_targets() -> None:
    blocks = [block.addresses for block in blocks_of(parse(LISTING), EXECUTIONS)]
    assert blocks == [(0x100, 0x102), (0x106, 0x10A, 0x10E), (0x112,), (0x120,), (0x124,)]


def test_what_was_never_executed_is_in_no_block() -> None:
    blocks = [block.addresses for block in blocks_of(parse(LISTING), {0x106: 1, 0x120: 1})]
    assert blocks == [(0x106,), (0x120,)]


def test_the_plugin_s_file_is_split_at_the_marks() -> None:
    assert read_parts("100 2\n102 a\nmark\n100 1\nmark\noutside 0\n") == [{0x100: 2, 0x102: 10}, {0x100: 1}]


@needs_analyser
def test_vector_loads_overlap_with_multiply_accumulates() -> None:
    """Two beats each: alone two cycles an instruction, together the load hides behind the multiplication."""
    load, multiply = "vldrb.u8 q0, [r0], #16", "vmladava.s8 r2, q1, q2"
    analyser = find_analyser()
    assert analyser is not None
    loads, both = analyse([instructions(load, load), instructions(load, multiply)], analyser)
    assert both < loads


@needs_analyser
@pytest.mark.parametrize(
    ("gather", "contiguous", "elements"),
    [
        ("vldrw.u32 q0, [q1, #64]", "vldrw.u32 q0, [r0, #64]", 4),
        ("vldrb.u16 q0, [r0, q1]", "vldrb.u16 q0, [r0]", 8),
        ("vstrb.8 q0, [r0, q1]", "vstrb.8 q0, [r0]", 16),
    ],
)
def test_a_gather_takes_a_cycle_for_each_element(gather: str, contiguous: str, elements: int) -> None:
    analyser = find_analyser()
    assert analyser is not None
    gathered, plain = analyse([instructions(gather), instructions(contiguous)], analyser)
    assert round(gathered - plain) == elements - 2


@needs_analyser
def test_the_end_of_a_low_overhead_loop_is_free_and_a_branch_is_not() -> None:
    analyser = find_analyser()
    assert analyser is not None
    add = "adds r0, r0, #1"
    plain, loop, branch = analyse(
        [instructions(add), instructions(add, "le lr, 0x106 <dot>"), instructions(add, "b 0x106 <dot>")], analyser
    )
    assert loop == plain and branch == plain + BRANCH_CYCLES


@needs_analyser
def test_a_program_s_cycles_follow_its_executions() -> None:
    analyser = find_analyser()
    assert analyser is not None
    cost = cycles_by_address(parse(LISTING), EXECUTIONS, analyser)
    assert set(cost) == set(EXECUTIONS)
    assert 2 <= cost[0x106] + cost[0x10A] + cost[0x10E] <= 6  # two vector instructions of two beats
