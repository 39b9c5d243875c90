/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request from dispatch to answer. A handler ends its call exactly once, now or later; the answer finds its way to
 * the connection, the batch, and everybody who repeated the same request meanwhile. A connection outlives its calls.
 */
#ifndef API_CALL_H
#define API_CALL_H

#include "api/connection.h"
#include "api/jsonrpc.h"
#include "api/method.h"
#include "session/session.h"

struct inflight;

struct call {
    struct api *api;
    struct connection *connection;
    struct batch *batch; /* NULL = a request of its own */
    json_t *id;          /* NULL = a notification */
    const struct method *method;
    json_t *params; /* checked against method; never NULL */
    int64_t read_ns;
    struct session_actor actor; /* strings live as long as the call */
    char made_id[25];           /* of what this call creates */
    struct inflight *inflight;  /* of an acting call that is the first of its request_id */
    struct call *previous, *next;
    struct call *waiting; /* next repetition that waits for the same answer */
};

/* --- ends a call; the call is gone afterwards --- */
void call_result(struct call *call, json_t *result); /* stolen; NULL is an internal error */
void call_error(struct call *call, enum rpc_code code, const char *message, json_t *data);
/* Ours: data gets the token. */
void call_refuse(struct call *call, enum modality_token token, json_t *data, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* Invalid params found by a handler. */
void call_invalid(struct call *call, const char *field, const char *expected);
/* An error of the record room: -ENOENT, -EEXIST, -EINVAL, or the disk. */
void call_record_error(struct call *call, int error);
/* For the session room: its answer ends the call. */
struct session_reply call_reply(struct call *call);

/* --- answers without a call --- */
/* Sends one answer, or adds it to its batch. result is borrowed; error is stolen. id NULL = null. */
void answer_result(struct connection *c, struct batch *batch, const json_t *id, const json_t *result);
void answer_error(struct connection *c, struct batch *batch, const json_t *id, json_t *error);
/* When all items were dispatched and answered: one line, or none when all were notifications; the batch is gone. */
void batch_answered(struct connection *c, struct batch *b);

/* The API stops: frees every call that is not answered. Nobody answers one afterwards. */
void calls_forget(struct api *api);

#endif
