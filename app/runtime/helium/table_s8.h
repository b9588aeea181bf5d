/* A unary function of int8 as a table of its 256 results. */
#ifndef HELIUM_TABLE_S8_H
#define HELIUM_TABLE_S8_H

#include "helium.h"

/* output[i] = table[(uint8_t)input[i]]. table: 256 results for 0 ... 127, then -128 ... -1. output may be input. */
void helium_table_s8(const int8_t *table, const int8_t *input, int8_t *output, int32_t count);

#endif
