/* Runs the cases. The result of one: uint32 status (0: good), uint64 instructions, the output. */
#include <string.h>

#include "rig.h"

#define GUARD_BYTES 64u
#define GUARD 0xA5
#define FRESH 0x5A /* what an output holds before the kernel runs */

enum { FAILED = 1, WROTE_BEFORE_OUTPUT = 2, CHANGED_INPUT = 3, WROTE_BEFORE_SCRATCH = 4 };

static int all_guards(const uint8_t *bytes) {
    for (uint32_t i = 0; i < GUARD_BYTES; i++) {
        if (bytes[i] != GUARD) {
            return 0;
        }
    }
    return 1;
}

static void run_case(const rig_case_t *c) {
    uint8_t *input[RIG_INPUTS] = {NULL, NULL};
    int is_guarded = 0;
    for (uint32_t i = 0; i < RIG_CONSTANTS; i++) {
        if (c->constant[i] != NULL) {
            is_guarded = 1;
            rig_place_constant(i, c->constant[i], c->constant_bytes[i]);
        }
    }
    for (uint32_t i = 0; i < RIG_INPUTS; i++) {
        if (c->input[i] != NULL) {
            input[i] = (is_guarded ? rig_place_at_start : rig_place)(i, c->input_bytes[i]);
            memcpy(input[i], c->input[i], c->input_bytes[i]);
        }
    }
    uint8_t *output = rig_place(2, GUARD_BYTES + c->output_bytes);
    uint8_t *scratch = rig_place(3, GUARD_BYTES + c->scratch_bytes);
    memset(output, GUARD, GUARD_BYTES);
    memset(output + GUARD_BYTES, FRESH, c->output_bytes);
    memset(scratch, GUARD, GUARD_BYTES + c->scratch_bytes);

    const uint64_t first = rig_instructions();
    int status = c->run(input[0], input[1], output + GUARD_BYTES, scratch + GUARD_BYTES);
    const uint64_t used = rig_instructions() - first;

    uint32_t verdict = status != 0 ? FAILED : 0;
    verdict = all_guards(output) ? verdict : WROTE_BEFORE_OUTPUT;
    verdict = all_guards(scratch) ? verdict : WROTE_BEFORE_SCRATCH;
    for (uint32_t i = 0; i < RIG_INPUTS; i++) {
        if (input[i] != NULL) {
            verdict = memcmp(input[i], c->input[i], c->input_bytes[i]) == 0 ? verdict : CHANGED_INPUT;
            rig_release(input[i]);
        }
    }
    rig_write(&verdict, sizeof verdict);
    rig_write(&used, sizeof used);
    rig_write(output + GUARD_BYTES, c->output_bytes);
    rig_release(output);
    rig_release(scratch);
}

int main(void) {
    for (uint32_t i = 0; i < rig_case_count; i++) {
        run_case(&rig_cases[i]);
    }
    rig_exit(0);
}
