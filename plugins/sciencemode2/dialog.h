/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conversation with one device: its Init is answered, a command gets its own answer or an error, and what the
 * device says of its own accord is kept until somebody looks. The host counts its commands, the device its own packets;
 * only the host's count is ever compared. Every wait ends at its deadline, nothing is sent twice by itself, nothing
 * allocates.
 *
 * Connected or not: until its Init is accepted the device ignores all commands and all its outputs are off; an Init
 * that comes later says that it dropped the connection (watchdog) or started anew, and that all its modes are reset.
 */
#ifndef SCIENCEMODE2_DIALOG_H
#define SCIENCEMODE2_DIALOG_H

#include "common/stuffed_frame.h"
#include "common/transport.h"
#include "modality/clock.h"
#include "packet.h"

/*
 * The device trips when it has heard no valid packet for so long (protocol 1.24, 2.3). It then stops and sends Init
 * again.
 */
#define SM2_WATCHDOG_MS 1200
/* MaxResponseTime is 100 ms (protocol 1.24, 2.3); USB and a loaded machine add to it. */
#define SM2_ANSWER_MS 120

enum dialog_state {
    DIALOG_LISTENING, /* nothing is known: connected by a predecessor, or silent */
    DIALOG_OFFERED,   /* its Init waits for an answer */
    DIALOG_ACCEPTED,  /* it was accepted; whether that arrived shows with the first answer */
    DIALOG_CONNECTED, /* it has answered */
};

/* What the device said of its own accord since dialog_take_news(). */
struct dialog_news {
    bool reset;     /* Init: it is not connected, nothing is in force any more */
    bool restarted; /* Init, and it cannot have been its watchdog */
    bool tripped;   /* Init, and the host was silent for about as long as its watchdog takes */
    int error;      /* of the first StimulationError, 0 = none */
};

struct dialog {
    struct transport transport;
    struct stuffed_receiver receiver;
    enum dialog_state state;
    uint8_t number;      /* of the host's next command */
    uint8_t init_number; /* OFFERED: the device's own, which the answer repeats */
    unsigned init_version;
    bool doubt;      /* an outcome is unknown: only a stop is sent until dialog_settle(), or an Init is accepted */
    int64_t sent_ns; /* end of the last command that went out whole */
    struct dialog_news news;
    uint64_t unmatched; /* answers that nobody waited for */
};

void dialog_begin(struct dialog *d, const struct transport *transport);

/*
 * Takes what has come, without waiting: 0, -EIO, -ENODEV. Answers that are here now belong to nobody and are dropped.
 */
int dialog_listen(struct dialog *d);

/* Waits for an Init until the deadline: 0 OFFERED, -EAGAIN none came, -EIO, -ENODEV. */
int dialog_await_init(struct dialog *d, int64_t deadline_ns);

/*
 * Answers an Init that waits, and does nothing where none does: 0; -ENODEV also when the device speaks another version,
 * which is refused; -EAGAIN, -ETIMEDOUT, -EIO of the transport.
 */
int dialog_accept(struct dialog *d, int64_t deadline_ns);

/*
 * Sends a command and waits for its answer, at most SM2_ANSWER_MS. 0: answered, *out has it, its result may be an
 * error; -EACCES the device does not know the command; -ECONNRESET an Init came in its place: it did not act;
 * -ETIMEDOUT no answer; -EPROTO something came that is no answer to it; -EIO the transport failed or is in doubt;
 * -ENODEV; -EAGAIN no time was left and nothing was sent; -EINVAL a value is out of range and nothing was sent.
 */
int dialog_ask(struct dialog *d, struct sm2_request *request, int64_t deadline_ns, struct sm2_answer *out);

/* After doubt: what is late is taken as by dialog_listen(), and commands go out again. 0, -EIO, -ENODEV. */
int dialog_settle(struct dialog *d);

/* Hands over what the device said, and forgets it. */
struct dialog_news dialog_take_news(struct dialog *d);

#endif
