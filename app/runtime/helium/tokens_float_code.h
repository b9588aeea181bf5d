/* The code of tokens_float.h for both precisions. */
#include "tokens_float.h"

#include "float_exponential.h"

/* --- softmax ------------------------------------------------------------------------------------------------------ */

static float largest_of(const helium_float_t *input, int32_t channels) {
    float largest = (float)input[0];
    for (int32_t c = 1; c < channels; c++) {
        largest = (float)input[c] > largest ? (float)input[c] : largest;
    }
    return largest;
}

static void softmax_of_pixel(const helium_float_t *input, helium_float_t *output, int32_t channels) {
    const wide_t less = wide_of(-largest_of(input, channels));
    wide_t total = wide_of(0);
    for (int32_t c = 0; c < channels; c += WIDE_LANES) {
        const wide_t power = power_of_e(wide_add(wide_load_first(input + c, channels - c), less));
        total = wide_add(total, wide_first(power, channels - c));
    }
    const wide_t share = wide_of(1.0f / wide_sum(total));
    for (int32_t c = 0; c < channels; c += WIDE_LANES) {
        const wide_t power = power_of_e(wide_add(wide_load_first(input + c, channels - c), less));
        wide_store_first(output + c, wide_multiply(power, share), channels - c);
    }
}

void HELIUM_FLOAT(helium_softmax)(const helium_float_t *input, helium_float_t *output, int32_t channels,
                                  int32_t pixels) {
    for (int32_t i = 0; i < pixels; i++, input += channels, output += channels) {
        softmax_of_pixel(input, output, channels);
    }
}

/* --- layer norm --------------------------------------------------------------------------------------------------- */

static float mean_of(const helium_float_t *input, int32_t channels) {
    wide_t total = wide_of(0);
    for (int32_t c = 0; c < channels; c += WIDE_LANES) {
        total = wide_add(total, wide_load_first(input + c, channels - c));
    }
    return wide_sum(total) / (float)channels;
}

static float variance_of(const helium_float_t *input, int32_t channels, float mean) {
    wide_t total = wide_of(0);
    for (int32_t c = 0; c < channels; c += WIDE_LANES) {
        const wide_t x = wide_add(wide_load_first(input + c, channels - c), wide_of(-mean));
        const wide_t centred = wide_first(x, channels - c);
        total = wide_fma(centred, centred, total);
    }
    return wide_sum(total) / (float)channels;
}

void HELIUM_FLOAT(helium_layer_norm)(const helium_float_t *input, helium_float_t *output, const helium_float_t *gain,
                                     const helium_float_t *offset, float epsilon, int32_t channels, int32_t pixels) {
    for (int32_t i = 0; i < pixels; i++, input += channels, output += channels) {
        const float mean = mean_of(input, channels);
        const wide_t inverse = wide_of(1.0f / sqrtf(variance_of(input, channels, mean) + epsilon));
        for (int32_t c = 0; c < channels; c += WIDE_LANES) {
            const int32_t left = channels - c;
            const wide_t centred = wide_add(wide_load_first(input + c, left), wide_of(-mean));
            const wide_t normal = wide_multiply(centred, inverse);
            const wide_t moved = wide_load_first(offset + c, left);
            wide_store_first(output + c, wide_fma(normal, wide_load_first(gain + c, left), moved), left);
        }
    }
}

/* --- product ------------------------------------------------------------------------------------------------------ */

/* Evenly spaced elements, one behind the other. */
static void pack_row(const helium_float_t *source, int32_t step, int32_t depth, helium_float_t *row) {
    for (int32_t k = 0; k < depth; k++) {
        row[k] = source[k * step];
    }
}

static float sum_of_products(const helium_float_t *a, const helium_float_t *b, int32_t depth) {
    wide_t sum = wide_of(0);
    for (int32_t k = 0; k < depth; k += WIDE_LANES) {
        sum = wide_fma(wide_load_first(a + k, depth - k), wide_load_first(b + k, depth - k), sum);
    }
    return wide_sum(sum);
}

static void product_of_head(const helium_product_t *p, float factor, const helium_float_t *first,
                            const helium_float_t *second, helium_float_t *output, helium_float_t *scratch) {
    helium_float_t *row = scratch + p->columns * p->depth;
    for (int32_t m = 0; m < p->columns; m++) {
        pack_row(second + m * p->second.row, p->second.column, p->depth, scratch + m * p->depth);
    }
    for (int32_t n = 0; n < p->rows; n++) {
        pack_row(first + n * p->first.row, p->first.column, p->depth, row);
        for (int32_t m = 0; m < p->columns; m++) {
            output[n * p->result.row + m * p->result.column] =
                (helium_float_t)(sum_of_products(row, scratch + m * p->depth, p->depth) * factor);
        }
    }
}

void HELIUM_FLOAT(helium_product)(const helium_product_t *product, float factor, const helium_float_t *first,
                                  const helium_float_t *second, helium_float_t *output, helium_float_t *scratch) {
    for (int32_t group = 0; group < product->groups; group++) {
        for (int32_t head = 0; head < product->heads; head++) {
            product_of_head(product, factor, first + helium_matrix_at(&product->first, group, head),
                            second + helium_matrix_at(&product->second, group, head),
                            output + helium_matrix_at(&product->result, group, head), scratch);
        }
    }
}
