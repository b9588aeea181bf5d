/* Reset: from the vector table to main. */
#include <stdint.h>

#include "board.h"
#include "fault.h"
#include "registers.h"
#include "semihosting.h"
#include "stack.h"
#include "uart.h"

extern uint32_t hot_begin[], hot_end[], hot_stored[]; /* made by the linker script */
extern uint32_t data_begin[], data_end[], data_stored[];
extern uint32_t bss_begin[], bss_end[];

int main(void);
void Reset_Handler(void);

typedef void (*vector_t)(void);

/* Entry 0 is the initial stack pointer; only faults are expected, no interrupt is ever enabled. */
__attribute__((section(".vectors"), used)) const vector_t vectors[16] = {
    (vector_t)stack_top, Reset_Handler, Fault_Handler, /* NMI */
    Fault_Handler,                                     /* HardFault */
    Fault_Handler,                                     /* MemManage */
    Fault_Handler,                                     /* BusFault */
    Fault_Handler,                                     /* UsageFault */
    Fault_Handler,                                     /* SecureFault */
};
#if BOARD_HAS_QEMU_VECTORS
/* Where the CPU of QEMU's machine looks for them. */
__attribute__((section(".qemu_vectors"), used)) static const vector_t qemu_vectors[2] = {(vector_t)stack_top,
                                                                                         Reset_Handler};
#endif

static void copy(uint32_t *to, const uint32_t *end, const uint32_t *from) {
    while (to != from && to < end) {
        *to++ = *from++;
    }
}

/* Both caches on, where there are any. QEMU models none: CLIDR is 0 there. */
static void enable_caches(void) {
    if ((CLIDR & 7u) == 0) {
        return;
    }
    CSSELR = 0;
    __asm volatile("dsb\n isb" ::: "memory");
    const uint32_t geometry = CCSIDR;
    const uint32_t last_set = (geometry >> 13) & 0x7FFFu;
    const uint32_t last_way = (geometry >> 3) & 0x3FFu;
    const uint32_t way_shift = last_way ? (uint32_t)__builtin_clz(last_way) : 0;
    const uint32_t set_shift = (geometry & 7u) + 4;
    for (uint32_t set = 0; set <= last_set; set++) {
        for (uint32_t way = 0; way <= last_way; way++) {
            DCISW = set << set_shift | way << way_shift;
        }
    }
    ICIALLU = 0;
    __asm volatile("dsb\n isb" ::: "memory");
    CCR |= CCR_IC | CCR_DC;
    __asm volatile("dsb\n isb" ::: "memory");
}

__attribute__((used, noreturn)) static void start(void) {
    VTOR = (uint32_t)vectors;
    uart_start(); /* first, so that a fault can be reported */
    SHCSR |= SHCSR_FAULTS;
    CCR |= CCR_LOB | CCR_DIV_0_TRP;
    __asm volatile("dsb\n isb" ::: "memory");
    enable_caches();
    copy(data_begin, data_end, data_stored);
    copy(hot_begin, hot_end, hot_stored);
    for (uint32_t *word = bss_begin; word < bss_end; word++) {
        *word = 0;
    }
    semihosting_exit(main());
}

#define TEXT(value) TEXT_OF(value)
#define TEXT_OF(value) #value

/* The stack pointer is set here too: a simulator may jump to the entry point without reading the vectors. The FPU and
 * Helium come on before any C function can use their registers. */
__attribute__((naked, noreturn)) void Reset_Handler(void) {
    /* clang-format off */
    __asm volatile("ldr r0, =stack_limit\n"
                   "ldr r1, =stack_top\n"
                   "msr msplim, r0\n"
                   "msr msp, r1\n"
                   "ldr r2, =" TEXT(STACK_PAINT) "\n"
                   "paint:\n"
                   "str r2, [r0], #4\n"
                   "cmp r0, r1\n"
                   "blo paint\n"
                   "ldr r0, =0xE000ED88\n" /* CPACR */
                   "ldr r1, [r0]\n"
                   "orr r1, r1, #0x00F00000\n" /* CP10 and CP11: full access */
                   "str r1, [r0]\n"
                   "dsb\n"
                   "isb\n"
                   "b start\n"
                   ".pool\n");
    /* clang-format on */
}
