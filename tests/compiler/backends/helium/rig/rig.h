/* The test rig: runs every case of a generated program and writes outputs and instruction counts to a file.
 * run.c is common; target.c (bare metal, QEMU mps3-an547) and host.c hold what differs. */
#ifndef RIG_H
#define RIG_H

#include <stddef.h>
#include <stdint.h>

#define RIG_INPUTS 2
#define RIG_CONSTANTS 2

typedef struct {
    int (*run)(const void *input0, const void *input1, void *output, uint8_t *scratch);
    const void *input[RIG_INPUTS]; /* NULL: none */
    uint32_t input_bytes[RIG_INPUTS];
    uint32_t output_bytes;
    uint32_t scratch_bytes;
    /* Guarded: inputs start where memory starts, and these constants end where memory ends. Else NULL. */
    const void *constant[RIG_CONSTANTS];
    uint32_t constant_bytes[RIG_CONSTANTS];
} rig_case_t;

extern const rig_case_t rig_cases[];
extern const uint32_t rig_case_count;

/* A place for one buffer of the running case. Its end is the end of readable memory: one byte more faults (on the host
 * the address sanitiser sees it). `slot`: 0 and 1 are the inputs, 2 the output, 3 the scratch. */
uint8_t *rig_place(uint32_t slot, uint32_t bytes);

/* A place for an input of a guarded case: one byte in front of it faults. */
uint8_t *rig_place_at_start(uint32_t slot, uint32_t bytes);

/* Puts a constant of a guarded case where the program expects it (runners.py: GUARDED_ENDS). */
void rig_place_constant(uint32_t number, const void *data, uint32_t bytes);

void rig_release(uint8_t *buffer);

uint64_t rig_instructions(void);
void rig_write(const void *data, uint32_t bytes);
void rig_exit(int status) __attribute__((noreturn));

#endif
