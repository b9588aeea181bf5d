#include "product_s8.h"

#include <string.h>

#include "requantise.h"

/* One head's second operand, in whole vectors, zeros at their ends and in the rows that fill up a block of 4. */
typedef struct {
    int32_t *addends; /* of every column: -first_zero_point * the sum of its row + depth * both zero points */
    int8_t *rows;
    int8_t *row; /* room for one of the first operand */
    int32_t stride;
} packed_t;

static packed_t packed_in(const helium_product_s8_t *p, uint8_t *scratch) {
    const int32_t columns = (p->geometry.columns + 3) / 4 * 4, stride = HELIUM_PRODUCT_DEPTH(p->geometry.depth);
    int8_t *rows = (int8_t *)scratch;
    int8_t *row = rows + columns * stride;
    return (packed_t){(int32_t *)(void *)(row + stride), rows, row, stride};
}

static void pack_row(const int8_t *source, int32_t step, int32_t depth, int8_t *row) {
    if (step == 1) {
        memcpy(row, source, (size_t)depth);
        return;
    }
    for (int32_t k = 0; k < depth; k++) {
        row[k] = source[k * step];
    }
}

static int32_t sum_of(const int8_t *row, int32_t stride) {
    int32_t sum = 0;
#if HELIUM_MVE
    for (int32_t k = 0; k < stride; k += 16) {
        sum = vaddvaq_s8(sum, vldrbq_s8(row + k));
    }
#else
    for (int32_t k = 0; k < stride; k++) {
        sum += row[k];
    }
#endif
    return sum;
}

static void pack_second(const helium_product_s8_t *p, const int8_t *second, const packed_t *packed) {
    const int32_t depth = p->geometry.depth, both = depth * p->first_zero_point * p->second_zero_point;
    const helium_view_t *view = &p->geometry.second;
    memset(packed->rows, 0, (size_t)((p->geometry.columns + 3) / 4 * 4 * packed->stride));
    for (int32_t m = 0; m < p->geometry.columns; m++) {
        int8_t *row = packed->rows + m * packed->stride;
        pack_row(second + m * view->row, view->column, depth, row);
        packed->addends[m] = both - p->first_zero_point * sum_of(row, packed->stride);
    }
}

#if HELIUM_MVE

/* 4 columns of a row. */
static inline int32x4_t sums_x4(const int8_t *row, const packed_t *packed, int32_t column) {
    const int8_t *b0 = packed->rows + column * packed->stride, *b1 = b0 + packed->stride;
    const int8_t *b2 = b1 + packed->stride, *b3 = b2 + packed->stride;
    int32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;
    for (int32_t k = 0; k < packed->stride; k += 16) {
        const int8x16_t a = vldrbq_s8(row + k);
        s0 = vmladavaq_s8(s0, a, vldrbq_s8(b0 + k));
        s1 = vmladavaq_s8(s1, a, vldrbq_s8(b1 + k));
        s2 = vmladavaq_s8(s2, a, vldrbq_s8(b2 + k));
        s3 = vmladavaq_s8(s3, a, vldrbq_s8(b3 + k));
    }
    int32x4_t sums = vdupq_n_s32(s0);
    sums = vsetq_lane_s32(s1, sums, 1);
    sums = vsetq_lane_s32(s2, sums, 2);
    return vsetq_lane_s32(s3, sums, 3);
}

static void one_row(const helium_product_s8_t *p, const int8_t *row, int32_t addend, const packed_t *packed,
                    int8_t *output) {
    const int32_t step = p->geometry.result.column, columns = p->geometry.columns;
    const uint32x4_t places = vmulq_n_u32(vidupq_n_u32(0, 1), (uint32_t)step);
    const int32x4_t low = vdupq_n_s32(INT8_MIN), high = vdupq_n_s32(INT8_MAX), most = vdupq_n_s32(512);
    for (int32_t m = 0; m < columns; m += 4) {
        const mve_pred16_t active = vctp32q((uint32_t)(columns - m));
        const int32x4_t added = vaddq_n_s32(vldrwq_z_s32(packed->addends + m, active), addend);
        const int32x4_t sums = vqshlq_r_s32(vaddq_s32(sums_x4(row, packed, m), added), p->left_shift);
        const int32x4_t scaled = vminq_s32(helium_requantise_n_x4(sums, p->multiplier, p->shift), most);
        const int32x4_t bytes = vminq_s32(vmaxq_s32(vqaddq_n_s32(scaled, p->zero_point), low), high);
        if (step == 1) {
            vstrbq_p_s32(output + m, bytes, active);
        } else {
            vstrbq_scatter_offset_p_s32(output + m * step, places, bytes, active);
        }
    }
}

#else

static void one_row(const helium_product_s8_t *p, const int8_t *row, int32_t addend, const packed_t *packed,
                    int8_t *output) {
    const int32_t exponent = p->left_shift != 0 ? p->left_shift - 1 : p->shift;
    for (int32_t m = 0; m < p->geometry.columns; m++) {
        const int8_t *other = packed->rows + m * packed->stride;
        int32_t sum = addend + packed->addends[m];
        for (int32_t k = 0; k < packed->stride; k++) {
            sum += row[k] * other[k];
        }
        output[m * p->geometry.result.column] =
            helium_requantise_s8(sum, p->multiplier, exponent, p->zero_point, INT8_MIN, INT8_MAX);
    }
}

#endif

static void one_head(const helium_product_s8_t *p, const int8_t *first, const int8_t *second, int8_t *output,
                     const packed_t *packed) {
    const helium_product_t *g = &p->geometry;
    pack_second(p, second, packed);
    for (int32_t n = 0; n < g->rows; n++) {
        pack_row(first + n * g->first.row, g->first.column, g->depth, packed->row);
        const int32_t addend = -p->second_zero_point * sum_of(packed->row, packed->stride);
        one_row(p, packed->row, addend, packed, output + n * g->result.row);
    }
}

void helium_product_s8(const helium_product_s8_t *product, const int8_t *first, const int8_t *second, int8_t *output,
                       uint8_t *scratch) {
    const helium_product_s8_t own = *product; /* a copy stays in registers: the output might overwrite the original */
    const helium_product_t *g = &own.geometry;
    const packed_t packed = packed_in(&own, scratch);
    memset(packed.row, 0, (size_t)packed.stride);
    for (int32_t group = 0; group < g->groups; group++) {
        for (int32_t head = 0; head < g->heads; head++) {
            one_head(&own, first + helium_matrix_at(&g->first, group, head),
                     second + helium_matrix_at(&g->second, group, head),
                     output + helium_matrix_at(&g->result, group, head), &packed);
        }
    }
}
