#include "profile.h"

#include "instruction_counter.h"

profile_t profile;

static uint64_t part_began; /* the counter when the current layer began */

void profile_model_begins(void) {
    profile.model = 0;
    part_began = instruction_counter_read();
}

/* Called by the generated code after each layer, from 0. What this function itself executes falls between two
 * readings that are never subtracted from each other. */
void model_layer_done(int layer) {
    const uint64_t instructions = instructions_between(part_began, instruction_counter_read());
    profile.layers[layer] = instructions;
    profile.model += instructions;
    part_began = instruction_counter_read();
}

void profile_model_ends(void) {
    profile.model += instructions_between(part_began, instruction_counter_read());
}
