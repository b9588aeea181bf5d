#include "concat.h"

#include <string.h>

#include "table_s8.h"

#if HELIUM_MVE

/* One run of every pixel. Up to 16 bytes a pixel, which is most runs of a shuffle, are one load and one store. */
static void copy_run(const uint8_t *input, int32_t input_bytes, uint8_t *output, int32_t output_bytes, int32_t bytes,
                     int32_t pixels) {
    if (bytes <= 16) {
        const mve_pred16_t active = vctp8q((uint32_t)bytes);
        for (; pixels > 0; pixels--, input += input_bytes, output += output_bytes) {
            vstrbq_p_u8(output, vldrbq_z_u8(input, active), active);
        }
        return;
    }
    for (; pixels > 0; pixels--, input += input_bytes, output += output_bytes) {
        for (int32_t done = 0; done < bytes; done += 16) {
            const mve_pred16_t active = vctp8q((uint32_t)(bytes - done));
            vstrbq_p_u8(output + done, vldrbq_z_u8(input + done, active), active);
        }
    }
}

#else

static void copy_run(const uint8_t *input, int32_t input_bytes, uint8_t *output, int32_t output_bytes, int32_t bytes,
                     int32_t pixels) {
    for (; pixels > 0; pixels--, input += input_bytes, output += output_bytes) {
        memcpy(output, input, (size_t)bytes);
    }
}

#endif

static void look_up_run(const helium_run_t *run, const uint8_t *input, int32_t input_bytes, uint8_t *output,
                        int32_t output_bytes, int32_t pixels) {
    for (; pixels > 0; pixels--, input += input_bytes, output += output_bytes) {
        helium_table_s8(run->table, (const int8_t *)input, (int8_t *)output, run->bytes);
    }
}

void helium_concat(const helium_concat_t *concat, const void *const inputs[], void *output, int32_t pixels) {
    uint8_t *place = output;
    for (int32_t i = 0; i < concat->run_count; i++) {
        const helium_run_t *run = &concat->runs[i];
        const int32_t input_bytes = concat->pixel_bytes[run->input];
        const uint8_t *input = (const uint8_t *)inputs[run->input] + run->start;
        if (run->table != NULL) {
            look_up_run(run, input, input_bytes, place, concat->output_bytes, pixels);
        } else if (run->bytes == input_bytes && run->bytes == concat->output_bytes) {
            memcpy(place, input, (size_t)run->bytes * (size_t)pixels);
        } else {
            copy_run(input, input_bytes, place, concat->output_bytes, run->bytes, pixels);
        }
        place += run->bytes;
    }
}
