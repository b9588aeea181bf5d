/* int8 max pooling; padding does not count. */
#ifndef HELIUM_MAX_POOL_S8_H
#define HELIUM_MAX_POOL_S8_H

#include "pool.h"

/* One output row, output_width x channels. rows: `count` input rows, input_width x channels each: those of its window
 * that are inside the image. */
void helium_max_pool_row_s8(const helium_pool_t *pool, const int8_t *const rows[], int32_t count, int8_t *output);

/* The whole layer, HWC to HWC. scratch: HELIUM_POOL_SCRATCH(kernel_height) bytes, aligned as pointers are. */
void helium_max_pool_s8(const helium_pool_t *pool, const int8_t *input, int8_t *output, uint8_t *scratch);

#endif
