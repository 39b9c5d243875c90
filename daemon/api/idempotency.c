/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two requests are the same when method and parameters are: compared by a hash over their canonical text.
 */
#include "api/idempotency.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/inflight.h"

static int digest_make(const struct call *call, char digest[INFLIGHT_DIGEST_HEX])
{
    char *text = json_dumps(call->params, JSON_COMPACT | JSON_SORT_KEYS);
    if (text == NULL)
        return -1;
    unsigned char hash[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, (const unsigned char *)call->method->name, strlen(call->method->name) + 1);
    crypto_hash_sha256_update(&state, (const unsigned char *)text, strlen(text));
    crypto_hash_sha256_final(&state, hash);
    sodium_bin2hex(digest, INFLIGHT_DIGEST_HEX, hash, sizeof(hash));
    free(text);
    return 0;
}

static void refuse_reused(struct call *call)
{
    const char *id = param_text(call->params, "request_id");
    call_refuse(call, TOKEN_REQUEST_REUSED, json_pack("{s:s}", "request_id", id),
                "request_id %s was used in the last 24 h with another method or with other parameters", id);
}

/* A result of an earlier run that the records know; true = answered. */
static bool answered_before(struct call *call, const char *request_id, const char *digest)
{
    json_t *result = NULL;
    switch (record_request_seen(call->api->settings.record, call->actor.uid, request_id, digest, &result)) {
    case REQUEST_NEW:
        return false;
    case REQUEST_CONFLICT:
        refuse_reused(call);
        return true;
    case REQUEST_REPEATED:
        if (result == NULL)
            return false; /* it was never answered with a result, and nothing is under way */
        call_result(call, result);
        return true;
    }
    return false;
}

bool request_begin(struct call *call)
{
    const char *request_id = param_text(call->params, "request_id");
    char digest[INFLIGHT_DIGEST_HEX];
    if (digest_make(call, digest) < 0) {
        call_error(call, RPC_INTERNAL_ERROR, "internal error: the request cannot be compared", NULL);
        return false;
    }
    struct inflight *f = inflight_find(call->api, call->actor.uid, request_id);
    if (f != NULL && strcmp(f->digest, digest) != 0) {
        refuse_reused(call);
        return false;
    }
    if (f != NULL) {
        call->waiting = f->waiters;
        f->waiters = call;
        return false;
    }
    if (answered_before(call, request_id, digest))
        return false;
    int r = record_request_store(call->api->settings.record, call->actor.uid, request_id, digest, NULL);
    if (r < 0) { /* no place for its answer: then it must not be carried out */
        call_refuse(call, TOKEN_RECORDS_UNAVAILABLE, NULL, "too many requests of the last 24 h are remembered: %s",
                    strerror(-r));
        return false;
    }
    call->inflight = inflight_begin(call->api, call->actor.uid, request_id, digest);
    if (call->inflight == NULL) {
        call_error(call, RPC_INTERNAL_ERROR, "internal error: out of memory", NULL);
        return false;
    }
    return true;
}
