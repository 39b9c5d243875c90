/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packets of console and transmitter from their side: a burst of bytes in, a packet out, and back. Like the
 * firmware it takes one burst as one packet. Written from the published pages alone, so that a client's own codec is
 * tested against another one. No I/O, no clock.
 */
#ifndef SIM_OPENLIFU_CODEC_H
#define SIM_OPENLIFU_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OLIFU_DATA_MAX 512
#define OLIFU_FRAME_MAX (OLIFU_DATA_MAX + 12)

enum olifu_type {
    OLIFU_NAK = 0xe1,
    OLIFU_COMMAND = 0xe2,
    OLIFU_RESPONSE = 0xe3,
    OLIFU_DATA = 0xe4,
    OLIFU_CHIP = 0xe6,
    OLIFU_CONTROLLER = 0xea,
    OLIFU_POWER = 0xeb,
    OLIFU_BAD_CRC = 0xed,
    OLIFU_UNKNOWN = 0xee,
    OLIFU_ERROR = 0xef,
};

struct olifu_packet {
    unsigned id;
    uint8_t type, command, addr, reserved;
    size_t length;
    uint8_t data[OLIFU_DATA_MAX];
};

enum olifu_read { OLIFU_READ_PACKET, OLIFU_READ_BAD_START, OLIFU_READ_BAD_LENGTH, OLIFU_READ_BAD_CRC };

/* A burst. Of one that is broken out has what stands at the place of the id. */
enum olifu_read olifu_read(const uint8_t *bytes, size_t n, struct olifu_packet *out);

/* Returns the length of the frame; frame has room for OLIFU_FRAME_MAX. */
size_t olifu_write(const struct olifu_packet *packet, uint8_t *frame);

/* CRC over a frame's bytes from the id on, n of them. */
unsigned olifu_crc(const uint8_t *bytes, size_t n);

#endif
