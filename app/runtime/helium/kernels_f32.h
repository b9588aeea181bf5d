/* All kernels for float32. */
#ifndef HELIUM_KERNELS_F32_H
#define HELIUM_KERNELS_F32_H

#define HELIUM_FLOAT_BITS 32
#include "conv2d_float.h"
#include "curves_float.h"
#include "depthwise_float.h"
#include "elementwise_float.h"
#include "pool_float.h"
#include "resize_float.h"
#include "tokens_float.h"

#endif
