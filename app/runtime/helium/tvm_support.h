/* The few functions that C generated from TVM's TIR calls. */
#ifndef TVM_SUPPORT_H
#define TVM_SUPPORT_H

#include "requantise.h"

static inline float tvm_max_float(float a, float b) {
    return a > b ? a : b;
}

static inline float tvm_min_float(float a, float b) {
    return a < b ? a : b;
}

static inline int32_t tvm_max_int(int32_t a, int32_t b) {
    return a > b ? a : b;
}

static inline int32_t tvm_min_int(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* The requantisation of every integer layer. */
static inline int32_t tvm_requantise(int32_t accumulator, int32_t multiplier, int32_t shift) {
    return helium_requantise(accumulator, multiplier, shift);
}

#endif
