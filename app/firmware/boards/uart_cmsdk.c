/* The CMSDK APB UART (DDI0479), polled, transmit only. */
#include "uart.h"

#include "board.h"
#include "registers.h"

#define UART_DATA REGISTER(BOARD_UART + 0x00)
#define UART_STATE REGISTER(BOARD_UART + 0x04)
#define UART_CONTROL REGISTER(BOARD_UART + 0x08)
#define UART_DIVIDER REGISTER(BOARD_UART + 0x10)

#define STATE_TRANSMIT_FULL (1u << 0)
#define CONTROL_TRANSMIT (1u << 0)

void uart_start(void) {
    UART_DIVIDER = 16; /* the smallest allowed: the fastest rate; simulators do not wait for it */
    UART_CONTROL = CONTROL_TRANSMIT;
}

void uart_write(char character) {
    while (UART_STATE & STATE_TRANSMIT_FULL) {
    }
    UART_DATA = (uint8_t)character;
}
