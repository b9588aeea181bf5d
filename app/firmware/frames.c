#include "frames.h"

#include <string.h>

#include "board.h"
#include "preprocess.h"
#include "print.h"
#include "semihosting.h"

#define FRAME_MAGIC 0x38424752u /* "RGB8" read as a little-endian word */
#define COMMAND_LINE_BYTES 256

typedef struct {
    uint32_t magic, width, height;
} frame_header_t;

extern const uint32_t demo_frame_width, demo_frame_height; /* made by stage 3 */
extern const uint8_t demo_frame_pixels[];
extern uint8_t frame_buffer[]; /* made by the linker script: room for the largest frame, where there is a buffer */

static int32_t file = -1;
static uint32_t frames_read;

bool frames_open(void) {
    static char command_line[COMMAND_LINE_BYTES];
    if (!semihosting_command_line(command_line, sizeof command_line)) {
        return true;
    }
    char *path = strstr(command_line, "frames=");
    if (path == NULL) {
        return true;
    }
    if (!BOARD_HAS_FRAME_BUFFER) {
        print("error: %s has no frame buffer: only the linked-in frame can be classified\n", BOARD_NAME);
        return false;
    }
    path += strlen("frames=");
    path[strcspn(path, " ")] = '\0';
    file = semihosting_open(path);
    if (file < 0) {
        print("error: cannot open the frame file '%s'\n", path);
    }
    return file >= 0;
}

static frames_status_t next_of_file(frame_t *frame) {
    frame_header_t header;
    const uint32_t read = semihosting_read(file, &header, sizeof header);
    if (read == 0) {
        return FRAMES_END;
    }
    if (read != sizeof header || header.magic != FRAME_MAGIC) {
        print("error: frame %lu: no header 'RGB8', width, height\n", (unsigned long)frames_read);
        return FRAMES_ERROR;
    }
    if (header.width - 1 >= PREPROCESS_MAXIMUM_SIDE || header.height - 1 >= PREPROCESS_MAXIMUM_SIDE) {
        print("error: frame %lu: %lu x %lu pixels; allowed are 1 to %d a side\n", (unsigned long)frames_read,
              (unsigned long)header.width, (unsigned long)header.height, PREPROCESS_MAXIMUM_SIDE);
        return FRAMES_ERROR;
    }
    const uint32_t bytes = header.width * header.height * 3;
    if (semihosting_read(file, frame_buffer, bytes) != bytes) {
        print("error: frame %lu: the file ends inside its pixels\n", (unsigned long)frames_read);
        return FRAMES_ERROR;
    }
    *frame = (frame_t){.rgb = frame_buffer, .width = header.width, .height = header.height};
    return FRAMES_OK;
}

frames_status_t frames_next(frame_t *frame) {
    if (file < 0 && frames_read > 0) {
        return FRAMES_END;
    }
    frames_status_t status = FRAMES_OK;
    if (file < 0) {
        *frame = (frame_t){.rgb = demo_frame_pixels, .width = demo_frame_width, .height = demo_frame_height};
    } else {
        status = next_of_file(frame);
    }
    frames_read++;
    return status;
}
