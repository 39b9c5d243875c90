/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cyclic redundancy checks of serial protocols, most significant bit first, without reflection and final inversion.
 * Pure. Names and check values (over "123456789") are those of the catalogue of parametrised CRC algorithms.
 */
#ifndef PLUGINS_CRC_H
#define PLUGINS_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC-16/XMODEM: polynomial 0x1021, start 0x0000; check 0x31c3. */
uint16_t crc16_xmodem(const uint8_t *bytes, size_t n);

/* CRC-16/CCITT-FALSE (IBM-3740): polynomial 0x1021, start 0xffff; check 0x29b1. */
uint16_t crc16_ccitt_false(const uint8_t *bytes, size_t n);

/* CRC-8/SMBUS: polynomial 0x07, start 0x00; check 0xf4. */
uint8_t crc8_smbus(const uint8_t *bytes, size_t n);

#endif
