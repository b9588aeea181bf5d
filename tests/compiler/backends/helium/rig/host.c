/* The rig on the host: buffers of the exact size, so that the address sanitiser finds every access beyond them. */
#include <stdio.h>
#include <stdlib.h>

#include "rig.h"

static FILE *results;

uint8_t *rig_place(uint32_t slot, uint32_t bytes) {
    (void)slot;
    uint8_t *buffer = malloc(bytes);
    if (buffer == NULL) {
        rig_exit(2);
    }
    return buffer;
}

uint8_t *rig_place_at_start(uint32_t slot, uint32_t bytes) {
    return rig_place(slot, bytes);
}

void rig_place_constant(uint32_t number, const void *data, uint32_t bytes) {
    (void)number, (void)data, (void)bytes; /* on the host constants are arrays of their own */
}

void rig_release(uint8_t *buffer) {
    free(buffer);
}

uint64_t rig_instructions(void) {
    return 0;
}

void rig_write(const void *data, uint32_t bytes) {
    if (results == NULL && (results = fopen("results.bin", "wb")) == NULL) {
        rig_exit(3);
    }
    fwrite(data, 1, bytes, results);
}

void rig_exit(int status) {
    if (results != NULL) {
        fclose(results);
    }
    exit(status);
}
