/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Console and transmitter as their clients see them: a stream of bytes each, whatever carries it. One burst is one
 * packet. While the console switches its voltage on it hears nothing but keeps one burst for later. Losing a client
 * changes nothing: nobody watches the host.
 *
 * For wire faults a command is a request to address = its number: function 6 (a write) for those that change something,
 * function 3 (a read) for the others; value is the side, 0 console, 1 transmitter. Of "corrupt", how = transaction is a
 * wrong id, unit, function and address a wrong command, value a wrong last byte under a right CRC. An exception is an
 * error in the dialect of the side.
 */
#ifndef SIM_OPENLIFU_FRONT_H
#define SIM_OPENLIFU_FRONT_H

#include "device.h"
#include "front/openlifu_command.h"

/* A device of this kind has a model and wire faults, and no registers. */
extern const struct page_kind page_openlifu;

struct olifu_front;

struct olifu_link {
    void (*send)(void *ctx, const uint8_t *bytes, size_t length);
    /* The link is cut instead of an answer; it may call olifu_front_close() at once. */
    void (*cut)(void *ctx);
    void *ctx;
};

/* One side of a device, which is not owned and outlives it. NULL without memory. */
struct olifu_front *olifu_front_new(struct device *device, enum olifu_side side, struct olifu_link link);
void olifu_front_free(struct olifu_front *front);

/* A client is there, or gone: answers that wait are lost. */
void olifu_front_open(struct olifu_front *front);
void olifu_front_close(struct olifu_front *front);
/* One burst. */
void olifu_front_receive(struct olifu_front *front, const uint8_t *bytes, size_t length);

#endif
