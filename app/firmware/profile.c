#include "profile.h"

#include <string.h>

#include "instruction_counter.h"

profile_t profile;

/* In a memory that need not be fast: as large as there are layers. Startup does not clear it. */
__attribute__((section(".layer_counts"))) uint64_t profile_layers[MODEL_LAYER_COUNT];

static uint64_t part_began; /* the counter when the current layer, or row of it, began */

void profile_begins(void) {
    profile = (profile_t){0};
    memset(profile_layers, 0, sizeof profile_layers);
    part_began = instruction_counter_read();
}

/* Called by the generated code after each layer, or each row of a streamed one. What this function itself executes
 * falls between two readings that are never subtracted from each other. */
void model_layer_done(int layer) {
    const uint64_t instructions = instructions_between(part_began, instruction_counter_read());
    if (layer == MODEL_INPUT_ROW) {
        profile.preprocessing += instructions;
    } else {
        profile_layers[layer] += instructions;
        profile.model += instructions;
    }
    part_began = instruction_counter_read();
}

void profile_ends(void) {
    profile.model += instructions_between(part_began, instruction_counter_read());
}
