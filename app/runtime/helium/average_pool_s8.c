/* Average pooling, rounded half away from zero: (sum +- count / 2) / count, truncated. */
#include "average_pool_s8.h"

typedef int8_t pool_element_t;
#include "pool_rows_code.h"

#if HELIUM_MVE

/* Elements that can be summed in 16 bits: 256 * 128 = 2^15. */
#define SHORT_SUM 256

/* Division of 0 <= n < 2^29 by `count`: floor(2 * n * multiplier / 2^31) >> shift. Exact, as multiplier is
 * 2^(30 + shift) / count rounded up with 2^shift >= count (Granlund and Montgomery, 1994). */
typedef struct {
    int32_t count;
    int32_t multiplier;
    int32_t shift;
} divisor_t;

static divisor_t divisor_of(int32_t count) {
    int32_t shift = 0;
    while ((1 << shift) < count) {
        shift++;
    }
    const uint64_t power = (uint64_t)1 << (30 + shift);
    const divisor_t divisor = {count, (int32_t)((power + (uint32_t)count - 1) / (uint32_t)count), shift};
    return divisor;
}

static inline int32x4_t mean(const divisor_t *d, int32x4_t sum) {
    const int32x4_t twice = vshlq_n_s32(vaddq_n_s32(vabsq_s32(sum), d->count / 2), 1);
    const int32x4_t size = vshlq_r_s32(vqdmulhq_n_s32(twice, d->multiplier), -d->shift);
    return vnegq_m_s32(size, size, vcmpltq_n_s32(sum, 0));
}

/* The means, narrowed to bytes in channel order; they cannot exceed the inputs. */
static inline int8x16_t means(const divisor_t *d, const int32x4_t sums[4]) {
    const int16x8_t zero = vdupq_n_s16(0);
    const int16x8_t even = vmovntq_s32(vmovnbq_s32(zero, mean(d, sums[0])), mean(d, sums[2]));
    const int16x8_t odd = vmovntq_s32(vmovnbq_s32(zero, mean(d, sums[1])), mean(d, sums[3]));
    return vmovntq_s16(vmovnbq_s16(vdupq_n_s8(0), even), odd);
}

static inline void widen_and_add(int32x4_t sums[4], int16x8_t even, int16x8_t odd) {
    sums[0] = vaddq_s32(sums[0], vmovlbq_s16(even));
    sums[1] = vaddq_s32(sums[1], vmovlbq_s16(odd));
    sums[2] = vaddq_s32(sums[2], vmovltq_s16(even));
    sums[3] = vaddq_s32(sums[3], vmovltq_s16(odd));
}

/* Adds `count` pixels of 16 channels, `stride` bytes apart. */
static inline void add_pixels(int32x4_t sums[4], const int8_t *pixel, int32_t count, int32_t stride,
                              mve_pred16_t active) {
    while (count > 0) {
        const int32_t block = count < SHORT_SUM ? count : SHORT_SUM;
        int16x8_t even = vdupq_n_s16(0), odd = even;
        for (int32_t i = 0; i < block; i++) {
            const int8x16_t x = vldrbq_z_s8(pixel, active);
            even = vaddq_s16(even, vmovlbq_s8(x));
            odd = vaddq_s16(odd, vmovltq_s8(x));
            pixel += stride;
        }
        widen_and_add(sums, even, odd);
        count -= block;
    }
}

void helium_average_pool_row_s8(const helium_pool_t *pool, const int8_t *const rows[], int32_t count, int8_t *output) {
    divisor_t divisor = divisor_of(1);
    for (int32_t x = 0; x < pool->output.width; x++) {
        const helium_span_t span = helium_pool_columns(pool, x);
        const int32_t width = span.end - span.first;
        if (divisor.count != count * width) {
            divisor = divisor_of(count * width);
        }
        for (int32_t channel = 0; channel < pool->channels; channel += 16) {
            const mve_pred16_t active = vctp8q((uint32_t)(pool->channels - channel));
            int32x4_t sums[4] = {vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0), vdupq_n_s32(0)};
            for (int32_t row = 0; row < count; row++) {
                const int8_t *pixel = rows[row] + span.first * pool->channels + channel;
                add_pixels(sums, pixel, width, pool->channels, active);
            }
            vstrbq_p_s8(output + channel, means(&divisor, sums), active);
        }
        output += pool->channels;
    }
}

#else

static int8_t mean(int32_t sum, int32_t count) {
    return (int8_t)(sum > 0 ? (sum + count / 2) / count : (sum - count / 2) / count);
}

void helium_average_pool_row_s8(const helium_pool_t *pool, const int8_t *const rows[], int32_t count, int8_t *output) {
    for (int32_t x = 0; x < pool->output.width; x++) {
        const helium_span_t span = helium_pool_columns(pool, x);
        for (int32_t channel = 0; channel < pool->channels; channel++) {
            int32_t sum = 0;
            for (int32_t row = 0; row < count; row++) {
                for (int32_t column = span.first; column < span.end; column++) {
                    sum += rows[row][column * pool->channels + channel];
                }
            }
            *output++ = mean(sum, count * (span.end - span.first));
        }
    }
}

#endif

void helium_average_pool_s8(const helium_pool_t *pool, const int8_t *input, int8_t *output, uint8_t *scratch) {
    pool_rows(pool, input, output, scratch, helium_average_pool_row_s8);
}
