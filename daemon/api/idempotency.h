/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An acting request that is sent again is answered again and not carried out again. Results are kept by the records for
 * 24 h; requests under way are kept here, and their repetitions wait for the first one's answer. Only results are
 * remembered: a refused request has done nothing and may be tried again under its id, with the same parameters.
 */
#ifndef API_IDEMPOTENCY_H
#define API_IDEMPOTENCY_H

#include "api/call.h"

/* True: carry it out. False: the call was answered or waits for the first of its request_id. */
bool request_begin(struct call *call);

#endif
