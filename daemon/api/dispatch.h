/* SPDX-License-Identifier: Apache-2.0 */
/* One request of a client, from its parsed text to the handler of its method. */
#ifndef API_DISPATCH_H
#define API_DISPATCH_H

#include "api/call.h"

/* Ends in an answer, now or later (none for a notification). batch NULL = a request of its own; item is borrowed. */
void call_dispatch(struct connection *c, struct batch *batch, const json_t *item, int64_t read_ns);

#endif
