/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the checked parameters of session.check and session.prepare to the typed request of the session room.
 */
#ifndef API_REQUEST_H
#define API_REQUEST_H

#include "modality/token.h"
#include "session/session.h"

/* What a checked request asks for and cannot have. */
struct request_fault {
    enum modality_token token;
    char field[96], message[200];
};

/*
 * Fills out; its strings live as long as params. 0, or -EINVAL: more than one output or phase, or a choice that the
 * protocol does not have. tables may lack the protocol: the session room says so. wall_ms is the time of the request,
 * from which its answers have their age.
 */
int request_read(const json_t *params, const struct dose_tables *tables, int64_t wall_ms, struct session_request *out,
                 struct request_fault *fault);

#endif
