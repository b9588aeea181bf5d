/* float16: vector code where HELIUM_MVE is 1, else portable C. */
#include "kernels_f16.h"

#include "tokens_float_code.h"
