#include "kernels_f32.h"

#include "conv2d_float_code.h"
