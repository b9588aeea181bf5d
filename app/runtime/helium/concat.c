#include "concat.h"

#include <string.h>

/* Up to 16 bytes, through the table where there is one. */
#if HELIUM_MVE

ALWAYS_INLINE void move_part(const int8_t *table, const uint8_t *input, uint8_t *output, int32_t bytes) {
    const mve_pred16_t active = vctp8q((uint32_t)bytes);
    uint8x16_t values = vldrbq_z_u8(input, active);
    if (table != NULL) {
        values = vreinterpretq_u8_s8(vldrbq_gather_offset_z_s8(table, values, active));
    }
    vstrbq_p_u8(output, values, active);
}

#else

ALWAYS_INLINE void move_part(const int8_t *table, const uint8_t *input, uint8_t *output, int32_t bytes) {
    for (int32_t i = 0; i < bytes && i < 16; i++) {
        output[i] = table != NULL ? (uint8_t)table[input[i]] : input[i];
    }
}

#endif

/* One run of every pixel. table: a constant NULL, or not NULL. */
ALWAYS_INLINE void move_run(const helium_run_t *run, const int8_t *table, const uint8_t *input, int32_t input_bytes,
                            uint8_t *output, int32_t output_bytes, int32_t pixels) {
    const int32_t bytes = run->bytes;
    if (bytes <= 16) { /* most runs of a shuffle: no loop inside */
        for (; pixels > 0; pixels--, input += input_bytes, output += output_bytes) {
            move_part(table, input, output, bytes);
        }
        return;
    }
    for (; pixels > 0; pixels--, input += input_bytes, output += output_bytes) {
        for (int32_t done = 0; done < bytes; done += 16) {
            move_part(table, input + done, output + done, bytes - done);
        }
    }
}

void helium_concat(const helium_concat_t *concat, const void *const inputs[], void *output, int32_t pixels) {
    uint8_t *place = output;
    for (int32_t i = 0; i < concat->run_count; i++) {
        const helium_run_t *run = &concat->runs[i];
        const int32_t input_bytes = concat->pixel_bytes[run->input], output_bytes = concat->output_bytes;
        const uint8_t *input = (const uint8_t *)inputs[run->input] + run->start;
        if (run->table != NULL) {
            move_run(run, run->table, input, input_bytes, place, output_bytes, pixels);
        } else if (run->bytes == input_bytes && run->bytes == output_bytes) {
            memcpy(place, input, (size_t)run->bytes * (size_t)pixels);
        } else {
            move_run(run, NULL, input, input_bytes, place, output_bytes, pixels);
        }
        place += run->bytes;
    }
}

#if HELIUM_MVE

void helium_shuffle(const helium_shuffle_t *shuffle, const void *input, void *output, int32_t pixels) {
    const uint8_t *source = input;
    uint8_t *place = output;
    for (; pixels > 0; pixels--, source += shuffle->input_bytes, place += shuffle->output_bytes) {
        for (int32_t done = 0; done < shuffle->output_bytes; done += 16) {
            const mve_pred16_t active = vctp8q((uint32_t)(shuffle->output_bytes - done));
            const uint8x16_t order = vldrbq_z_u8(shuffle->order + done, active);
            vstrbq_p_u8(place + done, vldrbq_gather_offset_z_u8(source, order, active), active);
        }
    }
}

#else

void helium_shuffle(const helium_shuffle_t *shuffle, const void *input, void *output, int32_t pixels) {
    const uint8_t *source = input;
    uint8_t *place = output;
    for (; pixels > 0; pixels--, source += shuffle->input_bytes, place += shuffle->output_bytes) {
        for (int32_t i = 0; i < shuffle->output_bytes; i++) {
            place[i] = source[shuffle->order[i]];
        }
    }
}

#endif
