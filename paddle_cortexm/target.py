"""The boards a model can be compiled for: their memories, their compilers, their simulators.

The memory maps are those of app/boards/NAME/NAME.ld (a test compares the two). Sizes are the silicon's, not the larger
ones a simulator offers: a program that links here fits the real part.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from paddle_cortexm.errors import UserError, nearest

KIB, MIB = 1024, 1024 * 1024
STACK_BYTES = 8 * KIB
DATA_BYTES = 4 * KIB  # the program's own variables, the fault handler's stack and the C library's, rounded up
FRAME_BYTES = 1024 * 1024 * 3  # the largest camera frame, RGB888


@dataclass(frozen=True)
class Region:
    """One memory. cost: of a data access, relative to the tightly coupled memory; an order, not a measurement.
    reserved: bytes the program itself takes there (stack, variables, frame buffer), not free for the model."""

    name: str
    origin: int
    size: int
    cost: int
    purpose: str
    holds_data: bool = True
    reserved: int = 0

    @property
    def free(self) -> int:
        """Bytes the model may use."""
        return self.size - self.reserved


@dataclass(frozen=True)
class Target:
    """A board. toolchains: compilers that know its CPU, the preferred first; simulators: names of Arm's models to look
    for; qemu_note: what QEMU models differently, None where nothing that matters."""

    name: str
    title: str
    cpu: str
    regions: tuple[Region, ...]
    code_region: str
    toolchains: tuple[str, ...]
    uart0: int
    simulators: tuple[str, ...]
    tcm_size_code: int  # the model's CFGITCMSZ and CFGDTCMSZ: a tightly coupled memory has 2**(n - 1) KiB
    qemu_note: str | None = None
    qemu_machine: str = "mps3-an547"

    def region(self, name: str) -> Region:
        """The region of that name. Raises UserError for another."""
        found = next((region for region in self.regions if region.name == name), None)
        if found is None:
            names = [region.name for region in self.regions]
            raise UserError(f"{self.name} has no memory '{name}'{nearest(name, names)}. It has: {', '.join(names)}")
        return found

    def by_cost(self) -> tuple[Region, ...]:
        """The memories that may hold data, the fastest first."""
        return tuple(sorted((r for r in self.regions if r.holds_data), key=lambda region: region.cost))

    def described(self, placed: Mapping[str, str]) -> str:
        """place()'s result for people, with a word on an arena that is in the slowest memory."""
        *faster, slowest = self.by_cost()
        text = ", ".join(f"{what} in {name}" for what, name in placed.items())
        if placed["arena"] != slowest.name:
            return text
        largest = max(faster, key=lambda region: region.free)
        return (
            f"{text}. {slowest.name} is the slowest for an arena; compile.memory.arena: {largest.free // KIB}KiB asks "
            f"for one that fits into {largest.name}"
        )

    def place(
        self,
        *,
        arena: int,
        weights: int,
        hot: int,
        frames: int = 0,
        asked: Mapping[str, str] = MappingProxyType({}),
    ) -> dict[str, str]:
        """Regions for a model's bytes: {"arena": NAME, "weights": NAME, "hot": NAME}.

        The arena gets the fastest memory that holds it, then the hot constants the fastest that still has room, then
        the weights: they are read several times an inference (by the pointwise kernels once for every three pixels),
        so any memory that costs less an access than the DDR is worth its bytes. Hot constants are copied to their
        region at start; the weights' region has to store them as well. frames: bytes of the demo frame, in the DDR.
        asked: regions that are given instead. Raises UserError when something fits nowhere or an asked region cannot
        hold data.
        """
        free = {region.name: region.free for region in self.by_cost()}
        for what, name in asked.items():
            self.check_region(what, name)
        self._take(free, "DDR", "demo frame", frames)
        placed: dict[str, str] = {}

        def needed(what: str, name: str) -> int:
            """Bytes of a region for that part; the hot constants are stored beside the weights, wherever they run."""
            if what == "weights":
                return weights + (0 if placed.get("hot") == name else hot)
            if what == "hot":
                return 0 if placed.get("weights") == name else hot
            return arena

        for what in sorted(("arena", "hot", "weights"), key=lambda what: what not in asked):
            fitting = (name for name, room in free.items() if room >= needed(what, name))
            fastest = next(fitting, max(free, key=lambda name: free[name]))
            placed[what] = asked.get(what, fastest)
            self._take(free, placed[what], what, needed(what, placed[what]))
        return {what: placed[what] for what in ("arena", "weights", "hot")}

    def check_region(self, what: str, name: str) -> None:
        """Raise UserError for a region of compile.memory.regions that this target does not have or that holds code."""
        allowed = [region.name for region in self.by_cost()]
        if name not in allowed:
            known = name in {region.name for region in self.regions}
            problem = "holds no data" if known else f"is no memory of {self.name}{nearest(name, allowed)}"
            raise UserError(f"compile.memory.regions.{what}: {name} {problem}. Allowed: {', '.join(allowed)}")

    def _take(self, free: dict[str, int], region: str, what: str, count: int) -> None:
        if count > free[region]:
            advice = {
                "arena": "Set compile.memory.arena, or another compile.memory.regions.arena",
                "hot": "Choose another compile.memory.regions.hot",
                "weights": "(The hot constants are stored there too.) Choose another compile.memory.regions.weights",
            }.get(what, "Use a smaller frame")
            raise UserError(
                f"{self.name}: {what}: {count:,} bytes do not fit into {region}, which has {free[region]:,} bytes "
                f"left, {count - free[region]:,} too few. {advice}, a smaller backbone or image_size."
            )
        free[region] -= count


# Cost: the DTCM answers in the cycle of the access. The SRAM stands behind the bus of the subsystem, the block RAM
# behind the board's bus as well, the DDR behind its controller; caches, where the CPU has them, hide a part of that.
CORSTONE300 = Target(
    name="corstone300",
    title="Corstone-300",
    cpu="cortex-m55",
    regions=(
        Region("ITCM", 0x00000000, 512 * KIB, 1, "vectors and code: no wait states", holds_data=False),
        Region("DTCM", 0x20000000, 512 * KIB, 1, "stack, variables, small arenas", reserved=STACK_BYTES + DATA_BYTES),
        Region("SRAM", 0x31000000, 2 * MIB, 2, "arenas; QEMU offers 4 MiB, the subsystem has 2"),
        Region("BRAM", 0x11000000, 2 * MIB, 3, "block RAM of the FPGA board: arenas that need a second memory"),
        Region("DDR", 0x70000000, 256 * MIB, 8, "weights, demo frame, frames to classify", reserved=FRAME_BYTES),
    ),
    code_region="ITCM",
    toolchains=("clang", "gcc"),
    uart0=0x59303000,
    simulators=(
        "FVP_Corstone_SSE-300",
        "FVP_Corstone_SSE-300_Ethos-U55",
        "VHT_Corstone_SSE-300",
        "VHT_Corstone_SSE-300_Ethos-U55",
        "VHT_MPS3_Corstone_SSE-300",
    ),
    tcm_size_code=10,
)

CORSTONE310 = Target(
    name="corstone310",
    title="Corstone-310",
    cpu="cortex-m85",
    regions=(
        Region("ITCM", 0x00000000, 32 * KIB, 1, "8 bytes: vectors for QEMU, whose CPU starts at 0", holds_data=False),
        Region("DTCM", 0x20000000, 32 * KIB, 1, "stack, variables, hot constants", reserved=STACK_BYTES + DATA_BYTES),
        Region("SRAM", 0x31000000, 4 * MIB, 2, "arenas"),
        Region("BRAM", 0x11000000, 2 * MIB, 3, "vectors (INITSVTOR) and code", holds_data=False),
        Region("DDR", 0x70000000, 256 * MIB, 8, "weights, demo frame, frames to classify", reserved=FRAME_BYTES),
    ),
    code_region="BRAM",
    toolchains=("clang", "gcc"),
    uart0=0x59303000,
    simulators=(
        "FVP_Corstone_SSE-310",
        "FVP_Corstone_SSE-310_Ethos-U65",
        "VHT_Corstone_SSE-310",
        "VHT_Corstone_SSE-310_Ethos-U65",
    ),
    tcm_size_code=6,
    qemu_note="QEMU has no Cortex-M85: its mps3-an547 models the Cortex-M55 and runs the Cortex-M85 image",
)

TARGETS: Mapping[str, Target] = {target.name: target for target in (CORSTONE300, CORSTONE310)}


def target_named(name: str) -> Target:
    """The target of that name. Raises UserError that lists the allowed ones."""
    if name not in TARGETS:
        raise UserError(
            f"compile.target: unknown target '{name}'{nearest(name, TARGETS)}. There are: {', '.join(TARGETS)}"
        )
    return TARGETS[name]
