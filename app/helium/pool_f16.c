#include "kernels_f16.h"

#include "pool_float_code.h"
