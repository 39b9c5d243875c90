/* SPDX-License-Identifier: Apache-2.0 */
/* Bit by bit: frames are short, and a table would be a second thing to prove. */
#include "crc.h"

#define POLYNOMIAL_CCITT 0x1021u
#define POLYNOMIAL_8 0x07u

static uint16_t crc16(const uint8_t *bytes, size_t n, uint32_t crc)
{
    for (size_t i = 0; i < n; i++) {
        crc ^= (uint32_t)bytes[i] << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ (crc & 0x8000u ? POLYNOMIAL_CCITT : 0);
    }
    return (uint16_t)(crc & 0xffffu);
}

uint16_t crc16_xmodem(const uint8_t *bytes, size_t n)
{
    return crc16(bytes, n, 0);
}

uint16_t crc16_ccitt_false(const uint8_t *bytes, size_t n)
{
    return crc16(bytes, n, 0xffffu);
}

uint8_t crc8_smbus(const uint8_t *bytes, size_t n)
{
    uint32_t crc = 0;
    for (size_t i = 0; i < n; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1) ^ (crc & 0x80u ? POLYNOMIAL_8 : 0);
    }
    return (uint8_t)(crc & 0xffu);
}
