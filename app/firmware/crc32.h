/* CRC-32 as in zlib and Ethernet (reflected polynomial 0xEDB88320). */
#ifndef CRC32_H
#define CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32(const void *data, size_t bytes);

#endif
