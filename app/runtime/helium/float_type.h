/* The element type of the float kernels.
 *
 * A float kernel is written once, for elements of type helium_float_t, in name_float_code.h. name_f32.c and name_f16.c
 * compile it: they include kernels_f32.h or kernels_f16.h first, which define HELIUM_FLOAT_BITS as 32 or 16. Functions
 * end in _f32 or _f16: HELIUM_FLOAT(helium_pointwise) is helium_pointwise_f32 or helium_pointwise_f16.
 *
 * Activations are NHWC with batch 1. Sums are accumulated in the element type, one fused multiply-add after the other,
 * in the same order in portable C and in Helium code, so that both give the same bits, with two exceptions: Helium
 * takes float32 subnormals (below 1.2e-38) as zero; and of a NaN nothing is promised, as its blocks of pixels clamp
 * linear layers too, to -infinity ... infinity, which leaves no NaN. */
#ifndef HELIUM_FLOAT_TYPE_H
#define HELIUM_FLOAT_TYPE_H

#include "helium.h"

#if HELIUM_FLOAT_BITS == 16
typedef _Float16 helium_float_t;
#define HELIUM_FLOAT(name) name##_f16
#elif HELIUM_FLOAT_BITS == 32
typedef float helium_float_t;
#define HELIUM_FLOAT(name) name##_f32
#else
#error "HELIUM_FLOAT_BITS: 32 or 16; include kernels_f32.h or kernels_f16.h"
#endif

/* Elements of one Helium vector. */
#define HELIUM_FLOAT_LANES (128 / HELIUM_FLOAT_BITS)

/* Vectors of channels that a kernel with a weight matrix computes together; its weights are packed for that. */
#define HELIUM_FLOAT_RUN_VECTORS (HELIUM_FLOAT_BITS == 16 ? 2 : 1)

/* What follows a sum of products. */
typedef enum {
    HELIUM_LINEAR,       /* x */
    HELIUM_CLAMP,        /* low <= x <= high; relu: high is infinite */
    HELIUM_HARD_SIGMOID, /* min(max(slope * x + offset, 0), high) */
    HELIUM_HARD_SWISH,   /* x * hard sigmoid of x */
} helium_activation_kind_t;

typedef struct {
    helium_activation_kind_t kind;
    helium_float_t low;
    helium_float_t high;
    helium_float_t slope;
    helium_float_t offset;
} helium_activation_t;

#endif
