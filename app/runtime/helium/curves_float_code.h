/* The code of curves_float.h for both precisions. */
#include "curves_float.h"

#include "float_exponential.h"

/* e^x - 1 */
ALWAYS_INLINE wide_t power_of_e_less_1(wide_t x) {
    const exponential_t e = exponential(x);
    return wide_fma(e.power, e.rest, wide_add(e.power, wide_of(-1)));
}

/* 1 / x for x in 1 ... 2^126: within 5 % by the bits, then three steps of Newton's method. */
ALWAYS_INLINE wide_t reciprocal(wide_t x) {
    wide_t y = wide_subtract_bits(0x7ef311c3, x);
    const wide_t minus_x = wide_negate(x), one = wide_of(1);
    for (int step = 0; step < 3; step++) {
        y = wide_fma(y, wide_fma(minus_x, y, one), y);
    }
    return y;
}

/* 1 / (1 + e^-x), given -x */
ALWAYS_INLINE wide_t sigmoid_of_negated(wide_t minus_x) {
    return reciprocal(wide_add(power_of_e(minus_x), wide_of(1)));
}

ALWAYS_INLINE wide_t positive(wide_t x) {
    return wide_maximum(x, wide_of(0));
}

ALWAYS_INLINE wide_t negative(wide_t x) {
    return wide_minimum(x, wide_of(0));
}

ALWAYS_INLINE wide_t leaky_relu(wide_t x, wide_t alpha) {
    return wide_fma(negative(x), alpha, positive(x));
}

/* (e^2x - 1) / (e^2x + 1); from 10 on that is 1. */
ALWAYS_INLINE wide_t tanh_of(wide_t x) {
    const wide_t grown = power_of_e_less_1(wide_clamp(wide_add(x, x), -20, 20));
    return wide_clamp(wide_multiply(grown, reciprocal(wide_add(grown, wide_of(2)))), -1, 1);
}

/* max(x, 0) - |x| * the share beyond |x|. That share is half of erfc(|x| / sqrt(2)) by the approximation of Numerical
 * Recipes (Press et al., 6.2, erfcc), of relative error below 1.2e-7, with log(0.5) in its first term. From 12.5 on it
 * is 0 in all but name. */
ALWAYS_INLINE wide_t gelu(wide_t x) {
    static const float series[] = {-1.9586594f, 1.00002368f,  0.37409196f, 0.09678418f,  -0.18628806f,
                                   0.27886807f, -1.13520398f, 1.48851587f, -0.82215223f, 0.17087277f};
    const wide_t size = wide_minimum(wide_absolute(x), wide_of(12.5f));
    const wide_t t = reciprocal(wide_fma(size, wide_of(0.35355339f), wide_of(1)));
    const wide_t half_square = wide_multiply(size, wide_multiply(size, wide_of(0.5f)));
    const wide_t exponent = wide_add(wide_polynomial(series, 10, t), wide_negate(half_square));
    const wide_t share = wide_multiply(t, power_of_e(exponent));
    return wide_fma(wide_negate(size), share, positive(x));
}

ALWAYS_INLINE wide_t gelu_tanh(wide_t x) {
    const wide_t factor = wide_fma(wide_multiply(x, x), wide_of(-0.0713548163f), wide_of(-1.59576912f));
    return wide_multiply(x, sigmoid_of_negated(wide_multiply(x, factor)));
}

/* With n = e^x * (e^x + 2), tanh(log(1 + e^x)) = n / (n + 2); from 20 on that is 1. */
ALWAYS_INLINE wide_t mish(wide_t x) {
    const wide_t e = power_of_e(wide_minimum(x, wide_of(20)));
    const wide_t n = wide_multiply(e, wide_add(e, wide_of(2)));
    return wide_multiply(x, wide_multiply(n, reciprocal(wide_add(n, wide_of(2)))));
}

/* max(x, 0) + log(1 + u), u = e^-|x|; log(1 + u) = 2 * artanh(u / (2 + u)). */
ALWAYS_INLINE wide_t softplus(wide_t x) {
    static const float series[] = {0.333332062f, 0.200108498f, 0.139995694f, 0.140122324f};
    const wide_t u = power_of_e(wide_negate(wide_absolute(x)));
    const wide_t twice = wide_multiply(wide_add(u, u), reciprocal(wide_add(u, wide_of(2))));
    const wide_t square = wide_multiply(wide_multiply(twice, twice), wide_of(0.25f));
    const wide_t curved = wide_multiply(square, wide_polynomial(series, 4, square));
    return wide_add(wide_fma(twice, curved, twice), positive(x));
}

/* The body of a kernel: the expression of four x at a time. */
#define EACH_WIDE(expression)                                                                                          \
    for (; count > 0; count -= WIDE_LANES) {                                                                           \
        const wide_t x = wide_load_first(input, count);                                                                \
        wide_store_first(output, (expression), count);                                                                 \
        input += WIDE_LANES;                                                                                           \
        output += WIDE_LANES;                                                                                          \
    }

void HELIUM_FLOAT(helium_absolute)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(wide_absolute(x))
}

void HELIUM_FLOAT(helium_square)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(wide_multiply(x, x))
}

/* One by one, as Helium has no square root. */
void HELIUM_FLOAT(helium_square_root)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        output[i] = (helium_float_t)sqrtf((float)input[i]);
    }
}

void HELIUM_FLOAT(helium_leaky_relu)(const helium_float_t *input, helium_float_t *output, int32_t count, float alpha) {
    EACH_WIDE(leaky_relu(x, wide_of(alpha)))
}

void HELIUM_FLOAT(helium_prelu)(const helium_float_t *input, helium_float_t *output, const helium_float_t *alpha,
                                int32_t channels, int32_t pixels) {
    for (int32_t p = 0; p < pixels; p++) {
        for (int32_t c = 0; c < channels; c += WIDE_LANES) {
            const wide_t x = wide_load_first(input + c, channels - c);
            const wide_t result = leaky_relu(x, wide_load_first(alpha + c, channels - c));
            wide_store_first(output + c, result, channels - c);
        }
        input += channels;
        output += channels;
    }
}

void HELIUM_FLOAT(helium_sigmoid)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(sigmoid_of_negated(wide_negate(x)))
}

void HELIUM_FLOAT(helium_swish)(const helium_float_t *input, helium_float_t *output, int32_t count, float beta) {
    EACH_WIDE(wide_multiply(x, sigmoid_of_negated(wide_multiply(x, wide_of(-beta)))))
}

void HELIUM_FLOAT(helium_tanh)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(tanh_of(x))
}

void HELIUM_FLOAT(helium_gelu)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(gelu(x))
}

void HELIUM_FLOAT(helium_gelu_tanh)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(gelu_tanh(x))
}

void HELIUM_FLOAT(helium_elu)(const helium_float_t *input, helium_float_t *output, int32_t count, float alpha,
                              float scale) {
    EACH_WIDE(wide_multiply(wide_fma(power_of_e_less_1(negative(x)), wide_of(alpha), positive(x)), wide_of(scale)))
}

void HELIUM_FLOAT(helium_mish)(const helium_float_t *input, helium_float_t *output, int32_t count) {
    EACH_WIDE(mish(x))
}

void HELIUM_FLOAT(helium_softplus)(const helium_float_t *input, helium_float_t *output, int32_t count, float beta) {
    EACH_WIDE(wide_multiply(softplus(wide_multiply(x, wide_of(beta))), wide_of(1 / beta)))
}
