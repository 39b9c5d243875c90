/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The RehaStim 2 as a client sees it: a stream of bytes each way, whatever carries it. Its Init twice a second until it
 * is accepted, the client's numbers echoed, its own counted, errors said when they happen. It takes whole packets, asks
 * the model, and carries out what the device's wire faults plan for the answer.
 *
 * For wire faults a packet is a request to address = its command: function 6 (a write) for those that change the
 * stimulation, function 3 (a read) for the others; value is the first byte of its data, 0 where it has none. Of
 * "corrupt", how = unit, function and address are a wrong command, transaction a wrong packet number, value a wrong
 * last byte under a right checksum; "exception" is a result, 256 less its size.
 */
#ifndef SIM_REHASTIM2_FRONT_H
#define SIM_REHASTIM2_FRONT_H

#include "device.h"
#include "front/rehastim2_frame.h"

/* A device of this kind has a model and wire faults, and no registers. */
extern const struct page_kind page_rehastim2;

/* Numbers of the commands. */
enum rehastim2_command {
    REHASTIM2_INIT = 1,
    REHASTIM2_INIT_ACK = 2,
    REHASTIM2_UNKNOWN = 3,
    REHASTIM2_WATCHDOG = 4,
    REHASTIM2_GET_MODE = 10,
    REHASTIM2_INIT_LIST = 30,
    REHASTIM2_START_LIST = 32,
    REHASTIM2_STOP_LIST = 34,
    REHASTIM2_SINGLE_PULSE = 36,
    REHASTIM2_ERROR = 38,
};

struct rehastim2_front;

struct rehastim2_link {
    void (*send)(void *ctx, const uint8_t *bytes, size_t length);
    /* The link is cut instead of an answer; it may call rehastim2_front_close() at once. */
    void (*cut)(void *ctx);
    /* Every packet before anything becomes of it; may be NULL. */
    void (*heard)(void *ctx, const struct rehastim2_packet *packet);
    void *ctx;
};

/* device is not owned and outlives it. NULL without memory. */
struct rehastim2_front *rehastim2_front_new(struct device *device, struct rehastim2_link link);
void rehastim2_front_free(struct rehastim2_front *front);

/* A client is there, or gone. The device has power of its own and goes on without one. */
void rehastim2_front_open(struct rehastim2_front *front);
void rehastim2_front_close(struct rehastim2_front *front);
void rehastim2_front_receive(struct rehastim2_front *front, const uint8_t *bytes, size_t length);

/* After something was done to the model: what the device says by itself goes out. */
void rehastim2_front_tell(struct rehastim2_front *front);

/* The version that its Init names, 1 as delivered. */
void rehastim2_front_version(struct rehastim2_front *front, uint8_t version);

#endif
