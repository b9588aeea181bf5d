"""The boards a program can be built for, as data. A new board is a Target here, if its UART and counter have a driver
in app/firmware/boards/.

Sizes are the silicon's, not the larger ones a simulator offers: a program that links here fits the real part. Addresses
are the secure aliases, because the CPU starts secure and the memory protection controllers then let only secure
accesses through. (The tightly coupled memories have none: either alias does.)

Cost: the DTCM answers in the cycle of the access. The SRAM stands behind the bus of the subsystem, the block RAM behind
the board's bus as well, the DDR behind its controller, the flash behind a serial port; caches, where the CPU has them,
hide a part of that.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from paddle_cortexm.errors import UserError, nearest
from paddle_cortexm.target import KIB, MIB, Counter, FixedVirtualPlatform, Qemu, Region, Target, Uart

CMSDK_UART0 = 0x59303000  # CMSDK APB UART 0 of the MPS3 and MPS4 boards
# 64 bits, of the SSE-300, SSE-310 and SSE-320
SYSTEM_COUNTER = Counter("sse", "system counter", control=0x58100000, read=0x58101000)
AN547 = "mps3-an547"  # QEMU's Corstone-300 on the MPS3 board: the only machine with Helium
QEMU_NOTE = f"QEMU has no Cortex-M85: its {AN547} models the Cortex-M55 and runs the Cortex-M85 image"
MPS3_CPU = ("cpu0.FPU=1", "cpu0.MVE=2")  # vectors of integers and of floats


CORSTONE300 = Target(
    name="corstone300",
    title="Corstone-300",
    cpu="cortex-m55",
    regions=(
        Region("ITCM", 0x00000000, 512 * KIB, 1, "vectors and code: no wait states", holds_data=False),
        Region("DTCM", 0x20000000, 512 * KIB, 1, "stack, variables, small arenas"),
        Region("SRAM", 0x31000000, 2 * MIB, 2, "arenas; QEMU offers 4 MiB, the subsystem has 2"),
        Region("BRAM", 0x11000000, 2 * MIB, 3, "block RAM of the FPGA board: arenas that need a second memory"),
        Region("DDR", 0x70000000, 256 * MIB, 8, "weights, demo frame, frames to classify"),
    ),
    code="ITCM",
    vectors="ITCM",
    data="DTCM",
    demo_frame="DDR",
    frames="DDR",
    uart=Uart("cmsdk", CMSDK_UART0),
    counter=SYSTEM_COUNTER,
    fvp=FixedVirtualPlatform(
        names=(
            "FVP_Corstone_SSE-300",
            "FVP_Corstone_SSE-300_Ethos-U55",
            "FVP_Corstone_SSE-300_Ethos-U65",
            "VHT_Corstone_SSE-300",
            "VHT_Corstone_SSE-300_Ethos-U55",
            "VHT_Corstone_SSE-300_Ethos-U65",
            "VHT_MPS3_Corstone_SSE-300",
        ),
        board="mps3_board",
        cpu="cpu0",
        terminals=(0, 1, 2, 5),
        settings=(*MPS3_CPU, "cpu0.CFGITCMSZ=10", "cpu0.CFGDTCMSZ=10"),  # 2 ** (n - 1) KiB
    ),
    qemu=Qemu(AN547),
)

# The DTCM is used at its secure alias, as in the linker scripts that others publish for this board.
CORSTONE310 = Target(
    name="corstone310",
    title="Corstone-310",
    cpu="cortex-m85",
    regions=(
        Region("ITCM", 0x00000000, 32 * KIB, 1, "8 bytes: vectors for QEMU, whose CPU starts at 0", holds_data=False),
        Region("DTCM", 0x30000000, 32 * KIB, 1, "stack, variables, hot constants"),
        Region("SRAM", 0x31000000, 4 * MIB, 2, "arenas"),
        Region("BRAM", 0x11000000, 2 * MIB, 3, "vectors (INITSVTOR) and code", holds_data=False),
        Region("DDR", 0x70000000, 256 * MIB, 8, "weights, demo frame, frames to classify"),
    ),
    code="BRAM",
    vectors="BRAM",
    data="DTCM",
    demo_frame="DDR",
    frames="DDR",
    uart=Uart("cmsdk", CMSDK_UART0),
    counter=SYSTEM_COUNTER,
    fvp=FixedVirtualPlatform(
        names=(
            "FVP_Corstone_SSE-310",
            "FVP_Corstone_SSE-310_Ethos-U65",
            "VHT_Corstone_SSE-310",
            "VHT_Corstone_SSE-310_Ethos-U65",
        ),
        board="mps3_board",
        cpu="cpu0",
        terminals=(0, 1, 2, 5),
        settings=(*MPS3_CPU, "cpu0.CFGITCMSZ=6", "cpu0.CFGDTCMSZ=6"),
    ),
    qemu=Qemu(AN547, vectors="ITCM", note=QEMU_NOTE),
)

# UART 0 is at 0x59303000 in the FPGA image and in the models of Arm Virtual Hardware (11.31 and later); the Ecosystem
# FVP 11.27 has it at 0x58203000. Its UART knows no shutdown tag, but ends the simulation at the byte 0x04. What the
# CPU's parameters are called is published nowhere, so its default configuration (with Helium) is taken.
CORSTONE320 = Target(
    name="corstone320",
    title="Corstone-320",
    cpu="cortex-m85",
    regions=(
        Region("ROM", 0x11000000, 128 * KIB, 3, "vectors (INITSVTOR)", holds_data=False, read_only=True),
        Region("ITCM", 0x10000000, 32 * KIB, 1, "not used", holds_data=False),
        Region("DTCM", 0x30000000, 32 * KIB, 1, "stack, variables, hot constants"),
        Region("SRAM", 0x31000000, 4 * MIB, 2, "arenas"),
        Region("BRAM", 0x12000000, 2 * MIB, 3, "code, first values of variables", holds_data=False),
        Region("DDR", 0x70000000, 256 * MIB, 8, "weights, demo frame, frames to classify"),
        Region("QSPI", 0x38000000, 8 * MIB, 16, "flash: weights, where asked for", read_only=True),
    ),
    code="BRAM",
    vectors="ROM",
    data="DTCM",
    demo_frame="DDR",
    frames="DDR",
    uart=Uart("cmsdk", CMSDK_UART0, ends_transmission=True),
    counter=SYSTEM_COUNTER,
    fvp=FixedVirtualPlatform(
        names=("FVP_Corstone_SSE-320", "VHT_Corstone_SSE-320"),
        board="mps4_board",
        cpu="mps4_board.subsystem.cpu0",
        terminals=(0, 1, 2, 5),
        settings=("vis_hdlcd.disable_visualisation=1",),
    ),
    qemu=Qemu(AN547, lacks=("BRAM",), note=QEMU_NOTE),
)

TARGETS: Mapping[str, Target] = MappingProxyType({t.name: t for t in (CORSTONE300, CORSTONE310, CORSTONE320)})


def target_named(name: str) -> Target:
    """The target of that name. Raises UserError that lists the allowed ones."""
    if name not in TARGETS:
        raise UserError(
            f"compile.target: unknown target '{name}'{nearest(name, TARGETS)}. There are: {', '.join(TARGETS)}"
        )
    return TARGETS[name]
