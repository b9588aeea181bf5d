#include "print.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include "uart.h"

#define LONGEST_NUMBER 20 /* digits of 2**64 - 1 */

typedef struct {
    int width;
    bool left;    /* pad on the right */
    char padding; /* ' ' or '0' */
} field_t;

static void write_padding(int count, char padding) {
    while (count-- > 0) {
        uart_write(padding);
    }
}

static void write_text(const char *text, int length, field_t field) {
    write_padding(field.left ? 0 : field.width - length, field.padding);
    for (int i = 0; i < length; i++) {
        uart_write(text[i]);
    }
    write_padding(field.left ? field.width - length : 0, ' ');
}

static void write_string(const char *text, field_t field) {
    int length = 0;
    while (text[length] != '\0') {
        length++;
    }
    write_text(text, length, field);
}

static void write_number(uint64_t value, unsigned base, bool negative, field_t field) {
    char digits[LONGEST_NUMBER + 1];
    int start = (int)sizeof digits;
    do {
        digits[--start] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    if (negative) {
        digits[--start] = '-';
    }
    write_text(digits + start, (int)sizeof digits - start, field);
}

static const char *parse_field(const char *format, field_t *field) {
    *field = (field_t){.width = 0, .left = false, .padding = ' '};
    for (; *format == '-' || *format == '0'; format++) {
        field->left |= *format == '-';
        field->padding = *format == '0' ? '0' : field->padding;
    }
    for (; *format >= '0' && *format <= '9'; format++) {
        field->width = field->width * 10 + (*format - '0');
    }
    return format;
}

void print(const char *format, ...) {
    va_list values;
    va_start(values, format);
    for (; *format != '\0'; format++) {
        if (*format != '%') {
            uart_write(*format);
            continue;
        }
        field_t field;
        format = parse_field(format + 1, &field);
        int longs = 0; /* int and long are 32 bits wide, long long is 64 */
        for (; *format == 'l'; format++) {
            longs++;
        }
        if (*format == 's') {
            write_string(va_arg(values, const char *), field);
        } else if (*format == 'u' || *format == 'x') {
            const uint64_t value = longs > 1 ? va_arg(values, unsigned long long) : va_arg(values, unsigned long);
            write_number(value, *format == 'x' ? 16 : 10, false, field);
        } else if (*format == 'd') {
            const int64_t value = longs > 1 ? va_arg(values, long long) : va_arg(values, long);
            write_number(value < 0 ? -(uint64_t)value : (uint64_t)value, 10, value < 0, field);
        } else if (*format == 'c') {
            uart_write((char)va_arg(values, int));
        } else {
            uart_write(*format);
        }
    }
    va_end(values);
}
