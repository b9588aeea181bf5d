#include "answers.h"

#include <math.h>

/* The real number that an output stands for. */
static float real(const model_output_t *output, int number) {
#ifdef MODEL_OUTPUT_SCALE
    return MODEL_OUTPUT_SCALE * (float)(output->data[number] - MODEL_OUTPUT_ZERO_POINT);
#else
    return (float)output->data[number];
#endif
}

static float softmax(const model_output_t *output, int class_number) {
    float sum = 0.0f; /* relative to the class itself: its own term is 1 */
    for (int other = 0; other < MODEL_OUTPUT_CLASSES; other++) {
        sum += expf(real(output, other) - real(output, class_number));
    }
    return 1.0f / sum;
}

float answers_score(const model_output_t *output, int number) {
    switch (answers.kind) {
    case ANSWER_ONE:
        return softmax(output, number);
    case ANSWER_SEVERAL:
        return 1.0f / (1.0f + expf(-real(output, number)));
    default:
        return real(output, number);
    }
}

bool answers_hold(const model_output_t *output, int number) {
    if (answers.kind == ANSWER_ONE) {
        return real(output, number) - real(output, number - 1) > answers.limits[0];
    }
    return real(output, number) > answers.limits[number];
}
