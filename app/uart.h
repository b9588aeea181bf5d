/* UART0 of the board (CMSDK APB UART, DDI0479), polled, transmit only. */
#ifndef UART_H
#define UART_H

void uart_start(void);
void uart_write(char character);

#endif
