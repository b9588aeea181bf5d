/* All kernels for float16. */
#ifndef HELIUM_KERNELS_F16_H
#define HELIUM_KERNELS_F16_H

#define HELIUM_FLOAT_BITS 16
#include "conv2d_float.h"
#include "curves_float.h"
#include "depthwise_float.h"
#include "elementwise_float.h"
#include "pool_float.h"
#include "resize_float.h"
#include "tokens_float.h"

#endif
