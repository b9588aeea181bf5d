/* Corstone-300 on the MPS3 FPGA board (AN547, FVP_Corstone_SSE-300, QEMU mps3-an547): what the program needs to know.
 */
#ifndef BOARD_H
#define BOARD_H

#define BOARD_NAME "Corstone-300"
#define BOARD_CPU "Cortex-M55"
#define BOARD_UART0 0x59303000u                  /* CMSDK APB UART, secure alias */
#define BOARD_SYSTEM_COUNTER_CONTROL 0x58100000u /* SSE-300 64-bit system counter, control frame, secure */
#define BOARD_SYSTEM_COUNTER_READ 0x58101000u    /* its read-only frame, secure */

#endif
