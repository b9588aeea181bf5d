/* What the kernels' vector code asks of a compiler, each in a function of its own. A comment names the instructions
 * that it cannot be compiled without: a compiler that knows a constant for the result, or leaves out a step, has a
 * fault. Compiled as the kernels are and looked at by paddle_cortexm/firmware/compiler_check.py, never linked or run.
 */
#include "epilogue_s8.h"

#define HELIUM_FLOAT_BITS 16
#include "float_vector.h"

/* Needs: vqmovnb.s16, vldrb.s16 with vector offsets. */
int16x8_t table_of_narrowed_bytes(const int8_t *table, int16x8_t value) {
    return helium_table_x8(table, value);
}

/* Needs: vldrb.s16 with vector offsets. */
int16x8_t table_behind_a_clamp(const helium_epilogue_t *epilogue, int16x8_t value) {
    return helium_epilogue_x8(epilogue, value, NULL, 0);
}

/* Needs: vqmovnb.s16, vctp.16, vstrbt.16. */
void narrowed_bytes_of_a_tail(int8_t *to, int16x8_t value, uint32_t count) {
    vstrbq_p_s16(to, helium_byte_x8(value), vctp16q(count));
}

/* Needs: vqdmulh.s32, vrshl.s32. */
int32x4_t requantised(int32x4_t accumulator, int32x4_t multiplier, int32x4_t shift) {
    return helium_requantise_x4(accumulator, multiplier, shift);
}

/* Needs: vqmovnb.s32, vqmovnt.s32, vqadd.s16, vqmovnb.s16, vqmovnt.s16, vmax.s8, vmin.s8. */
int8x16_t narrowed_to_16_bytes(int32x4_t v0, int32x4_t v1, int32x4_t v2, int32x4_t v3, const int32_t *limits) {
    return helium_narrow_x16(v0, v1, v2, v3, limits[0], limits[1], limits[2]);
}

/* Needs: vqmovnb.s32, vqmovnt.s32, vqadd.s16, vmax.s16, vmin.s16. */
int16x8_t narrowed_to_8_lanes(int32x4_t even, int32x4_t odd, const int32_t *limits) {
    return helium_narrow_x8(even, odd, limits[0], limits[1], limits[2]);
}

/* Needs: vqdmulh.s32, vrshl.s32, vqmovnb.s32, vqmovnt.s32, vqadd.s16, vqmovnb.s16, vqmovnt.s16. */
int8x16_t sum_of_two_tensors(const helium_usual_add_t *add, int8x16_t first, int8x16_t second) {
    return helium_usual_add_x16(add, first, second);
}

/* Needs: vctp.8, vldrbt.u8, vmlava.s8. */
int32_t products_of_a_tail(const int8_t *first, const int8_t *second, uint32_t count, int32_t sum) {
    const mve_pred16_t lanes = vctp8q(count);
    return vmladavaq_s8(sum, vldrbq_z_s8(first, lanes), vldrbq_z_s8(second, lanes));
}

/* Needs: vfma.f16, vmaxnm.f16, vminnm.f16. */
vector_t clamped_products(vector_t first, vector_t second, vector_t sum, vector_t minimum, vector_t maximum) {
    return vector_minimum(vector_maximum(vector_fma(first, second, sum), minimum), maximum);
}
