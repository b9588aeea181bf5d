/* int16 results: vector code where HELIUM_MVE is 1, else portable C. */
#define IS_WIDE 1
#include "depthwise_window_code.h"
