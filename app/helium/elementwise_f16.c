#include "kernels_f16.h"

#include "elementwise_float_code.h"
