/* vector.h for x86-64 with AVX2. */
#ifndef HOST_AVX2_H
#define HOST_AVX2_H

#include <immintrin.h>

typedef __m256i lanes_t;
typedef __m256i taps_t;     /* int16: tap 0 and tap 1 of channel 0, of channel 1, ... */
typedef __m256i values_t;   /* int16 */
typedef __m256i dot_t;      /* 8 partial sums */
typedef __m256i wide_t;     /* int16, both halves alike */
typedef __m256i pair_dot_t; /* 4 partial sums of each channel */

ALWAYS_INLINE lanes_t load_lanes(const int32_t *from) {
    return _mm256_loadu_si256((const __m256i *)(const void *)from);
}

ALWAYS_INLINE lanes_t same_lanes(int32_t value) {
    return _mm256_set1_epi32(value);
}

ALWAYS_INLINE lanes_t add_lanes(lanes_t a, lanes_t b) {
    return _mm256_add_epi32(a, b);
}

ALWAYS_INLINE lanes_t subtract_lanes(lanes_t a, lanes_t b) {
    return _mm256_sub_epi32(a, b);
}

/* Lanes 0, 2, 4, 6 from `even`, the others from `odd`. */
ALWAYS_INLINE lanes_t interleaved(const int32_t *even, const int32_t *odd) {
    const __m128i e = _mm_loadu_si128((const __m128i *)(const void *)even);
    const __m128i o = _mm_loadu_si128((const __m128i *)(const void *)odd);
    return _mm256_set_m128i(_mm_unpackhi_epi32(e, o), _mm_unpacklo_epi32(e, o));
}

/* Shifted left by 0 ... 31 bits, saturated. */
ALWAYS_INLINE lanes_t shift_left(lanes_t a, lanes_t bits) {
    const __m256i shifted = _mm256_sllv_epi32(a, bits);
    const __m256i fits = _mm256_cmpeq_epi32(_mm256_srav_epi32(shifted, bits), a);
    const __m256i limit = _mm256_xor_si256(_mm256_srai_epi32(a, 31), _mm256_set1_epi32(INT32_MAX));
    return _mm256_blendv_epi8(limit, shifted, fits);
}

/* floor(a * multiplier * 2^(shift - 31) + 1/2); shift: -1 ... -31. With h = floor(a * multiplier / 2^31) this is
 * floor((floor(h / 2^(n - 1)) + 1) / 2) for n = -shift, and nothing overflows. */
ALWAYS_INLINE lanes_t requantise_lanes(lanes_t a, lanes_t multiplier, lanes_t shift) {
    const __m256i even = _mm256_mul_epi32(a, multiplier);
    const __m256i odd = _mm256_mul_epi32(_mm256_srli_epi64(a, 32), _mm256_srli_epi64(multiplier, 32));
    const __m256i high = _mm256_blend_epi32(_mm256_srli_epi64(even, 31), _mm256_slli_epi64(odd, 1), 0xAA);
    const __m256i one = _mm256_set1_epi32(1);
    const __m256i bits = _mm256_sub_epi32(_mm256_set1_epi32(-1), shift); /* n - 1 */
    return _mm256_srai_epi32(_mm256_add_epi32(_mm256_srav_epi32(high, bits), one), 1);
}

/* 8 int8 as lanes. */
ALWAYS_INLINE lanes_t load_bytes(const int8_t *from) {
    return _mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from));
}

/* Saturating at 16 bits on the way is harmless, as the result is clamped to 8. */
ALWAYS_INLINE void store_bytes(int8_t *to, lanes_t a, int32_t zero_point, int32_t minimum, int32_t maximum) {
    const __m128i narrow = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    const __m128i moved = _mm_adds_epi16(narrow, _mm_set1_epi16((int16_t)zero_point));
    const __m128i low = _mm_set1_epi16((int16_t)minimum), high = _mm_set1_epi16((int16_t)maximum);
    const __m128i clamped = _mm_min_epi16(_mm_max_epi16(moved, low), high);
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi16(clamped, clamped));
}

/* 8 int16 as lanes. */
ALWAYS_INLINE lanes_t load_halves(const int16_t *from) {
    return _mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from));
}

ALWAYS_INLINE void store_halves(int16_t *to, lanes_t a, int32_t minimum, int32_t maximum) {
    const __m128i narrow = _mm_packs_epi32(_mm256_castsi256_si128(a), _mm256_extracti128_si256(a, 1));
    const __m128i low = _mm_set1_epi16((int16_t)minimum), high = _mm_set1_epi16((int16_t)maximum);
    _mm_storeu_si128((__m128i *)(void *)to, _mm_min_epi16(_mm_max_epi16(narrow, low), high));
}

ALWAYS_INLINE __m256i pairs_of(const int8_t *first, const int8_t *second) {
    const __m128i a = _mm_loadl_epi64((const __m128i *)(const void *)first);
    const __m128i b = _mm_loadl_epi64((const __m128i *)(const void *)second);
    return _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(a, b));
}

ALWAYS_INLINE taps_t load_taps(const int8_t *first, const int8_t *second) {
    return pairs_of(first, second);
}

/* sums + first * tap 0 + second * tap 1, for 8 channels. */
ALWAYS_INLINE lanes_t add_taps(lanes_t sums, taps_t weights, const int8_t *first, const int8_t *second) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(weights, pairs_of(first, second)));
}

ALWAYS_INLINE values_t load_values(const int8_t *from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
}

ALWAYS_INLINE dot_t no_products(void) {
    return _mm256_setzero_si256();
}

ALWAYS_INLINE dot_t add_products(dot_t sums, values_t a, values_t b) {
    return _mm256_add_epi32(sums, _mm256_madd_epi16(a, b));
}

/* The sums of four. */
ALWAYS_INLINE void store_sums(int32_t *to, dot_t a, dot_t b, dot_t c, dot_t d) {
    const __m256i sums = _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
    const __m128i total = _mm_add_epi32(_mm256_castsi256_si128(sums), _mm256_extracti128_si256(sums, 1));
    _mm_storeu_si128((__m128i *)(void *)to, total);
}

ALWAYS_INLINE wide_t load_wide(const int16_t *from) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)from));
}

ALWAYS_INLINE pair_dot_t no_pair_products(void) {
    return _mm256_setzero_si256();
}

ALWAYS_INLINE pair_dot_t add_pair_products(pair_dot_t sums, values_t weights, wide_t x) {
    return add_products(sums, weights, x);
}

/* The sums of two pairs: four channels. */
ALWAYS_INLINE void store_pairs(int32_t *to, pair_dot_t a, pair_dot_t b) {
    const __m256i both = _mm256_hadd_epi32(a, b), sums = _mm256_hadd_epi32(both, both);
    const __m128i even = _mm256_castsi256_si128(sums), odd = _mm256_extracti128_si256(sums, 1);
    _mm_storeu_si128((__m128i *)(void *)to, _mm_unpacklo_epi32(even, odd));
}

#endif
