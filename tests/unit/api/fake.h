/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and records as the API sees them, without any of their rooms: every call is counted and kept, answers are
 * set by the test.
 */
#ifndef TEST_API_FAKE_H
#define TEST_API_FAKE_H

#include "session/session.h"

struct fake {
    /* stops and keep-alives, as they act */
    unsigned stops_now, stops_asked, keepalives;
    char stopped[64]; /* "*" = everything */
    char kept_alive[64], lease_key[64];
    int64_t read_ns;
    /* acting requests */
    unsigned prepares, starts, observes;
    struct session_actor actor; /* of the last one; texts are copies */
    char operator_id[64];
    struct session_request request; /* of the last prepare or check; valid only inside the call */
    bool defer;                     /* prepare answers when fake_answer is called */
    bool refuse;                    /* prepare refuses */
    struct session_reply waiting;
    size_t n_waiting;
    void (*look)(const struct session_request *request); /* called inside check and prepare */
    size_t list_size;                                    /* items of session.list */
    size_t text_size;                                    /* bytes of each */
    /* records */
    unsigned stored, queries, appended;
    char query[32];
    int store_error;
};
extern struct fake fake;

void fake_reset(void);
/* Answers the prepare that waits. */
void fake_answer(json_t *result);

#endif
