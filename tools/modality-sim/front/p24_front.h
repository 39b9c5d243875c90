/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The P24 as a client sees it: a stream of bytes each way, whatever carries it. It takes whole packets, asks the model,
 * and carries out what the device's wire faults plan for the answer. Commands are dealt with one after the other; those
 * that switch the high voltage take their time.
 *
 * For wire faults a command is a request to address = its number: function 6 (a write) for those that change the
 * stimulation, function 3 (a read) for the others; value is the first byte of its data (of Ml_update the mask of
 * channels), 0 where it has none. Of "corrupt", how = unit and address are a wrong command, transaction a wrong packet
 * number, value a wrong last byte under a right checksum.
 */
#ifndef SIM_P24_FRONT_H
#define SIM_P24_FRONT_H

#include "device.h"

/* A device of this kind has a model and wire faults, and no registers. */
extern const struct page_kind page_p24;

struct p24_front;

struct p24_link {
    void (*send)(void *ctx, const uint8_t *bytes, size_t length);
    /* The link is cut instead of an answer; it may call p24_front_close() at once. */
    void (*cut)(void *ctx);
    void *ctx;
};

/* device is not owned and outlives it. NULL without memory. */
struct p24_front *p24_front_new(struct device *device, struct p24_link link);
void p24_front_free(struct p24_front *front);

/* A client is there, or gone: answers that wait are lost, what waited for its end begins its time. */
void p24_front_open(struct p24_front *front);
void p24_front_close(struct p24_front *front);
void p24_front_receive(struct p24_front *front, const uint8_t *bytes, size_t length);

/* The plug: the device lives on the bus's power. */
void p24_front_unplug(struct p24_front *front);
void p24_front_plug(struct p24_front *front);

/* After something was done to the model: what the device tells by itself goes out. */
void p24_front_tell(struct p24_front *front);

#endif
