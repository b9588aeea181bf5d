/* Text on the UART. */
#ifndef PRINT_H
#define PRINT_H

/* A small printf: %s %c %d %u %x and %%, with l and ll, a width, and the flags - and 0. Bounded stack, no malloc. */
__attribute__((format(printf, 1, 2))) void print(const char *format, ...);

#endif
