/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The P24's packets on the wire, from the device's side: bytes in, packets out, and back. No I/O, no clock. Written
 * from the published pages and from nothing else, so that a client's own codec is tested against another one.
 */
#ifndef SIM_P24_CODEC_H
#define SIM_P24_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define P24_FRAME_MAX 1200 /* on the wire */
#define P24_DATA_MAX 592   /* of the longest command, unstuffed */

struct p24_packet {
    unsigned number;  /* 0..63 */
    unsigned command; /* 0..1023 */
    size_t length;
    uint8_t data[P24_DATA_MAX];
};

/* Takes bytes one by one. Zero-initialised means outside a frame. */
struct p24_reader {
    bool inside;
    bool escaped; /* the byte before was an escape: this one is none of the marks, whatever it is */
    size_t length;
    uint8_t frame[P24_FRAME_MAX]; /* between start and stop byte */
};

enum p24_read { P24_READ_MORE, P24_READ_PACKET, P24_READ_BROKEN };
/* BROKEN: a frame ended whose length or checksum is wrong. */
enum p24_read p24_read_byte(struct p24_reader *reader, uint8_t byte, struct p24_packet *out);

/* Returns the length of the frame; frame has room for P24_FRAME_MAX. */
size_t p24_write(const struct p24_packet *packet, uint8_t *frame);

#endif
