/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Acting requests under way, by uid and request_id, and who else waits for their answers.
 */
#ifndef API_INFLIGHT_H
#define API_INFLIGHT_H

#include <sodium.h>

#include "api/params.h"
#include "api/state.h"

#define INFLIGHT_DIGEST_HEX (2 * crypto_hash_sha256_BYTES + 1)

struct call;

struct inflight {
    struct inflight *next;
    uid_t uid;
    char request_id[PARAM_STRING_MAX + 1];
    char digest[INFLIGHT_DIGEST_HEX]; /* of method and parameters */
    struct call *waiters;             /* linked by waiting; not the first one */
};

struct inflight *inflight_find(const struct api *api, uid_t uid, const char *request_id);
/* Remembers one; NULL when there is no memory. */
struct inflight *inflight_begin(struct api *api, uid_t uid, const char *request_id, const char *digest);
/* The first one's answer: forgets it and returns those that wait for it. result is borrowed, NULL = an error. */
struct call *inflight_end(struct api *api, struct inflight *f, json_t *result);
/* The API stops: forgets what is under way; the calls themselves are the caller's. */
void inflights_clear(struct api *api);

#endif
