/* How many instructions the CPU has executed.
 *
 * QEMU, started with `-icount shift=5,sleep=off`, lets 32 ns pass for an instruction; the board's counter (boards/)
 * is scaled so that it counts one for each. An FVP has the cycle counter of the DWT unit, and its CPU takes about one
 * cycle an instruction. */
#ifndef INSTRUCTION_COUNTER_H
#define INSTRUCTION_COUNTER_H

#include <stdint.h>

/* Choose the counter there is and start it. */
void instruction_counter_start(void);

/* Instructions since the start. On an FVP it wraps at 2**32: only differences mean something, and only 32 bits. */
uint64_t instruction_counter_read(void);

/* Instructions between two readings, the reading itself not counted. */
uint64_t instructions_between(uint64_t first, uint64_t second);

/* BOARD_COUNTER_TITLE or "DWT cycle counter". */
const char *instruction_counter_name(void);

#endif
