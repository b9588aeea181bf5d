#include "kernels_f32.h"

#include "elementwise_float_code.h"
