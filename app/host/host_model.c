/* The model as a shared library: what paddle_cortexm/host/model.py calls through ctypes. */
#include "model.h"
#include "preprocess.h"

#include <stddef.h>

void host_set_layer_hook(void (*hook)(int layer));
int host_run_frame(const uint8_t *rgb, uint32_t width, uint32_t height, model_output_t *output);
int host_run_input(const model_input_t *input, model_output_t *output);

static void (*layer_hook)(int layer);

/* The hook is called after each layer, while the layer's output still stands in the arena; of a streamed layer after
 * each row. */
void host_set_layer_hook(void (*hook)(int layer)) {
    layer_hook = hook;
}

void model_layer_done(int layer) {
    if (layer_hook != NULL && layer != MODEL_INPUT_ROW) {
        layer_hook(layer);
    }
}

/* Classify a raw RGB888 frame exactly as the program on the target does. */
int host_run_frame(const uint8_t *rgb, uint32_t width, uint32_t height, model_output_t *output) {
    preprocess_t state;
    preprocess_begin(&state, rgb, width, height);
    const model_rows_t rows = {preprocess_row, &state};
    return model_run_rows(&rows, output);
}

/* Classify an image that is already preprocessed. */
int host_run_input(const model_input_t *input, model_output_t *output) {
    return model_run(input, output);
}
