#include "kernels_f16.h"

#include "depthwise_float_code.h"
