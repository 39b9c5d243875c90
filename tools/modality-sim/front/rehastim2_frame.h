/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Packets of ScienceMode 2 as the device sees them: F0, CRC and length (each behind 81, xor 55), number, command and
 * data with F0, 0F and 81 stuffed, 0F. The CRC is over the stuffed bytes. Pure; shares nothing with any client.
 */
#ifndef SIM_REHASTIM2_FRAME_H
#define SIM_REHASTIM2_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REHASTIM2_DATA_MAX 60   /* the document: below 61 bytes */
#define REHASTIM2_FRAME_MAX 160 /* of them all stuffed, with what is around */

struct rehastim2_packet {
    uint8_t number, command;
    uint8_t data[REHASTIM2_DATA_MAX];
    size_t size;
};

/* Bytes written to frame. */
size_t rehastim2_frame_encode(const struct rehastim2_packet *packet, uint8_t frame[REHASTIM2_FRAME_MAX]);

/* Collects a stream; zero-initialised is empty. */
struct rehastim2_reader {
    bool inside;
    bool stuffing; /* the next byte belongs to an 81, whatever it is */
    size_t used;
    uint8_t raw[REHASTIM2_FRAME_MAX];
    unsigned broken; /* frames that were none */
};

/* Takes one byte: true when it ended a whole and valid packet, which is then in *out. */
bool rehastim2_reader_take(struct rehastim2_reader *r, uint8_t byte, struct rehastim2_packet *out);

#endif
