/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a call: made by dispatch, ended by exactly one answer, which also answers its repetitions. Batches
 * collect answers in the order in which they come.
 */
#include "api/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/idempotency.h"
#include "api/state.h"

/* --- answers --- */

static void batch_free(struct batch *b)
{
    json_decref(b->items);
    free(b->text);
    free(b);
}

static int batch_add(struct batch *b, const char *text, size_t length)
{
    size_t more = b->length + length + 2;
    if (more > API_ANSWER_MAX)
        return -E2BIG;
    if (more > b->size) {
        size_t size = b->size == 0 ? 1024 : b->size;
        while (size < more)
            size *= 2;
        char *grown = realloc(b->text, size);
        if (grown == NULL)
            return -ENOMEM;
        b->text = grown;
        b->size = size;
    }
    b->text[b->length] = b->length == 0 ? '[' : ',';
    b->length++;
    memcpy(b->text + b->length, text, length);
    b->length += length;
    return 0;
}

/* All items dispatched and answered: one line, or none when all were notifications. */
static void batch_end(struct connection *c, struct batch *b)
{
    if (b->open > 0 || b->next < json_array_size(b->items))
        return;
    if (c != NULL && c->batch == b)
        c->batch = NULL;
    if (c != NULL && b->length > 0) {
        b->text[b->length++] = ']'; /* batch_add left room */
        connection_say(c, b->text, b->length);
    }
    batch_free(b);
}

void answer_send(struct connection *c, struct batch *batch, json_t *answer)
{
    char *text = json_dumps(answer, JSON_COMPACT);
    size_t length = text != NULL ? strlen(text) : 0;
    if (text != NULL && length > API_ANSWER_MAX) {
        free(text);
        json_t *shorter =
            rpc_failure(json_object_get(answer, "id"),
                        rpc_error(RPC_INTERNAL_ERROR, "the answer is over 4 MiB: ask for fewer items", NULL));
        text = json_dumps(shorter, JSON_COMPACT);
        length = text != NULL ? strlen(text) : 0;
        json_decref(shorter);
    }
    json_decref(answer);
    if (batch == NULL)
        connection_say(c, text, length);
    else if (text == NULL || batch_add(batch, text, length) < 0)
        connection_finish(c); /* an answer that cannot be given must not look like silence */
    free(text);
}

/* --- the end of a call --- */

static void unlink_call(struct call *call)
{
    if (call->previous != NULL)
        call->previous->next = call->next;
    else
        call->api->calls = call->next;
    if (call->next != NULL)
        call->next->previous = call->previous;
}

static void call_free(struct call *call)
{
    struct connection *c = call->connection;
    struct batch *b = call->batch;
    unlink_call(call);
    json_decref(call->id);
    json_decref(call->params);
    free(call);
    c->calls--;
    if (b != NULL) {
        b->open--;
        batch_end(c, b);
    }
    connection_answered(c);
}

/* Exactly one of result and error; both borrowed. */
static void answer_one(struct call *call, json_t *result, json_t *error)
{
    if (call->id != NULL) {
        json_t *answer =
            result != NULL ? rpc_result(call->id, json_incref(result)) : rpc_failure(call->id, json_incref(error));
        answer_send(call->connection, call->batch, answer);
    }
    call_free(call);
}

static void end(struct call *call, json_t *result, json_t *error)
{
    struct call *waiting = inflight_end(call, result);
    answer_one(call, result, error);
    while (waiting != NULL) {
        struct call *next = waiting->waiting;
        answer_one(waiting, result, error);
        waiting = next;
    }
    json_decref(result);
    json_decref(error);
}

void call_result(struct call *call, json_t *result)
{
    if (result == NULL) {
        call_error(call, RPC_INTERNAL_ERROR, "internal error: the answer cannot be made", NULL);
        return;
    }
    end(call, result, NULL);
}

void call_error(struct call *call, enum rpc_code code, const char *message, json_t *data)
{
    end(call, NULL, rpc_error(code, message, data));
}

static json_t *with_token(json_t *data, enum modality_token token)
{
    if (data == NULL)
        data = json_object();
    json_object_set_new(data, "token", json_string(modality_token_id(token)));
    return data;
}

void call_refuse(struct call *call, enum modality_token token, json_t *data, const char *format, ...)
{
    char message[REFUSAL_MESSAGE_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    call_error(call, RPC_REFUSED, message, with_token(data, token));
}

void call_invalid(struct call *call, const char *field, const char *expected)
{
    char message[400];
    snprintf(message, sizeof(message), "invalid params: %s: expected %s", field, expected);
    call_error(call, RPC_INVALID_PARAMS, message, json_pack("{s:s, s:s}", "field", field, "expected", expected));
}

void call_record_error(struct call *call, int error)
{
    if (error == -ENOENT)
        call_refuse(call, TOKEN_NOT_FOUND, NULL, "there is no such record");
    else if (error == -EEXIST)
        call_refuse(call, TOKEN_WRONG_STATE, NULL, "the record is finished: it takes addenda and incidents only");
    else if (error == -EINVAL)
        call_error(call, RPC_INVALID_PARAMS, "invalid params: the records do not understand this query", NULL);
    else
        call_refuse(call, TOKEN_RECORDS_UNAVAILABLE, NULL, "the records cannot answer: %s", strerror(-error));
}

static void on_session_done(void *userdata, json_t *result, const struct session_error *error)
{
    struct call *call = userdata;
    if (error != NULL)
        call_error(call, RPC_REFUSED, error->message, with_token(error->data, error->token));
    else
        call_result(call, result);
}

struct session_reply call_reply(struct call *call)
{
    return (struct session_reply){.done = on_session_done, .userdata = call};
}

/* --- batches --- */

void batch_begin(struct connection *c, json_t *items, int64_t read_ns)
{
    size_t n = json_array_size(items);
    struct batch *b = n > 0 && n <= API_BATCH_MAX ? calloc(1, sizeof(*b)) : NULL;
    if (b == NULL) {
        char why[96];
        snprintf(why, sizeof(why), "invalid request: a batch has 1 to %d requests, not %zu", API_BATCH_MAX, n);
        answer_send(c, NULL, rpc_failure(NULL, rpc_error(RPC_INVALID_REQUEST, why, NULL)));
        return;
    }
    b->items = json_incref(items);
    b->read_ns = read_ns;
    c->batch = b;
}

void batch_step(struct connection *c)
{
    struct batch *b = c->batch;
    json_t *item = json_array_get(b->items, b->next++);
    if (b->next == json_array_size(b->items))
        c->batch = NULL; /* the next line does not wait for answers that take their time */
    b->open++;           /* the batch outlives this step */
    call_dispatch(c, b, item, b->read_ns);
    b->open--;
    batch_end(c, b);
}

void batch_drop(struct connection *c)
{
    struct batch *b = c->batch;
    if (b == NULL)
        return;
    c->batch = NULL;
    b->next = json_array_size(b->items);
    batch_end(NULL, b);
}

/* --- the API stops --- */

void calls_forget(struct api *api)
{
    inflights_clear(api);
    while (api->calls != NULL)
        call_free(api->calls);
}
