/* The frames to classify: those of a file on the host, read by semihosting, or the one linked in.
 *
 * A frame file is a sequence of frames: "RGB8", width and height (uint32, little endian), width x height x 3 bytes. */
#ifndef FRAMES_H
#define FRAMES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    const uint8_t *rgb; /* height x width x 3 */
    uint32_t width, height;
} frame_t;

typedef enum { FRAMES_OK, FRAMES_END, FRAMES_ERROR } frames_status_t;

/* Open the file that the simulator's command line names ("frames=PATH"), or choose the linked-in frame if it names
 * none. false, after a message, when the file cannot be opened. */
bool frames_open(void);

/* The next frame; it stays until the next call. FRAMES_ERROR, after a message, for a file that is cut off or wrong. */
frames_status_t frames_next(frame_t *frame);

#endif
