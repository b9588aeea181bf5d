/* What all kernels share: how constants are laid out, and the parameters of the steps that follow a sum of products.
 *
 * Activations are NHWC with batch 1, int8; where a kernel's name has s16, also int16, of 15 bits and zero point 0. The
 * arithmetic is that of paddle_cortexm/compiler/operators:
 *
 *     requantise(a, multiplier, shift) = floor(a * multiplier * 2^(shift - 31) + 1/2), saturated to 32 bits
 *     output = clamp(requantise(accumulator, multiplier[c], shift[c]) + zero point, minimum, maximum)
 *
 * A kernel is `name_s8.h` with its parameter struct and `name_s8.c` with portable C and, where the compiler targets
 * Helium (MVE), vector code that gives the same bits from the same packed constants.
 *
 * The kernels for floats are told of in float_type.h.
 *
 * HELIUM_MVE is 1 where the vector code is compiled. HELIUM_HOST_VECTORS is 1 where a build for the host takes, for
 * some kernels, the vector code of app/host/vector instead of the portable C: the same bits again. */
#ifndef HELIUM_H
#define HELIUM_H

#include <stddef.h>
#include <stdint.h>

#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define HELIUM_MVE 1
#include <arm_mve.h>
#else
#define HELIUM_MVE 0
#endif
#ifndef HELIUM_HOST_VECTORS
#define HELIUM_HOST_VECTORS 0
#endif

/* For functions whose callers' constants decide what code is left of them. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* One line of assembly. */
#define LINE(text) text "\n"

/* Per-channel constants stand in groups of 16 channels, each group in "narrowing order": entry 4 * j + i is channel
 * 4 * i + j. Four vectors of four 32-bit lanes then narrow to 16 bytes in channel order without a shuffle. The last
 * group is filled up with zeros. Each is its own inverse, so the same formula finds a channel's entry. */
#define HELIUM_GROUP 16
#define HELIUM_NARROWING_ORDER(entry) (((entry) & 3) * 4 + ((entry) >> 2))

/* Of an image, in pixels, without padding. */
typedef struct {
    int32_t height;
    int32_t width;
} helium_size_t;

/* Which input pixels an output pixel is computed from: those of output row y are kernel_height input rows,
 * dilation_height apart, from y * stride_height - padding_top on; columns likewise. */
typedef struct {
    int32_t kernel_height;
    int32_t kernel_width;
    int32_t stride_height;
    int32_t stride_width;
    int32_t padding_top;
    int32_t padding_left;
    int32_t dilation_height;
    int32_t dilation_width;
} helium_window_t;

/* Rows from a window's first to its last. */
static inline int32_t helium_window_rows(const helium_window_t *w) {
    return (w->kernel_height - 1) * w->dilation_height + 1;
}

/* Columns of input that a convolution copies for so many output pixels: those that windows share only once. */
#define HELIUM_CONV2D_IS_SHARED(kernel, stride, dilation) ((dilation) == 1 && (stride) <= (kernel))
#define HELIUM_CONV2D_COLUMNS(pixels, kernel, stride, dilation)                                                        \
    (HELIUM_CONV2D_IS_SHARED(kernel, stride, dilation) ? ((pixels) - 1) * (stride) + (kernel) : (pixels) * (kernel))

/* From accumulators to int8, a channel at a time. The arrays are in narrowing order. */
typedef struct {
    const int32_t *multiplier; /* 2^30 ... 2^31 - 1, or 0 */
    const int32_t *shift;      /* right shift as a negative number: -1 ... -31 */
    const int32_t *left_shift; /* applied (saturating) before the multiplier where the exponent is >= 0: exponent + 1,
                                  with shift = -1. NULL: 0 for every channel */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
} helium_requantise_t;

/* The left shift of both operands of an addition: all that 9 bits leave of 32. Packing moves the exponents so that it
 * is always this. */
#define HELIUM_ADDEND_SHIFT 22

/* The same for int16, which has 15 bits and zero point 0. */
#define HELIUM_ADDEND_SHIFT_S16 17

/* One operand of an addition: requantise((x - zero_point) << left_shift, multiplier, shift). */
typedef struct {
    int32_t zero_point;
    int32_t left_shift; /* 0 ... 22 */
    int32_t multiplier; /* negative where the operand is subtracted */
    int32_t shift;      /* -1 ... -31 */
} helium_addend_t;

/* Elementwise addition of two int8 or two int16 tensors (IntegerAdd of the layer graph). */
typedef struct {
    helium_addend_t first;
    helium_addend_t second;
    int32_t left_shift; /* of the sum, saturating; 0 in practice */
    int32_t multiplier;
    int32_t shift; /* -1 ... -31 */
    int32_t zero_point;
    int32_t minimum;
    int32_t maximum;
} helium_add_t;

/* What may follow a layer's own result, in this order, int8 to int8. */
typedef struct {
    const int8_t *table;     /* 256 results, indexed by the value as uint8_t (0 ... 127, then -128 ... -1); or NULL */
    const helium_add_t *add; /* residual addition: the layer's result is first, the residual second; or NULL */
} helium_epilogue_t;

#endif
