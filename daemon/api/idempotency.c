/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two requests are the same when method and parameters are: compared by a hash over their canonical text.
 */
#include "api/idempotency.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "api/state.h"

#define DIGEST_HEX (2 * crypto_hash_sha256_BYTES + 1)

struct inflight {
    struct inflight *next;
    uid_t uid;
    char request_id[PARAM_STRING_MAX + 1];
    char digest[DIGEST_HEX];
    struct call *waiters;
};

static int digest_make(const struct call *call, char digest[DIGEST_HEX])
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
    sodium_bin2hex(digest, DIGEST_HEX, hash, sizeof(hash));
    free(text);
    return 0;
}

static void refuse_reused(struct call *call)
{
    const char *id = param_text(call->params, "request_id");
    call_refuse(call, TOKEN_REQUEST_REUSED, json_pack("{s:s}", "request_id", id),
                "request_id %s was used in the last 24 h with another method or with other parameters", id);
}

static struct inflight *find(const struct api *api, uid_t uid, const char *request_id)
{
    struct inflight *f = api->inflight;
    while (f != NULL && (f->uid != uid || strcmp(f->request_id, request_id) != 0))
        f = f->next;
    return f;
}

static int track(struct call *call, const char *request_id, const char *digest)
{
    struct inflight *f = calloc(1, sizeof(*f));
    if (f == NULL)
        return -1;
    f->uid = call->actor.uid;
    memcpy(f->request_id, request_id, strlen(request_id) + 1);
    memcpy(f->digest, digest, DIGEST_HEX);
    f->next = call->api->inflight;
    call->api->inflight = f;
    call->inflight = f;
    return 0;
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

bool inflight_begin(struct call *call)
{
    const char *request_id = param_text(call->params, "request_id");
    char digest[DIGEST_HEX];
    if (digest_make(call, digest) < 0) {
        call_error(call, RPC_INTERNAL_ERROR, "internal error: the request cannot be compared", NULL);
        return false;
    }
    struct inflight *f = find(call->api, call->actor.uid, request_id);
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
    if (track(call, request_id, digest) < 0) {
        call_error(call, RPC_INTERNAL_ERROR, "internal error: out of memory", NULL);
        return false;
    }
    return true;
}

struct call *inflight_end(struct call *call, json_t *result)
{
    struct inflight *f = call->inflight;
    if (f == NULL)
        return NULL;
    struct inflight **link = &call->api->inflight;
    while (*link != f)
        link = &(*link)->next;
    *link = f->next;
    /* Its place was taken before; a full queue loses only the memory across a restart, and health says so. */
    if (result != NULL)
        (void)record_request_store(call->api->settings.record, f->uid, f->request_id, f->digest, result);
    struct call *waiters = f->waiters;
    free(f);
    call->inflight = NULL;
    return waiters;
}

void inflights_clear(struct api *api)
{
    while (api->inflight != NULL) {
        struct inflight *f = api->inflight;
        api->inflight = f->next;
        free(f);
    }
}
