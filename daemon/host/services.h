/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the host offers a plugin: log, clock, faults of the configuration, quantities, exact values. One table per
 * process; where a fault of the configuration goes depends on who runs it (the daemon's socket, or --check's output).
 */
#ifndef HOST_SERVICES_H
#define HOST_SERVICES_H

#include "host/outbox.h"

struct services {
    struct modality_services table; /* table.ctx is this struct */
    struct outbox *outbox;          /* NULL with --check: log lines go to standard error */
    const char *link;
    unsigned faults;            /* of the configuration, reported so far */
    bool attempting, rest_owed; /* the link is being opened */
    char said[LINK_TEXT_MAX];   /* what the plugin has logged in the last attempt, one sentence after the other */
    void (*fault)(struct services *s, const char *origin, const char *text);
};

void services_init(struct services *s, struct outbox *outbox, const char *link,
                   void (*fault)(struct services *s, const char *origin, const char *text));

/* Around an attempt to open the link, or to reopen it: what the plugin says in between is said of this attempt. */
void services_attempt(struct services *s, bool rest_owed);
void services_attempt_end(struct services *s);

#endif
