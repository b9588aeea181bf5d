#include "add_s8.h"

#include "epilogue_s8.h"

#if HELIUM_MVE

void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count) {
    if (helium_add_is_usual(add)) {
        const helium_usual_add_t usual = helium_usual_add(add);
        for (; count > 0; count -= 16, first += 16, second += 16, output += 16) {
            const mve_pred16_t active = vctp8q((uint32_t)count);
            const int8x16_t a = vldrbq_z_s8(first, active), b = vldrbq_z_s8(second, active);
            vstrbq_p_s8(output, helium_usual_add_x16(&usual, a, b), active);
        }
        return;
    }
    const helium_add_t own = *add; /* a copy stays in registers: the output might overwrite the original */
    for (; count > 0; count -= 16) {
        const mve_pred16_t active = vctp8q((uint32_t)count);
        const int8x16_t sum = helium_add_x16(&own, vldrbq_z_s8(first, active), vldrbq_z_s8(second, active));
        vstrbq_p_s8(output, sum, active);
        first += 16;
        second += 16;
        output += 16;
    }
}

#elif HELIUM_HOST_VECTORS

#include "add_lanes.h"

void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count) {
    const helium_add_t own = *add; /* a copy stays in registers: the output might overwrite the original */
    for (int32_t i = 0; i < count; i += VECTOR_LANES) {
        add_some_bytes(&own, first + i, second + i, output + i, count - i);
    }
}

#else

void helium_add_s8(const helium_add_t *add, const int8_t *first, const int8_t *second, int8_t *output, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        output[i] = helium_add_element(add, first[i], second[i]);
    }
}

#endif
