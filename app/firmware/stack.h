/* The stack's bounds and how deep it has been. */
#ifndef STACK_H
#define STACK_H

#include <stdint.h>

extern uint32_t stack_limit[], stack_top[]; /* made by the linker script; the stack grows down from stack_top */

/* What startup.c fills the stack with before anything uses it. */
#define STACK_PAINT 0xA5A5A5A5

/* Bytes of the stack that were ever used: its high-water mark. */
uint32_t stack_used_bytes(void);

/* Bytes reserved for the stack. */
uint32_t stack_reserved_bytes(void);

#endif
