/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames between the bytes F0 and 0F, in which both and the stuffing byte 81 are replaced by 81 and the byte xor 55, as
 * HASOMED's ScienceMode protocols have them. Length and CRC in the header are always stuffed, whatever their value. A
 * body is what stands between header and stop byte, unstuffed: packet number, command, data. Pure, no allocation.
 */
#ifndef PLUGINS_STUFFED_FRAME_H
#define PLUGINS_STUFFED_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STUFFED_FRAME_MAX 1200 /* bytes on the wire, of the longest of all formats */

/* One way to fill the header. */
struct stuffed_format {
    bool wide;        /* length, then CRC-16/XMODEM, two bytes each; else CRC-8, then length, one byte each */
    bool counts_all;  /* the length is that of the whole frame on the wire; else of the stuffed body */
    size_t frame_max; /* bytes of a frame on the wire */
};

/* ScienceMode 3 and 4: 16-bit length of the whole frame, at most 1200 (RehaMove3 protocol 3.2.4, chapter 2). */
extern const struct stuffed_format stuffed_sciencemode4;
/*
 * ScienceMode 2: 8-bit length of the stuffed body. The document bounds the data (below 61 bytes) and not the frame; 69
 * is what the one known client that has a bound keeps to (pyScienceMode).
 */
extern const struct stuffed_format stuffed_sciencemode2;

#define STUFFED_BODY_MAX 544 /* the longest that a host sends: eight channels of sixteen points each */

/* A body as it is put together; who puts knows that it fits. */
struct stuffed_body {
    size_t n;
    uint8_t bytes[STUFFED_BODY_MAX];
};

static inline void stuffed_put(struct stuffed_body *body, unsigned byte)
{
    body->bytes[body->n++] = (uint8_t)(byte & 0xffu);
}

static inline void stuffed_put16(struct stuffed_body *body, unsigned value)
{
    stuffed_put(body, value >> 8);
    stuffed_put(body, value);
}

/*
 * Writes the frame around a body to out[0..size) and its length to *out_size. 0; -EINVAL a body without packet number
 * and command (two bytes); -EMSGSIZE the format cannot carry it; -ENOSPC out is too small. out may be half written on
 * failure, *out_size is untouched.
 */
int stuffed_frame_encode(const struct stuffed_format *format, const uint8_t *body, size_t n, uint8_t *out, size_t size,
                         size_t *out_size);

/* What is wrong with what came. STUFFED_FAULTS is their number. */
enum stuffed_fault {
    STUFFED_TRUNCATED, /* an F0 inside a frame: the end of the earlier one is missing */
    STUFFED_OVERSIZED, /* longer than the format allows */
    STUFFED_MALFORMED, /* too short, a header that is not stuffed, or an 81 with nothing behind it */
    STUFFED_LENGTH,    /* the header says another length than the frame has */
    STUFFED_CRC,
    STUFFED_FAULTS
};

enum stuffed_event { STUFFED_MORE, STUFFED_FRAME, STUFFED_FAULT };

/*
 * Takes bytes as they come, in any pieces. What follows an 81 is a stuffed byte whatever it is: clients exist that
 * stuff more than they must, and the always stuffed header turns a CRC or length byte of A5 or 5A into F0 or 0F. So
 * only an F0 that does not follow an 81 restarts at once; behind one it restarts when the frame turns out to be none.
 */
struct stuffed_receiver {
    const struct stuffed_format *format;
    bool inside;                     /* an F0 was seen; used bytes after it are in raw */
    bool behind_stuffing;            /* the last byte was an 81 that is no stuffed byte itself */
    bool lost;                       /* the frame was told as a fault already; the rest of it is not looked at */
    bool again;                      /* raw holds, up to its stop byte, what may be a frame behind one that was none */
    size_t used;                     /* of raw */
    size_t body_size;                /* after STUFFED_FRAME: bytes of body */
    const uint8_t *body;             /* after STUFFED_FRAME: in raw, until the next call */
    enum stuffed_fault fault;        /* after STUFFED_FAULT */
    uint64_t frames, ignored;        /* frames handed on; bytes outside frames */
    uint64_t faults[STUFFED_FAULTS]; /* told so far */
    uint8_t raw[STUFFED_FRAME_MAX];  /* between F0 and 0F, both excluded */
};

void stuffed_receiver_init(struct stuffed_receiver *r, const struct stuffed_format *format);

/*
 * Takes from *bytes, advancing it and *n, up to the first frame or fault. STUFFED_MORE: all were taken. Call it until
 * it says so.
 */
enum stuffed_event stuffed_receiver_take(struct stuffed_receiver *r, const uint8_t **bytes, size_t *n);

/* Forgets a frame that was begun, without counting it: the transport was flushed. Counters stay. */
void stuffed_receiver_restart(struct stuffed_receiver *r);

/* "a frame was cut short", ... for a log line. */
const char *stuffed_fault_text(enum stuffed_fault fault);

#endif
