#include "kernels_f16.h"

#include "conv2d_float_code.h"
