/* SPDX-License-Identifier: Apache-2.0 */
/* Frames as the documents print them: "F0 81 55", upper case, one blank between bytes. */
#ifndef TEST_PLUGIN_COMMON_HEX_H
#define TEST_PLUGIN_COMMON_HEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <string.h>

/* Bytes of text into out; fails on anything else. */
static inline size_t hex_bytes(const char *text, uint8_t *out, size_t size)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t n = 0;
    for (const char *c = text; *c != '\0'; c += c[2] == ' ' ? 3 : 2) {
        const char *high = strchr(digits, c[0]), *low = c[1] ? strchr(digits, c[1]) : NULL;
        assert_true(high && low && n < size);
        out[n++] = (uint8_t)((high - digits) << 4 | (low - digits));
    }
    return n;
}

#endif
