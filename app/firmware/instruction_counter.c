#include "instruction_counter.h"

#include <stdbool.h>

#include "board.h"
#include "registers.h"

#include BOARD_COUNTER /* counter_start and counter_read, of the board's counter */

static bool uses_dwt;
static uint32_t reading_cost;

void instruction_counter_start(void) {
    DEMCR |= DEMCR_TRCENA;
    uses_dwt = DWT_CTRL != 0 && (DWT_CTRL & DWT_CTRL_NOCYCCNT) == 0;
    if (uses_dwt) {
        DWT_CYCCNT = 0;
        DWT_CTRL |= DWT_CTRL_CYCCNTENA;
    } else {
        counter_start();
    }
    reading_cost = 0;
    const uint64_t first = instruction_counter_read();
    reading_cost = (uint32_t)(instruction_counter_read() - first);
}

__attribute__((noinline)) uint64_t instruction_counter_read(void) {
    return uses_dwt ? DWT_CYCCNT : counter_read();
}

uint64_t instructions_between(uint64_t first, uint64_t second) {
    const uint64_t difference = uses_dwt ? (uint32_t)(second - first) : second - first;
    return difference > reading_cost ? difference - reading_cost : 0;
}

const char *instruction_counter_name(void) {
    return uses_dwt ? "DWT cycle counter" : BOARD_COUNTER_TITLE;
}
