/* A vector of HELIUM_FLOAT_LANES elements: a Helium register, or an array in portable C. The kernels are written with
 * these operations only, so that both do the same arithmetic. "first": the first `count` lanes only, memory behind them
 * is not touched. */
#ifndef HELIUM_FLOAT_VECTOR_H
#define HELIUM_FLOAT_VECTOR_H

#include "float_type.h"

/* A function with arguments that the compiler should know: with Helium a copy for each call, else one for all. */
#if HELIUM_MVE
#define SPECIALISED ALWAYS_INLINE
#else
#define SPECIALISED static __attribute__((noinline))
#endif

#include <math.h>

#if HELIUM_MVE

#if HELIUM_FLOAT_BITS == 16
typedef float16x8_t vector_t;
typedef float16_t vector_element_t;
#define VECTOR(operation) operation##_f16
#define VECTOR_FIRST(count) vctp16q((uint32_t)(count))
#else
typedef float32x4_t vector_t;
typedef float32_t vector_element_t;
#define VECTOR(operation) operation##_f32
#define VECTOR_FIRST(count) vctp32q((uint32_t)(count))
#endif

ALWAYS_INLINE vector_t vector_load(const helium_float_t *from) {
    return VECTOR(vld1q)((const vector_element_t *)from);
}

ALWAYS_INLINE vector_t vector_load_first(const helium_float_t *from, int32_t count) {
    return VECTOR(vld1q_z)((const vector_element_t *)from, VECTOR_FIRST(count)); /* other lanes: 0 */
}

ALWAYS_INLINE void vector_store(helium_float_t *to, vector_t x) {
    VECTOR(vst1q)((vector_element_t *)to, x);
}

ALWAYS_INLINE void vector_store_first(helium_float_t *to, vector_t x, int32_t count) {
    VECTOR(vst1q_p)((vector_element_t *)to, x, VECTOR_FIRST(count));
}

ALWAYS_INLINE vector_t vector_of(helium_float_t x) {
    return VECTOR(vdupq_n)(x);
}

/* a * b + c, rounded once. */
ALWAYS_INLINE vector_t vector_fma(vector_t a, vector_t b, vector_t c) {
    return VECTOR(vfmaq)(c, a, b);
}

/* a * x + c, rounded once. */
ALWAYS_INLINE vector_t vector_fma_n(vector_t a, helium_float_t x, vector_t c) {
    return VECTOR(vfmaq_n)(c, a, x);
}

ALWAYS_INLINE vector_t vector_add(vector_t a, vector_t b) {
    return VECTOR(vaddq)(a, b);
}

ALWAYS_INLINE vector_t vector_subtract(vector_t a, vector_t b) {
    return VECTOR(vsubq)(a, b);
}

ALWAYS_INLINE vector_t vector_multiply(vector_t a, vector_t b) {
    return VECTOR(vmulq)(a, b);
}

ALWAYS_INLINE vector_t vector_maximum(vector_t a, vector_t b) {
    return VECTOR(vmaxnmq)(a, b);
}

ALWAYS_INLINE vector_t vector_minimum(vector_t a, vector_t b) {
    return VECTOR(vminnmq)(a, b);
}

#else

#include <string.h>

typedef struct {
    helium_float_t lane[HELIUM_FLOAT_LANES];
} vector_t;

/* In each lane l of the result: the expression. */
#define EACH_LANE(expression)                                                                                          \
    vector_t result;                                                                                                   \
    for (int l = 0; l < HELIUM_FLOAT_LANES; l++) {                                                                     \
        result.lane[l] = (expression);                                                                                 \
    }                                                                                                                  \
    return result

#if HELIUM_FLOAT_BITS == 16
/* In double the sum is exact, or so near to c that rounding it is harmless. A nearest float that is not exact is made
 * odd on the way to the half: then the second rounding cannot err (Boldo and Melquiond, 2005). */
ALWAYS_INLINE _Float16 element_fma(_Float16 a, _Float16 b, _Float16 c) {
    const double exact = (double)a * (double)b + (double)c;
    float rounded = (float)exact;
    const double rest = exact - (double)rounded;
    int32_t bits;
    memcpy(&bits, &rounded, sizeof bits);
    if ((rest > 0 || rest < 0) && (bits & 1) == 0) {
        bits += (rest > 0) == (bits >= 0) ? 1 : -1;
    }
    memcpy(&rounded, &bits, sizeof bits);
    return (_Float16)rounded;
}
#else
ALWAYS_INLINE float element_fma(float a, float b, float c) {
    return fmaf(a, b, c);
}
#endif

ALWAYS_INLINE vector_t vector_load(const helium_float_t *from) {
    EACH_LANE(from[l]);
}

ALWAYS_INLINE vector_t vector_load_first(const helium_float_t *from, int32_t count) {
    EACH_LANE(l < count ? from[l] : (helium_float_t)0);
}

ALWAYS_INLINE void vector_store(helium_float_t *to, vector_t x) {
    memcpy(to, x.lane, sizeof x.lane);
}

ALWAYS_INLINE void vector_store_first(helium_float_t *to, vector_t x, int32_t count) {
    for (int32_t l = 0; l < count && l < HELIUM_FLOAT_LANES; l++) {
        to[l] = x.lane[l];
    }
}

ALWAYS_INLINE vector_t vector_of(helium_float_t x) {
    EACH_LANE(x);
}

ALWAYS_INLINE vector_t vector_fma(vector_t a, vector_t b, vector_t c) {
    EACH_LANE(element_fma(a.lane[l], b.lane[l], c.lane[l]));
}

ALWAYS_INLINE vector_t vector_fma_n(vector_t a, helium_float_t x, vector_t c) {
    EACH_LANE(element_fma(a.lane[l], x, c.lane[l]));
}

ALWAYS_INLINE vector_t vector_add(vector_t a, vector_t b) {
    EACH_LANE(a.lane[l] + b.lane[l]);
}

ALWAYS_INLINE vector_t vector_subtract(vector_t a, vector_t b) {
    EACH_LANE(a.lane[l] - b.lane[l]);
}

ALWAYS_INLINE vector_t vector_multiply(vector_t a, vector_t b) {
    EACH_LANE(a.lane[l] * b.lane[l]);
}

ALWAYS_INLINE vector_t vector_maximum(vector_t a, vector_t b) {
    EACH_LANE(a.lane[l] > b.lane[l] ? a.lane[l] : b.lane[l]);
}

ALWAYS_INLINE vector_t vector_minimum(vector_t a, vector_t b) {
    EACH_LANE(a.lane[l] < b.lane[l] ? a.lane[l] : b.lane[l]);
}

#endif

/* Helium has no division of vectors: a lane at a time. */
ALWAYS_INLINE vector_t vector_divide(vector_t a, vector_t b) {
    helium_float_t quotient[HELIUM_FLOAT_LANES], denominator[HELIUM_FLOAT_LANES];
    vector_store(quotient, a);
    vector_store(denominator, b);
    for (int l = 0; l < HELIUM_FLOAT_LANES; l++) {
        quotient[l] /= denominator[l];
    }
    return vector_load(quotient);
}

/* Whether a kind is a ramp, min(max(slope * x + offset, 0), high), times x or not. */
ALWAYS_INLINE int activation_is_ramp(helium_activation_kind_t kind) {
    switch (kind) { /* no default: with -Wswitch a kind that is missing does not compile */
    case HELIUM_LINEAR:
    case HELIUM_CLAMP:
        return 0;
    case HELIUM_HARD_SIGMOID:
    case HELIUM_HARD_SWISH:
        return 1;
    }
    __builtin_unreachable();
}

/* The activation of `count` vectors; the compiler knows the count. */
ALWAYS_INLINE void vector_activate(const helium_activation_t *activation, vector_t x[], int count) {
    if (activation->kind == HELIUM_CLAMP) {
        const vector_t low = vector_of(activation->low), high = vector_of(activation->high);
        for (int i = 0; i < count; i++) {
            x[i] = vector_minimum(vector_maximum(x[i], low), high);
        }
    } else if (activation_is_ramp(activation->kind)) {
        const vector_t offset = vector_of(activation->offset), high = vector_of(activation->high);
        for (int i = 0; i < count; i++) {
            const vector_t line = vector_fma_n(x[i], activation->slope, offset);
            const vector_t gate = vector_minimum(vector_maximum(line, vector_of(0)), high);
            x[i] = activation->kind == HELIUM_HARD_SWISH ? vector_multiply(x[i], gate) : gate;
        }
    }
}

#endif
