/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From lines to requests. A batch is walked an item a turn, so that it takes no more of the loop than single requests.
 */
#include "api/work.h"

#include <stdio.h>
#include <string.h>

#include "api/dispatch.h"
#include "api/stopped.h"

static void batch_begin(struct connection *c, json_t *items, int64_t read_ns)
{
    size_t n = json_array_size(items);
    c->batch = n > 0 && n <= API_BATCH_MAX ? batch_new(items, read_ns) : NULL;
    if (c->batch != NULL)
        return;
    char why[96];
    snprintf(why, sizeof(why), "invalid request: a batch has 1 to %d requests, not %zu", API_BATCH_MAX, n);
    answer_error(c, NULL, NULL, rpc_error(RPC_INVALID_REQUEST, why, NULL));
}

static void batch_step(struct connection *c)
{
    struct batch *b = c->batch;
    json_t *item = json_array_get(b->items, b->next++);
    if (b->next == json_array_size(b->items))
        c->batch = NULL; /* the next line does not wait for answers that take their time */
    b->open++;           /* the batch outlives this step */
    call_dispatch(c, b, item, b->read_ns);
    b->open--;
    batch_answered(c, b);
}

static void too_long_answer(struct connection *c)
{
    c->too_long = false;
    char why[96];
    snprintf(why, sizeof(why), "invalid request: a line has at most %zu bytes", API_LINE_MAX);
    answer_error(c, NULL, NULL, rpc_error(RPC_INVALID_REQUEST, why, NULL));
    connection_finish(c);
}

static void line_answer(struct connection *c)
{
    const struct connection_line line = connection_line(c);
    enum rpc_code code = RPC_PARSE_ERROR;
    char why[320];
    json_t *value = rpc_parse(line.bytes, line.length, &code, why, sizeof(why) - 64);
    if (value == NULL) {
        size_t n = strlen(why);
        snprintf(why + n, sizeof(why) - n, "%s", stopped_by_line(line.bytes, line.length));
    }
    connection_line_done(c, &line);
    if (value == NULL)
        answer_error(c, NULL, NULL, rpc_error(code, why, NULL));
    else if (json_is_array(value))
        batch_begin(c, value, line.read_ns);
    else
        call_dispatch(c, NULL, value, line.read_ns);
    json_decref(value);
}

bool work_step(struct connection *c)
{
    if (c->batch != NULL)
        batch_step(c);
    else if (c->in_lines > 0)
        line_answer(c);
    else if (c->too_long)
        too_long_answer(c);
    if (c->paused)
        connection_resume(c);
    bool more = c->batch != NULL || c->in_lines > 0 || c->too_long;
    if (c->service != SERVICE_FULL && !more && c->calls == 0)
        connection_finish(c);
    connection_touch(c);
    return more;
}
