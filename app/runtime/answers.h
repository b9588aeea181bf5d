/* What a model's outputs mean: scores for people to read, and which of them hold. In Python
 * paddle_cortexm/answers/kinds.py decides alike, to the bit. */
#ifndef ANSWERS_H
#define ANSWERS_H

#include <stdbool.h>

#include "model.h"

typedef enum {
    ANSWER_ONE,     /* the best of all classes */
    ANSWER_SEVERAL, /* every label whose logit is above its limit */
    ANSWER_VALUE,   /* one value as it is */
} answer_kind_t;

/* limits: NULL for none; of several labels one each; of two classes how far the second's logit has to be above the
 * first's; of a value what it has to be above. */
typedef struct {
    answer_kind_t kind;
    const float *limits;
} answers_t;

extern const answers_t answers; /* made by stage 3 */

/* The softmax of the class, the sigmoid of the label, or the value, in float32; nothing is compared that depends on
 * it. */
float answers_score(const model_output_t *output, int number);

/* Whether the label, the value or the second of two classes is above its limit. Only where there are limits. */
bool answers_hold(const model_output_t *output, int number);

#endif
