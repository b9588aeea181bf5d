/* Sums of products of one pixel in portable C: included by gemm_s8.c and gemm_s16.c, which define gemm_value_t (of
 * a pixel) and BLOCK (how weights are packed). Blocks of a constant size let compilers use vectors. */

/* accumulators[c] = sum over k of weight[c][k] * pixel[k] */
static inline void gemm_pixel(const gemm_value_t *pixel, const helium_gemm_t *m, int32_t *accumulators) {
    const int8_t *w = m->weights;
    const int32_t full = m->depth / BLOCK * BLOCK, rest = m->depth % BLOCK;
    for (int32_t pair = 0; pair < m->pairs; pair++) {
        int32_t even = 0, odd = 0;
        for (int32_t at = 0; at < full; at += BLOCK, w += 2 * BLOCK) {
            for (int32_t k = 0; k < BLOCK; k++) {
                even += w[k] * pixel[at + k];
                odd += w[k + BLOCK] * pixel[at + k];
            }
        }
        for (int32_t k = 0; k < rest; k++) {
            even += w[k] * pixel[full + k];
            odd += w[k + BLOCK] * pixel[full + k];
        }
        w += rest > 0 ? 2 * BLOCK : 0;
        accumulators[2 * pair] = even;
        accumulators[2 * pair + 1] = odd;
    }
}
