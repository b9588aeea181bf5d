/* The UART the program prints on; the board's driver is in boards/. */
#ifndef UART_H
#define UART_H

void uart_start(void);
void uart_write(char character);

#endif
