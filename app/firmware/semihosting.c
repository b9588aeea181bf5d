#include "semihosting.h"

#include "board.h"
#include "print.h"
#include "uart.h"

enum {
    SYS_OPEN = 0x01,
    SYS_READ = 0x06,
    SYS_GET_CMDLINE = 0x15,
    SYS_EXIT_EXTENDED = 0x20,
};

#define END_OF_TRANSMISSION '\004'
#define OPEN_READ_BINARY 1u
#define APPLICATION_EXIT 0x20026u /* ADP_Stopped_ApplicationExit: the status follows */

static int32_t call(uint32_t operation, void *arguments) {
    register uint32_t r0 __asm("r0") = operation;
    register void *r1 __asm("r1") = arguments;
    __asm volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return (int32_t)r0;
}

void semihosting_exit(int status) {
    print(BOARD_END_MARK "\n");
    if (BOARD_UART_ENDS_TRANSMISSION) {
        uart_write(END_OF_TRANSMISSION);
    }
    uint32_t arguments[2] = {APPLICATION_EXIT, (uint32_t)status};
    for (;;) {
        call(SYS_EXIT_EXTENDED, arguments);
    }
}

bool semihosting_command_line(char *text, uint32_t capacity) {
    uint32_t arguments[2] = {(uint32_t)text, capacity};
    text[0] = '\0';
    return call(SYS_GET_CMDLINE, arguments) == 0;
}

int32_t semihosting_open(const char *path) {
    uint32_t length = 0;
    while (path[length] != '\0') {
        length++;
    }
    uint32_t arguments[3] = {(uint32_t)path, OPEN_READ_BINARY, length};
    return call(SYS_OPEN, arguments);
}

uint32_t semihosting_read(int32_t handle, void *to, uint32_t bytes) {
    uint32_t arguments[3] = {(uint32_t)handle, (uint32_t)to, bytes};
    const uint32_t missing = (uint32_t)call(SYS_READ, arguments);
    return missing <= bytes ? bytes - missing : 0;
}
