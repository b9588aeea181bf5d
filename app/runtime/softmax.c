#include "softmax.h"

#include <math.h>

static float logit(const model_output_t *output, int class_number) {
#ifdef MODEL_OUTPUT_SCALE
    return MODEL_OUTPUT_SCALE * (float)(output->data[class_number] - MODEL_OUTPUT_ZERO_POINT);
#else
    return (float)output->data[class_number];
#endif
}

float softmax_score(const model_output_t *output, int class_number) {
    float sum = 0.0f; /* relative to the class itself: its own term is 1 */
    for (int other = 0; other < MODEL_OUTPUT_CLASSES; other++) {
        sum += expf(logit(output, other) - logit(output, class_number));
    }
    return 1.0f / sum;
}
