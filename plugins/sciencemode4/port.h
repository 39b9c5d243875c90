/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and its answer over a transport. An answer is taken only when command and packet number are those of the
 * request; answers to earlier requests are discarded, and what the device says of its own accord is kept until somebody
 * asks for it. Nothing is sent twice and nothing waits past its deadline.
 */
#ifndef SCIENCEMODE4_PORT_H
#define SCIENCEMODE4_PORT_H

#include "common/stuffed_frame.h"
#include "common/transport.h"
#include "packet.h"

struct sm4_port {
    struct transport transport; /* owned while open */
    bool open;
    bool doubt; /* an outcome or the transport itself is not known: only what rests is sent until it is opened anew */
    bool torn;  /* a frame was sent in part, or may have been */
    struct stuffed_receiver receiver;
    unsigned number;        /* of the next request */
    unsigned general_error; /* the last one that the device has sent by itself, 0 = none */
    uint64_t discarded;     /* answers that nobody waited for any more */
};

/* Takes the transport over and discards what lies in it. The numbers begin at number, modulo 64. */
void sm4_port_begin(struct sm4_port *port, const struct transport *transport, unsigned number);
/* Goes on after the transport was recovered: out of doubt, what had begun to come is forgotten. */
void sm4_port_resume(struct sm4_port *port);
/* Closes the transport if there is one. */
void sm4_port_end(struct sm4_port *port);

/*
 * Sends request (its number is chosen here) and waits for the answer to it: 0, whatever result it reports; -EAGAIN the
 * deadline left no time, nothing was sent; -EINVAL the request cannot be encoded, nothing was sent; -ETIMEDOUT it was
 * sent, wholly or in part, and not answered; -EPROTO what answered is not the answer to it; -EIO; -ENODEV. After one of
 * the last four the port is in doubt. *out is untouched on failure.
 */
int sm4_port_exchange(struct sm4_port *port, const struct sm4_request *request, int64_t deadline_ns,
                      struct sm4_answer *out);

/* Only listens until the deadline, at most: 0, -EIO or -ENODEV. */
int sm4_port_listen(struct sm4_port *port, int64_t deadline_ns);

#endif
