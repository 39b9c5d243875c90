/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request at a time and its answer, over a transport to one of the two devices. An answer is taken only when it
 * carries the id of the request; answers to earlier ones and what a device says of its own accord are discarded.
 * Nothing is sent twice and nothing waits past its deadline. A request may be left unanswered for a while: switching
 * the high voltage on takes the console longer than a call may.
 */
#ifndef OPENLIFU_PORT_H
#define OPENLIFU_PORT_H

#include "command.h"
#include "common/transport.h"

struct lifu_port {
    enum lifu_side side;
    struct transport transport; /* owned while open */
    bool open;
    bool doubt;   /* an outcome or the transport itself is not known: only what rests is sent until it is opened anew */
    bool waiting; /* for the answer to a request */
    bool wrong;   /* while waiting something came that is no packet */
    uint16_t id;  /* of the last request */
    enum lifu_command command;
    struct ow_receiver receiver;
    uint64_t discarded; /* packets that nobody waited for */
};

/*
 * Takes the transport over and discards what lies in it. The ids go on from any; an answer to somebody who was here
 * before may still come, so it is best a number of the clock.
 */
void lifu_port_begin(struct lifu_port *port, enum lifu_side side, const struct transport *transport, uint64_t any);
/* Closes the transport if there is one; nothing can be asked any more. */
void lifu_port_end(struct lifu_port *port);

/*
 * Sends a request and returns: 0; -EAGAIN no time was left or there is no room, nothing was sent; -EINVAL it cannot be
 * said, nothing was sent; -ETIMEDOUT part of it went out; -EIO; -ENODEV. After one of the last three the port is in
 * doubt. Whoever waited for an earlier answer does not any more.
 */
int lifu_port_send(struct lifu_port *port, const struct lifu_request *request, int64_t deadline_ns);

/*
 * Waits for the answer to what was sent: 0; -EAGAIN it has not come yet and may be waited for again; -EACCES the device
 * refused; -EPROTO what came is no answer; -EIO; -ENODEV. After one of the last three the port is in doubt. *out is
 * untouched on failure.
 */
int lifu_port_await(struct lifu_port *port, int64_t deadline_ns, struct lifu_answer *out);

/* Both, and gives up at the deadline. */
int lifu_port_exchange(struct lifu_port *port, const struct lifu_request *request, int64_t deadline_ns,
                       struct lifu_answer *out);

/* Waits no more: the port is in doubt. -ETIMEDOUT nothing has come; -EPROTO something has, and it was no answer. */
int lifu_port_give_up(struct lifu_port *port);

#endif
