/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The near end of a link that can be made to fail by itself: a transport over a descriptor, whose writes are counted,
 * and some of which, with the reads after them, go wrong as they are told to.
 */
#ifndef TEST_PLUGIN_COMMON_SLIP_H
#define TEST_PLUGIN_COMMON_SLIP_H

#include <stdbool.h>
#include <stdint.h>

#include "common/transport.h"

enum slip {
    SLIP_NONE,
    SLIP_WRITE_AGAIN,   /* no room, nothing went out */
    SLIP_WRITE_TIMEOUT, /* half of it went out */
    SLIP_WRITE_IO,
    SLIP_WRITE_GONE,
    SLIP_READ_IO, /* the request goes out, its answer is not read */
    SLIP_READ_GONE,
    SLIP_SHORT_READS, /* every answer comes byte by byte: no failure */
};

struct slip_line {
    int fd; /* -1 = not open */
    enum slip slip;
    unsigned from, to; /* writes since slip_begin() that it hits */
    bool slipped;      /* it has hit the last write, and hits the reads after it */
    unsigned written;  /* frames handed to the transport since slip_begin() */
};

/* The line fails so at write number from (the next one is 0) and at the count - 1 after it. */
void slip_begin(struct slip_line *line, enum slip slip, unsigned from, unsigned count);

/* The line as it is open; closing the transport closes it. */
struct transport slip_transport(struct slip_line *line);

/* As a USB port does it: what still comes is dropped until it has been silent for a while. -EAGAIN: it goes on. */
int slip_recover(struct slip_line *line, int64_t deadline_ns);

#endif
