/* The system counter of the SSE subsystems (SSE-300 Technical Reference Manual, 101773: system timer components).
 * Inline, as a part of instruction_counter.c: what reading it costs is then known. */
#ifndef COUNTER_SSE_H
#define COUNTER_SSE_H

#include <stdint.h>

#include "board.h"
#include "registers.h"

#define COUNTER_CONTROL REGISTER(BOARD_COUNTER_CONTROL + 0x00)
#define COUNTER_SCALE REGISTER(BOARD_COUNTER_CONTROL + 0xD0)
#define COUNTER_LOW REGISTER(BOARD_COUNTER_READ + 0x00)
#define COUNTER_HIGH REGISTER(BOARD_COUNTER_READ + 0x04)

#define CONTROL_ENABLE (1u << 0)
#define CONTROL_SCALE (1u << 2)
/* Counts a tick of the 32 MHz clock, as 8.24 bits fixed point: 31.25 ns a tick / 32 ns an instruction = 1 / 1.024. */
#define SCALE_INSTRUCTIONS 0x00FA0000u

static inline void counter_start(void) {
    COUNTER_CONTROL = 0; /* the scale may only change while it is off */
    COUNTER_SCALE = SCALE_INSTRUCTIONS;
    COUNTER_CONTROL = CONTROL_ENABLE | CONTROL_SCALE;
}

static inline uint64_t counter_read(void) {
    uint32_t high, low;
    do { /* again when the low word has just wrapped */
        high = COUNTER_HIGH;
        low = COUNTER_LOW;
    } while (high != COUNTER_HIGH);
    return (uint64_t)high << 32 | low;
}

#endif
