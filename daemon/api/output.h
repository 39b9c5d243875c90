/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes waiting for one client. Sending never blocks; what the client does not take stays here, up to a cap that the
 * owner enforces. Always whole lines, but for the one whose beginning has been sent.
 */
#ifndef API_OUTPUT_H
#define API_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

struct output {
    char *bytes;
    size_t size, head, end; /* waiting: bytes[head..end) */
    bool mid_line;          /* the last byte sent was inside a line */
};

static inline size_t output_waiting(const struct output *o)
{
    return o->end - o->head;
}

/* Appends one line; its newline is added. 0 or -ENOMEM with nothing appended. */
int output_line(struct output *o, const char *text, size_t length);
/* Sends what the socket takes: 0 all gone, 1 more waits, negative errno: the peer is gone. */
int output_send(struct output *o, int fd);
/* Drops every waiting line, but for the rest of one that was begun. */
void output_drop(struct output *o);
void output_free(struct output *o);

#endif
