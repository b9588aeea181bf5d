/* Concat of channels: every pixel of the result is put together from runs of channels of one or several tensors. With
 * one input it is a split, a slice or a shuffle. For elements of any type; a run of int8 may go through a table, where
 * its tensor has a grid of its own. */
#ifndef HELIUM_CONCAT_H
#define HELIUM_CONCAT_H

#include "helium.h"

/* One run. Sizes in bytes. */
typedef struct {
    int32_t input; /* which */
    int32_t start; /* in a pixel of the input */
    int32_t bytes;
    const int8_t *table; /* 256 results, indexed by the value as uint8_t; or NULL */
} helium_run_t;

typedef struct {
    const helium_run_t *runs;
    int32_t run_count;
    const int32_t *pixel_bytes; /* of each input */
    int32_t output_bytes;       /* of a pixel */
} helium_concat_t;

/* Channels of one tensor in any order: byte i of a pixel of the result is byte order[i] of the input's pixel. For runs
 * too short to be worth one by one. */
typedef struct {
    const uint8_t *order;
    int32_t input_bytes; /* of a pixel: at most 256 */
    int32_t output_bytes;
} helium_shuffle_t;

void helium_shuffle(const helium_shuffle_t *shuffle, const void *input, void *output, int32_t pixels);

/* inputs: the first pixel of each. */
void helium_concat(const helium_concat_t *concat, const void *const inputs[], void *output, int32_t pixels);

#endif
