/* Scores for people to read; nothing is compared that depends on them. */
#ifndef SOFTMAX_H
#define SOFTMAX_H

#include "model.h"

/* exp(logit of the class) / sum of exp(logit) over all classes, in float32. */
float softmax_score(const model_output_t *output, int class_number);

#endif
