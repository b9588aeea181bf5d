/* The geometry of products of matrices inside tensors, as in attention. */
#ifndef HELIUM_PRODUCT_H
#define HELIUM_PRODUCT_H

#include "helium.h"

/* Where element (group, head, row, column) stands in a tensor: at offset + the sum of index times stride, in elements.
 * Of the second operand a row is one of the result's columns; the operands' columns are the depth of the sums. */
typedef struct {
    int32_t offset;
    int32_t group;
    int32_t head;
    int32_t row;
    int32_t column;
} helium_view_t;

typedef struct {
    int32_t groups;
    int32_t heads;
    int32_t rows;
    int32_t columns;
    int32_t depth;
    helium_view_t first;
    helium_view_t second;
    helium_view_t result;
} helium_product_t;

ALWAYS_INLINE int32_t helium_matrix_at(const helium_view_t *view, int32_t group, int32_t head) {
    return view->offset + group * view->group + head * view->head;
}

#endif
