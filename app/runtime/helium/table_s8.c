#include "table_s8.h"

#if HELIUM_MVE

void helium_table_s8(const int8_t *table, const int8_t *input, int8_t *output, int32_t count) {
    for (; count > 0; count -= 16) {
        const mve_pred16_t active = vctp8q((uint32_t)count);
        const uint8x16_t index = vreinterpretq_u8_s8(vldrbq_z_s8(input, active));
        vstrbq_p_s8(output, vldrbq_gather_offset_z_s8(table, index, active), active);
        input += 16;
        output += 16;
    }
}

#else

void helium_table_s8(const int8_t *table, const int8_t *input, int8_t *output, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        output[i] = table[(uint8_t)input[i]];
    }
}

#endif
