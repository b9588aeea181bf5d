/* Semihosting: the debugger's or simulator's files and exit (Arm's "Semihosting for AArch32 and AArch64"). */
#ifndef SEMIHOSTING_H
#define SEMIHOSTING_H

#include <stdbool.h>
#include <stdint.h>

/* End the simulation. A simulator without semihosting that watches the UART (an FVP: for a
 * word, or for the byte 0x04) ends as well. */
__attribute__((noreturn)) void semihosting_exit(int status);

/* The command line given to the simulator, into text; false if there is none or it is longer than capacity. */
bool semihosting_command_line(char *text, uint32_t capacity);

/* A handle for reading, or -1. */
int32_t semihosting_open(const char *path);

/* Bytes read, fewer than asked for at the end of the file. */
uint32_t semihosting_read(int32_t handle, void *to, uint32_t bytes);

#endif
