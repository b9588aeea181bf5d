#include "report.h"

#include <math.h>
#include <stdbool.h>

#include "answers.h"
#include "board.h"
#include "crc32.h"
#include "instruction_counter.h"
#include "print.h"
#include "stack.h"

#define TOP 5

extern const char *const labels[MODEL_OUTPUT_CLASSES]; /* made by stage 3 */

void report_start(void) {
    print("%s on %s (%s), instructions from the %s\n", MODEL_NAME, BOARD_NAME, BOARD_CPU, instruction_counter_name());
}

/* Classes in falling order of their logits, the lower number first among equals; of two with a limit the one that the
 * limit decides for comes first. */
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
    if (answers.kind == ANSWER_ONE && answers.limits != NULL) {
        classes[0] = answers_hold(output, 1) ? 1 : 0;
        classes[1] = 1 - classes[0];
    }
    return found;
}

/* With four decimals; up to 2^32. */
static void print_score(float score) {
    const float size = fabsf(score);
    const unsigned long whole = (unsigned long)size;
    const unsigned long parts = (unsigned long)((size - (float)whole) * 10000.0f + 0.5f); /* 10000: rounded up to 1 */
    print("%s%lu.%04lu", score < 0.0f ? "-" : "", whole + parts / 10000, parts % 10000);
}

static void print_answer(const model_output_t *output, int number) {
    print("  %4d  ", number);
    print_score(answers_score(output, number));
    print("  %s\n", labels[number]);
}

/* Of several labels, or of a value with a threshold. */
static void print_above(const model_output_t *output) {
    print("above the threshold:\n");
    for (int number = 0; number < MODEL_OUTPUT_CLASSES; number++) {
        if (answers_hold(output, number)) {
            print_answer(output, number);
        }
    }
}

void report_frame(uint32_t frame, uint32_t width, uint32_t height, const model_output_t *output) {
    int classes[TOP];
    largest_classes(output, classes);
    print("frame %lu: %lux%lu class %d score ", (unsigned long)frame, (unsigned long)width, (unsigned long)height,
          classes[0]);
    print_score(answers_score(output, classes[0]));
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
        print_answer(output, classes[i]);
    }
    if (answers.kind != ANSWER_ONE && answers.limits != NULL) {
        print_above(output);
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
