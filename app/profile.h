/* Instructions of one classification, in all and layer by layer. */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdint.h>

#include "model.h"

typedef struct {
    uint64_t preprocessing;
    uint64_t model; /* all of model_run, the counting itself taken out */
    uint64_t layers[MODEL_LAYER_COUNT];
} profile_t;

/* The counts of the latest classification, for the caller to fill in `preprocessing`. */
extern profile_t profile;

/* Around model_run. The layers between are counted by model_layer_done, which this file defines. */
void profile_model_begins(void);
void profile_model_ends(void);

#endif
