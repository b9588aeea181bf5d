/* Corstone-310 on the MPS3 FPGA board (FVP_Corstone_SSE-310): what the program needs to know. QEMU has no Corstone-310;
 * its mps3-an547 has the UART, the counter and every memory used here at the same addresses. */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "Corstone-310"
#define BOARD_CPU "Cortex-M85"
#define BOARD_UART0 0x59303000u                  /* CMSDK APB UART, secure alias */
#define BOARD_SYSTEM_COUNTER_CONTROL 0x58100000u /* SSE-3xx 64-bit system counter, control frame, secure */
#define BOARD_SYSTEM_COUNTER_READ 0x58101000u    /* its read-only frame, secure */

#endif
