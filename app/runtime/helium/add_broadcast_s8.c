#include "add_broadcast_s8.h"

#include "broadcast_s8.h"
#include "epilogue_s8.h"

#if HELIUM_MVE

static inline int8x16_t usual_sums(const void *parameters, int8x16_t first, int8x16_t second) {
    return helium_usual_add_x16(parameters, first, second);
}

static inline int8x16_t sums(const void *parameters, int8x16_t first, int8x16_t second) {
    return helium_add_x16(parameters, first, second);
}

void helium_add_broadcast_s8(const helium_add_t *add, const helium_broadcast_t *broadcast, const int8_t *first,
                             const int8_t *second, int8_t *output) {
    if (helium_add_is_usual(add)) {
        const helium_usual_add_t usual = helium_usual_add(add);
        broadcast_s8(broadcast, first, second, output, &usual, usual_sums);
    } else {
        const helium_add_t own = *add;
        broadcast_s8(broadcast, first, second, output, &own, sums);
    }
}

#else

static int8_t sum(const void *parameters, int8_t first, int8_t second) {
    return helium_add_element(parameters, first, second);
}

void helium_add_broadcast_s8(const helium_add_t *add, const helium_broadcast_t *broadcast, const int8_t *first,
                             const int8_t *second, int8_t *output) {
    const helium_add_t own = *add;
    broadcast_s8(broadcast, first, second, output, &own, sum);
}

#endif
