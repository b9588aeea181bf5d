"""What a board is: its memories and their roles, its UART, counter and simulators; and which memory holds what.

The boards themselves are data: boards.py. From a Target the build makes the linker's memories and the program's board.h
(paddle_cortexm/firmware/board_files.py), the simulators their command lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from paddle_cortexm.errors import UserError, nearest

KIB, MIB = 1024, 1024 * 1024
STACK_BYTES = 8 * KIB
DATA_BYTES = 4 * KIB  # the program's own variables, the fault handler's stack and the C library's, rounded up
MAXIMUM_SIDE = 1024  # pixels of a camera frame: nothing overflows with more, but the boards keep room for no larger one
COUNTER_BYTES = 8  # of each layer's count of instructions
FRAME_BYTES = MAXIMUM_SIDE * MAXIMUM_SIDE * 3  # the largest camera frame, RGB888
PARTS = ("arena", "weights", "hot")  # of a model: what is assigned to memories
END_MARK = "EXITTHESIM"  # what a program prints last: simulators that watch the UART end the simulation there


@dataclass(frozen=True)
class Region:
    """One memory. cost: of a data access, relative to the tightly coupled memory; an order, not a measurement.
    holds_data: the model's parts may be assigned to it; read_only: only its weights then. size in bytes."""

    name: str
    origin: int
    size: int
    cost: int
    purpose: str
    holds_data: bool = True
    read_only: bool = False


@dataclass(frozen=True)
class Uart:
    """The UART the program prints on. kind: of its driver, app/firmware/boards/uart_KIND.c. ends_transmission: the
    program sends the byte 0x04 at its end, which shuts down a simulator that cannot watch for a word."""

    kind: str
    base: int
    ends_transmission: bool = False


@dataclass(frozen=True)
class Counter:
    """What counts instructions on QEMU: its driver scales it to them. kind: of that driver,
    app/firmware/boards/counter_KIND.h; title: what reports call it; control, read: its two frames of registers."""

    kind: str
    title: str
    control: int
    read: int


@dataclass(frozen=True)
class FixedVirtualPlatform:
    """Arm's model of a board. names: of its programs, to look for; board, cpu: prefixes of the parameters of UART 0 and
    of semihosting; terminals: those that would open a window; settings: further parameters, NAME=VALUE."""

    names: tuple[str, ...]
    board: str
    cpu: str
    terminals: tuple[int, ...]
    settings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Qemu:
    """The machine of QEMU that comes nearest. vectors: the memory in which its CPU looks for the vectors at reset,
    where the board's looks elsewhere; lacks: memories the machine has not, so that it cannot run the program; note:
    what it models differently, None where nothing that matters."""

    machine: str
    vectors: str | None = None
    lacks: tuple[str, ...] = ()
    note: str | None = None


@dataclass(frozen=True)
class Target:
    """A board. Roles of its memories, by name: `code` (program, first values of its variables), `vectors` (what the
    CPU reads at reset), `data` (stack, variables), `demo_frame` (the linked-in frame), `frames` (the frame buffer;
    None: the program classifies the linked-in frame only). toolchains: compilers that know its CPU, the preferred
    first."""

    name: str
    title: str
    cpu: str
    regions: tuple[Region, ...]
    code: str
    vectors: str
    data: str
    demo_frame: str
    frames: str | None
    uart: Uart
    counter: Counter
    fvp: FixedVirtualPlatform
    qemu: Qemu
    toolchains: tuple[str, ...] = ("clang", "zig", "gcc")

    def region(self, name: str) -> Region:
        """The region of that name. Raises UserError for another."""
        found = next((region for region in self.regions if region.name == name), None)
        if found is None:
            names = [region.name for region in self.regions]
            raise UserError(f"{self.name} has no memory '{name}'{nearest(name, names)}. It has: {', '.join(names)}")
        return found

    def reserved(self, name: str) -> int:
        """Bytes of a region that the program itself takes: stack and variables, the frame buffer."""
        return (STACK_BYTES + DATA_BYTES if name == self.data else 0) + (FRAME_BYTES if name == self.frames else 0)

    def free(self, name: str) -> int:
        """Bytes of a region that a model may use."""
        return self.region(name).size - self.reserved(name)

    def candidates(self, part: str) -> tuple[Region, ...]:
        """The memories that may hold a part of the model (PARTS), the fastest first: weights may be read-only."""
        writable = part != "weights"
        allowed = (region for region in self.regions if region.holds_data and not (writable and region.read_only))
        return tuple(sorted(allowed, key=lambda region: region.cost))

    @property
    def output(self) -> str:
        """The region of the output tensor and of the layers' counters: beside the frame buffer, else the slowest that
        can be written."""
        return self.frames or self.candidates("arena")[-1].name

    def described(self, regions: Mapping[str, str]) -> str:
        """assign_regions()'s result for people, with a word on an arena that is in the slowest memory."""
        *faster, slowest = self.candidates("arena")
        text = ", ".join(f"{part} in {name}" for part, name in regions.items())
        if regions["arena"] != slowest.name:
            return text
        largest = max((region.name for region in faster), key=self.free)
        return (
            f"{text}. {slowest.name} is the slowest for an arena; compile.memory.arena: {self.free(largest) // KIB}KiB "
            f"asks for one that fits into {largest}"
        )

    def assign_regions(
        self,
        *,
        arena: int,
        weights: int,
        hot: int,
        demo_frame: int = 0,
        results: int = 0,
        asked: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, str]:
        """Regions for a model's bytes: {"arena": NAME, "weights": NAME, "hot": NAME}.

        The arena gets the fastest memory that holds it, then the hot constants the fastest that still has room, then
        the weights: they are read several times an inference (by the pointwise kernels once for every three pixels),
        so any memory that costs less an access than the slowest is worth its bytes. Hot constants are copied to their
        region at start; the weights' region has to store them as well. demo_frame: its bytes; results: those of the
        output tensor and the layers' counters. asked: regions that are given instead. Raises UserError when something
        fits nowhere or an asked region cannot hold the part.
        """
        free = {region.name: self.free(region.name) for region in self.candidates("weights")}
        for part, name in asked.items():
            self.check_region(part, name)
        self._take(free, self.demo_frame, "demo frame", demo_frame)
        self._take(free, self.output, "results", results)
        assigned: dict[str, str] = {}

        def needed(part: str, name: str) -> int:
            """Bytes of a region for that part; the hot constants are stored beside the weights, wherever they run."""
            if part == "weights":
                return weights + (0 if assigned.get("hot") == name else hot)
            if part == "hot":
                return 0 if assigned.get("weights") == name else hot
            return arena

        for part in sorted(("arena", "hot", "weights"), key=lambda part: part not in asked):
            names = [region.name for region in self.candidates(part)]
            fitting = (name for name in names if free[name] >= needed(part, name))
            fastest = next(fitting, max(names, key=lambda name: free[name]))
            assigned[part] = asked.get(part, fastest)
            self._take(free, assigned[part], part, needed(part, assigned[part]))
        return {part: assigned[part] for part in PARTS}

    def check_region(self, part: str, name: str) -> None:
        """Raise UserError for a region of compile.memory.regions that this target does not have or that cannot hold
        the part."""
        allowed = [region.name for region in self.candidates(part)]
        if name in allowed:
            return
        found = next((region for region in self.regions if region.name == name), None)
        if found is None:
            problem = f"is no memory of {self.name}{nearest(name, allowed)}"
        else:
            problem = "is read-only" if found.holds_data else "holds no data"
        raise UserError(f"compile.memory.regions.{part}: {name} {problem}. Allowed: {', '.join(allowed)}")

    def _take(self, free: dict[str, int], region: str, part: str, count: int) -> None:
        if count > free[region]:
            advice = {
                "arena": "Set compile.memory.arena, or another compile.memory.regions.arena",
                "hot": "Choose another compile.memory.regions.hot",
                "results": "(The output tensor and a counter a layer.) Use a network of fewer layers",
                "weights": "(The hot constants are stored there too.) Choose another compile.memory.regions.weights",
            }.get(part, "Use a smaller frame")
            raise UserError(
                f"{self.name}: {part}: {count:,} bytes do not fit into {region}, which has {free[region]:,} bytes "
                f"left, {count - free[region]:,} too few. {advice}, a smaller backbone or image_size."
            )
        free[region] -= count
