/* Instructions of one classification, in all and layer by layer. */
#ifndef PROFILE_H
#define PROFILE_H

#include <stdint.h>

#include "model.h"

typedef struct {
    uint64_t preprocessing; /* making the rows of the model's input */
    uint64_t model;         /* the rest: all layers; the counting itself is taken out */
} profile_t;

/* The counts of the latest classification. */
extern profile_t profile;
extern uint64_t profile_layers[MODEL_LAYER_COUNT];

/* Around preprocess_begin and model_run_rows. What lies between is counted by model_layer_done, which profile.c
 * defines.
 */
void profile_begins(void);
void profile_ends(void);

#endif
