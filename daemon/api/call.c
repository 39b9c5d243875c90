/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a call: made by dispatch, ended by exactly one answer, which also answers its repetitions.
 */
#include "api/call.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/inflight.h"
#include "api/stopped.h"

/* --- answers --- */

/* What errors may still take when results have used up the rest: a batch is then answered, not dropped. */
#define ERROR_ROOM ((size_t)API_BATCH_MAX * 512)

/* All items dispatched and answered: one line, or none when all were notifications. */
void batch_answered(struct connection *c, struct batch *b)
{
    if (!batch_done(b))
        return;
    if (c->batch == b)
        c->batch = NULL;
    if (b->text.length > 0 && text_add(&b->text, "]", 1, API_ANSWER_MAX) == 0)
        connection_say(c, b->text.bytes, b->text.length);
    batch_free(b);
}

static int answer_add(struct connection *c, struct batch *batch, const json_t *id, const char *member,
                      const json_t *value, size_t max)
{
    struct text *t = batch != NULL ? &batch->text : &c->api->clients.answer;
    const size_t before = t->length;
    int r = batch != NULL ? text_add(t, before == 0 ? "[" : ",", 1, max) : 0;
    if (r == 0)
        r = rpc_answer(t, id, member, value, max);
    if (r < 0) {
        t->length = before;
        return r;
    }
    if (batch == NULL) {
        connection_say(c, t->bytes, t->length);
        text_clear(t);
    }
    return 0;
}

void answer_error(struct connection *c, struct batch *batch, const json_t *id, json_t *error)
{
    if (answer_add(c, batch, id, "error", error, API_ANSWER_MAX) < 0)
        connection_finish(c); /* an answer that cannot be given must not look like silence */
    json_decref(error);
}

void answer_result(struct connection *c, struct batch *batch, const json_t *id, const json_t *result)
{
    int r = answer_add(c, batch, id, "result", result, API_ANSWER_MAX - ERROR_ROOM);
    if (r < 0)
        answer_error(c, batch, id,
                     rpc_error(RPC_INTERNAL_ERROR,
                               r == -E2BIG ? "the answer is over 4 MiB: ask for fewer items" : "out of memory", NULL));
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
        batch_answered(c, b);
    }
    connection_answered(c);
}

/* Exactly one of result and error; both borrowed. */
static void answer_one(struct call *call, json_t *result, json_t *error)
{
    if (call->id != NULL && result != NULL)
        answer_result(call->connection, call->batch, call->id, result);
    else if (call->id != NULL)
        answer_error(call->connection, call->batch, call->id, json_incref(error));
    call_free(call);
}

static void end(struct call *call, json_t *result, json_t *error)
{
    struct call *waiting = NULL;
    if (call->inflight != NULL)
        waiting = inflight_end(call->api, call->inflight, result);
    call->inflight = NULL;
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
    char message[460];
    const char *stopped = "";
    if (call->method->stop) {
        json_t *item = json_pack("{s:s, s:O}", "method", call->method->name, "params", call->params);
        stopped = stopped_by_item(item);
        json_decref(item);
    }
    snprintf(message, sizeof(message), "invalid params: %s: expected %s%s", field, expected, stopped);
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

/* --- the API stops --- */

void calls_forget(struct api *api)
{
    inflights_clear(api);
    for (struct call *call = api->calls, *next; call != NULL; call = next) {
        next = call->next;
        call_free(call);
    }
}
