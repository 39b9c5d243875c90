/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pattern that the transmitter's chips must hold, as some of their registers: what the calibration was measured
 * with. It is loaded by the maker's tools; here it is only read back. Pure.
 */
#ifndef OPENLIFU_PATTERN_H
#define OPENLIFU_PATTERN_H

#include <stddef.h>
#include <stdint.h>

#define LIFU_PATTERN_MAX 24 /* registers that a start has time to read */
#define LIFU_CHIPS_MAX 12   /* two on each of up to six modules */
#define LIFU_REGISTER_MAX 0x19f

struct lifu_register {
    uint8_t chip;
    uint16_t address;
    uint32_t value;
};

struct lifu_pattern {
    size_t n;
    struct lifu_register registers[LIFU_PATTERN_MAX];
};

/*
 * "0.018=02000003 0.120=1b311b2a": 0, or -EINVAL with what it needs in *why. *out is untouched on failure. Zeros alone
 * are refused: a chip that was switched off holds them too.
 */
int lifu_pattern_read(const char *text, struct lifu_pattern *out, const char **why);

#endif
