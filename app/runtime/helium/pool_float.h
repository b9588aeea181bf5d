/* Average and max pooling of floats. */
#ifndef HELIUM_POOL_FLOAT_H
#define HELIUM_POOL_FLOAT_H

#include "float_type.h"
#include "pool.h"

/* One output row, output_width x channels. rows: `count` input rows, input_width x channels each: those of its window
 * that are inside the image; padding does not count. */
void HELIUM_FLOAT(helium_average_pool_row)(const helium_pool_t *pool, const helium_float_t *const rows[], int32_t count,
                                           helium_float_t *output);
void HELIUM_FLOAT(helium_max_pool_row)(const helium_pool_t *pool, const helium_float_t *const rows[], int32_t count,
                                       helium_float_t *output);

/* The whole layer, HWC to HWC. scratch: HELIUM_POOL_SCRATCH(kernel_height) bytes, aligned as pointers are. */
void HELIUM_FLOAT(helium_average_pool)(const helium_pool_t *pool, const helium_float_t *input, helium_float_t *output,
                                       uint8_t *scratch);
void HELIUM_FLOAT(helium_max_pool)(const helium_pool_t *pool, const helium_float_t *input, helium_float_t *output,
                                   uint8_t *scratch);

#endif
