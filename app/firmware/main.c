/* Classifies frames: preprocess, run the model, report. Started by startup.c. */
#include "frames.h"
#include "instruction_counter.h"
#include "preprocess.h"
#include "print.h"
#include "profile.h"
#include "report.h"

enum { STATUS_OK = 0, STATUS_BAD_FRAMES = 1, STATUS_LAYER_FAILED = 2 };

/* In a memory that need not be fast: as large as there are classes, and only written once. */
__attribute__((section(".model_output"))) static model_output_t output;

/* 0, or the number (from 1) of the layer that failed. */
static int classify(const frame_t *frame) {
    profile_begins();
    preprocess_t state;
    preprocess_begin(&state, frame->rgb, frame->width, frame->height);
    const model_rows_t rows = {preprocess_row, &state};
    const int failed_layer = model_run_rows(&rows, &output);
    profile_ends();
    return failed_layer;
}

int main(void) {
    instruction_counter_start();
    report_start();
    if (!frames_open()) {
        return STATUS_BAD_FRAMES;
    }
    frame_t frame;
    frames_status_t status;
    uint32_t count = 0;
    for (; (status = frames_next(&frame)) == FRAMES_OK; count++) {
        const int failed_layer = classify(&frame);
        if (failed_layer != 0) {
            print("error: layer %d (%s) failed\n", failed_layer - 1, model_layer_names[failed_layer - 1]);
            return STATUS_LAYER_FAILED;
        }
        report_frame(count, frame.width, frame.height, &output);
        if (count == 0) {
            report_details(&output);
        }
    }
    report_end(count);
    return status == FRAMES_END ? STATUS_OK : STATUS_BAD_FRAMES;
}
