/* What the program prints. Python's paddle_cortexm/simulator/transcript.py reads these lines back. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "model.h"
#include "profile.h"

void report_start(void);

/* One line a frame (number from 0, size in pixels), and the output tensor's bytes in hexadecimal. */
void report_frame(uint32_t frame, uint32_t width, uint32_t height, const model_output_t *output);

/* Top 5 with labels and scores, which of several labels hold, and the instructions of each layer. */
void report_details(const model_output_t *output);

void report_end(uint32_t frames);

#endif
