/* The rig on QEMU's mps3-an547 (Corstone-300, Cortex-M55): reset, memory, semihosting, instruction counter. */
#include <string.h>

#include "board.h"
#include "registers.h"
#include "rig.h"

#include BOARD_COUNTER

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
    return counter_read();
}

void Fault_Handler(void) {
    rig_exit(FAULTED);
}

__attribute__((used, noreturn)) static void start(void) {
    CCR |= CCR_LOB;
    for (uint32_t *word = bss_begin; word < bss_end; word++) {
        *word = 0;
    }
    counter_start();
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
