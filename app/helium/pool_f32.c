#include "kernels_f32.h"

#include "pool_float_code.h"
