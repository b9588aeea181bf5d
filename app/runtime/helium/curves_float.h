/* Curved activations of floats, computed in float32 in both precisions; a result is rounded to float16 once. Largest
 * errors in float32, measured in tests/compiler/backends/helium/test_curves.py.
 *
 * output[i] = the function of input[i] for i < count. output may be input. */
#ifndef HELIUM_CURVES_FLOAT_H
#define HELIUM_CURVES_FLOAT_H

#include "float_type.h"

/* |x| */
void HELIUM_FLOAT(helium_absolute)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* x * x */
void HELIUM_FLOAT(helium_square)(const helium_float_t *input, helium_float_t *output, int32_t count);

void HELIUM_FLOAT(helium_square_root)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* max(x, 0) + alpha * min(x, 0) */
void HELIUM_FLOAT(helium_leaky_relu)(const helium_float_t *input, helium_float_t *output, int32_t count, float alpha);

/* The same for pixels of `channels` elements, with an alpha for each channel. */
void HELIUM_FLOAT(helium_prelu)(const helium_float_t *input, helium_float_t *output, const helium_float_t *alpha,
                                int32_t channels, int32_t pixels);

/* 1 / (1 + e^-x) */
void HELIUM_FLOAT(helium_sigmoid)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* x / (1 + e^(-beta * x)) */
void HELIUM_FLOAT(helium_swish)(const helium_float_t *input, helium_float_t *output, int32_t count, float beta);

void HELIUM_FLOAT(helium_tanh)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* x times the share of the standard normal distribution below x. */
void HELIUM_FLOAT(helium_gelu)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* Its approximation by tanh: x / (1 + e^(-1.5957691 * (x + 0.044715 * x^3))) */
void HELIUM_FLOAT(helium_gelu_tanh)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* scale * (max(x, 0) + alpha * (e^min(x, 0) - 1)) */
void HELIUM_FLOAT(helium_elu)(const helium_float_t *input, helium_float_t *output, int32_t count, float alpha,
                              float scale);

/* x * tanh(log(1 + e^x)) */
void HELIUM_FLOAT(helium_mish)(const helium_float_t *input, helium_float_t *output, int32_t count);

/* log(1 + e^(beta * x)) / beta; beta > 0 */
void HELIUM_FLOAT(helium_softplus)(const helium_float_t *input, helium_float_t *output, int32_t count, float beta);

#endif
