#include "report.h"

#include <stdbool.h>

#include "board.h"
#include "crc32.h"
#include "instruction_counter.h"
#include "print.h"
#include "softmax.h"
#include "stack.h"

#define TOP 5

extern const char *const labels[MODEL_OUTPUT_CLASSES]; /* made by stage 3 */

void report_start(void) {
    print("%s on %s (%s), instructions from the %s\n", MODEL_NAME, BOARD_NAME, BOARD_CPU, instruction_counter_name());
}

/* Classes in falling order of their logits, the lower number first among equals. */
static int largest_classes(const model_output_t *output, int classes[TOP]) {
    int found = 0;
    for (; found < TOP && found < MODEL_OUTPUT_CLASSES; found++) {
        int best = -1;
        for (int candidate = 0; candidate < MODEL_OUTPUT_CLASSES; candidate++) {
            bool taken = false;
            for (int i = 0; i < found; i++) {
                taken |= classes[i] == candidate;
            }
            if (!taken && (best < 0 || output->data[candidate] > output->data[best])) {
                best = candidate;
            }
        }
        classes[found] = best;
    }
    return found;
}

/* A score of 0 ... 1 with four decimals. */
static void print_score(float score) {
    const unsigned long parts = (unsigned long)(score * 10000.0f + 0.5f);
    print("%lu.%04lu", parts / 10000, parts % 10000);
}

void report_frame(uint32_t frame, uint32_t width, uint32_t height, const model_output_t *output) {
    int classes[TOP];
    largest_classes(output, classes);
    print("frame %lu: %lux%lu class %d score ", (unsigned long)frame, (unsigned long)width, (unsigned long)height,
          classes[0]);
    print_score(softmax_score(output, classes[0]));
    print(" preprocessing %llu model %llu crc32 %08lx\n", (unsigned long long)profile.preprocessing,
          (unsigned long long)profile.model, (unsigned long)crc32(output, sizeof *output));
    const uint8_t *bytes = (const uint8_t *)output;
    print("output: ");
    for (uint32_t i = 0; i < sizeof *output; i++) {
        print("%02x", bytes[i]);
    }
    print("\n");
}

void report_details(const model_output_t *output) {
    int classes[TOP];
    const int count = largest_classes(output, classes);
    print("top %d:\n", count);
    for (int i = 0; i < count; i++) {
        print("  %4d  ", classes[i]);
        print_score(softmax_score(output, classes[i]));
        print("  %s\n", labels[classes[i]]);
    }
    print("layers (instructions):\n");
    for (int layer = 0; layer < MODEL_LAYER_COUNT; layer++) {
        print("  %4d  %12llu  %s\n", layer, (unsigned long long)profile_layers[layer], model_layer_names[layer]);
    }
}

void report_end(uint32_t frames) {
    print("stack: %lu of %lu bytes used\n", (unsigned long)stack_used_bytes(), (unsigned long)stack_reserved_bytes());
    print("frames: %lu\n", (unsigned long)frames);
}
