#include "fault.h"

#include <stdint.h>

#include "print.h"
#include "registers.h"
#include "semihosting.h"

/* Words of the frame that the CPU pushes on an exception: r0-r3, r12, lr, pc, xpsr. */
enum { FRAME_LR = 5, FRAME_PC = 6, FRAME_XPSR = 7 };

#define FAULT_STACK_WORDS 256
__attribute__((used, aligned(8))) static uint32_t fault_stack[FAULT_STACK_WORDS];

static void print_register(const char *name, uint32_t value) {
    print("  %-6s 0x%08lx\n", name, (unsigned long)value);
}

__attribute__((used, noreturn)) static void report_fault(const uint32_t *frame) {
    const uint32_t status = CFSR;
    print("\nFAULT: exception %lu%s\n", (unsigned long)(ICSR & 0x1FFu),
          status & CFSR_STKOF ? ": stack overflow (PC and LR below are not reliable)" : "");
    print_register("CFSR", status);
    print_register("HFSR", HFSR);
    print_register("BFAR", BFAR);
    print_register("MMFAR", MMFAR);
    print_register("SFSR", SFSR);
    print_register("SFAR", SFAR);
    print_register("PC", frame[FRAME_PC]);
    print_register("LR", frame[FRAME_LR]);
    print_register("xPSR", frame[FRAME_XPSR]);
    semihosting_exit(FAULT_STATUS);
}

/* The report runs on a stack of its own: the program's may be exhausted or its pointer wild. */
__attribute__((naked)) void Fault_Handler(void) {
    __asm volatile("mrs r0, msp\n"
                   "movs r1, #0\n"
                   "msr msplim, r1\n"
                   "ldr r1, =fault_stack + 1024\n"
                   "msr msp, r1\n"
                   "b report_fault\n"
                   ".pool\n");
}
_Static_assert(sizeof fault_stack == 1024, "Fault_Handler loads the end of fault_stack");
