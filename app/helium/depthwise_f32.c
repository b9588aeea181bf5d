#include "kernels_f32.h"

#include "depthwise_float_code.h"
