/* The rig on QEMU's mps3-an547 (Corstone-300, Cortex-M55): reset, memory, semihosting, instruction counter. */
#include <string.h>

#include "rig.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CPACR REGISTER(0xE000ED88u) /* coprocessor access: 10 and 11 are the FPU and Helium */
#define CCR REGISTER(0xE000ED14u)   /* configuration and control */
#define CCR_LOW_OVERHEAD_BRANCHES (1u << 19)
#define COUNTER_CONTROL REGISTER(0x58100000u) /* SSE-300 system counter, secure control frame */
#define COUNTER_SCALE REGISTER(0x581000D0u)
#define COUNTER_LOW REGISTER(0x58101000u)
#define COUNTER_HIGH REGISTER(0x58101004u)
#define SCALE_INSTRUCTIONS 0x00FA0000u /* 31.25 ns a tick / 32 ns an instruction (-icount shift=5), 8.24 bits */

enum { SYS_OPEN = 0x01, SYS_WRITE = 0x05, SYS_EXIT_EXTENDED = 0x20 };
#define OPEN_WRITE_BINARY 5u
#define APPLICATION_EXIT 0x20026u
#define FAULTED 125

extern uint32_t bss_begin[], bss_end[], stack_top[];
int main(void);
void Reset_Handler(void);
void Fault_Handler(void);

static int32_t semihosting(uint32_t operation, void *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

void rig_exit(int status) {
    uint32_t arguments[2] = {APPLICATION_EXIT, (uint32_t)status};
    for (;;) {
        semihosting(SYS_EXIT_EXTENDED, arguments);
    }
}

void rig_write(const void *data, uint32_t bytes) {
    static uint32_t handle;
    if (handle == 0) {
        static const char path[] = "results.bin";
        uint32_t open[3] = {(uint32_t)path, OPEN_WRITE_BINARY, sizeof path - 1};
        handle = (uint32_t)semihosting(SYS_OPEN, open);
    }
    uint32_t arguments[3] = {handle, (uint32_t)data, bytes};
    if (semihosting(SYS_WRITE, arguments) != 0) {
        rig_exit(3);
    }
}

/* The ends of four memories with nothing behind them: ISRAM (4 MiB), ITCM (its upper half is free: 256 KiB), SRAM
 * (2 MiB), DTCM (384 KiB are free). */
uint8_t *rig_place(uint32_t slot, uint32_t bytes) {
    static const uint32_t ends[4] = {0x31400000u, 0x00080000u, 0x11200000u, 0x20080000u};
    return (uint8_t *)(ends[slot] - bytes);
}

/* ISRAM and SRAM: nothing is in front of them. */
uint8_t *rig_place_at_start(uint32_t slot, uint32_t bytes) {
    static const uint32_t starts[2] = {0x31000000u, 0x11000000u};
    (void)bytes;
    return (uint8_t *)starts[slot];
}

/* The ends of ISRAM and ITCM, which inputs leave free when they are at the start. */
void rig_place_constant(uint32_t number, const void *data, uint32_t bytes) {
    static const uint32_t ends[RIG_CONSTANTS] = {0x31400000u, 0x00080000u};
    memcpy((uint8_t *)(ends[number] - bytes), data, bytes);
}

void rig_release(uint8_t *buffer) {
    (void)buffer;
}

uint64_t rig_instructions(void) {
    uint32_t high, low;
    do { /* again when the low word has just wrapped */
        high = COUNTER_HIGH;
        low = COUNTER_LOW;
    } while (high != COUNTER_HIGH);
    return (uint64_t)high << 32 | low;
}

void Fault_Handler(void) {
    rig_exit(FAULTED);
}

__attribute__((used, noreturn)) static void start(void) {
    CCR |= CCR_LOW_OVERHEAD_BRANCHES;
    for (uint32_t *word = bss_begin; word < bss_end; word++) {
        *word = 0;
    }
    COUNTER_CONTROL = 0;
    COUNTER_SCALE = SCALE_INSTRUCTIONS;
    COUNTER_CONTROL = 1u | 1u << 2; /* enabled, scaled */
    main();
    rig_exit(0);
}

__attribute__((naked, noreturn)) void Reset_Handler(void) {
    __asm volatile("ldr r0, =0xE000ED88\n" /* CPACR: full access to the FPU and Helium, before any C */
                   "ldr r1, [r0]\n"
                   "orr r1, r1, #0x00F00000\n"
                   "str r1, [r0]\n"
                   "dsb\n"
                   "isb\n"
                   "b start\n"
                   ".pool\n");
}

typedef void (*vector_t)(void);
__attribute__((section(".vectors"), used)) static const vector_t vectors[16] = {
    (vector_t)stack_top, Reset_Handler, Fault_Handler, Fault_Handler,
    Fault_Handler,       Fault_Handler, Fault_Handler, Fault_Handler,
};
