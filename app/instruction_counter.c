#include "instruction_counter.h"

#include <stdbool.h>

#include "board.h"
#include "registers.h"

/* The system counter (SSE-300 Technical Reference Manual, 101773: system timer components). */
#define COUNTER_CONTROL REGISTER(BOARD_SYSTEM_COUNTER_CONTROL + 0x00)
#define COUNTER_SCALE REGISTER(BOARD_SYSTEM_COUNTER_CONTROL + 0xD0)
#define COUNTER_LOW REGISTER(BOARD_SYSTEM_COUNTER_READ + 0x00)
#define COUNTER_HIGH REGISTER(BOARD_SYSTEM_COUNTER_READ + 0x04)

#define CONTROL_ENABLE (1u << 0)
#define CONTROL_SCALE (1u << 2)
/* Counts a tick of the 32 MHz clock, as 8.24 bits fixed point: 31.25 ns a tick / 32 ns an instruction = 1 / 1.024. */
#define SCALE_INSTRUCTIONS 0x00FA0000u

static bool uses_dwt;
static uint32_t reading_cost;

void instruction_counter_start(void) {
    DEMCR |= DEMCR_TRCENA;
    uses_dwt = DWT_CTRL != 0 && (DWT_CTRL & DWT_CTRL_NOCYCCNT) == 0;
    if (uses_dwt) {
        DWT_CYCCNT = 0;
        DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    } else {
        COUNTER_CONTROL = 0; /* the scale may only change while it is off */
        COUNTER_SCALE = SCALE_INSTRUCTIONS;
        COUNTER_CONTROL = CONTROL_ENABLE | CONTROL_SCALE;
    }
    reading_cost = 0;
    const uint64_t first = instruction_counter_read();
    reading_cost = (uint32_t)(instruction_counter_read() - first);
}

__attribute__((noinline)) uint64_t instruction_counter_read(void) {
    if (uses_dwt) {
        return DWT_CYCCNT;
    }
    uint32_t high, low;
    do { /* again when the low word has just wrapped */
        high = COUNTER_HIGH;
        low = COUNTER_LOW;
    } while (high != COUNTER_HIGH);
    return (uint64_t)high << 32 | low;
}

uint64_t instructions_between(uint64_t first, uint64_t second) {
    const uint64_t difference = uses_dwt ? (uint32_t)(second - first) : second - first;
    return difference > reading_cost ? difference - reading_cost : 0;
}

const char *instruction_counter_name(void) {
    return uses_dwt ? "DWT cycle counter" : "system counter";
}
