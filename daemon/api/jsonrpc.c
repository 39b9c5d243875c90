/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request is an object with jsonrpc "2.0", a method, and perhaps params and id; nothing else. A key that stands twice
 * is an error, because two readers could disagree on which one counts.
 */
#include "api/jsonrpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

json_t *rpc_parse(const char *line, size_t length, enum rpc_code *code, char *why, size_t size)
{
    json_error_t error;
    json_t *value = json_loadb(line, length, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
    if (value != NULL)
        return value;
    bool twice = json_error_code(&error) == json_error_duplicate_key;
    *code = twice ? RPC_INVALID_REQUEST : RPC_PARSE_ERROR;
    /* The parser names a flag of its own here, which no client can set. */
    if (json_error_code(&error) == json_error_null_character)
        snprintf(error.text, sizeof(error.text), "a text holds no \\u0000");
    snprintf(why, size, "%s at byte %d: %s", twice ? "invalid request" : "parse error", error.position, error.text);
    return NULL;
}

int rpc_request_read(const json_t *item, struct rpc_request *out, const char **why)
{
    *out = (struct rpc_request){0};
    if (!json_is_object(item)) {
        *why = "a request is an object";
        return -EINVAL;
    }
    const json_t *id = json_object_get(item, "id");
    if (id != NULL && !json_is_string(id) && !json_is_number(id) && !json_is_null(id)) {
        *why = "id is a string, a number or null";
        return -EINVAL;
    }
    out->id = id;
    const char *version = json_string_value(json_object_get(item, "jsonrpc"));
    if (version == NULL || strcmp(version, "2.0") != 0) {
        *why = "jsonrpc is \"2.0\"";
        return -EINVAL;
    }
    out->method = json_string_value(json_object_get(item, "method"));
    if (out->method == NULL) {
        *why = "method is a string";
        return -EINVAL;
    }
    out->params = json_object_get(item, "params");
    if (out->params != NULL && !json_is_object(out->params) && !json_is_array(out->params)) {
        *why = "params is an object";
        return -EINVAL;
    }
    size_t known = 2 + (id != NULL ? 1u : 0u) + (out->params != NULL ? 1u : 0u);
    if (json_object_size(item) != known) {
        *why = "a request has jsonrpc, method, params and id, and no other member";
        return -EINVAL;
    }
    return 0;
}

static int add_word(struct text *t, const char *word, size_t max)
{
    return text_add(t, word, strlen(word), max);
}

int rpc_answer(struct text *t, const json_t *id, const char *member, const json_t *value, size_t max)
{
    const size_t before = t->length;
    int r = add_word(t, "{\"jsonrpc\":\"2.0\",\"id\":", max);
    if (r == 0)
        r = id != NULL ? text_add_json(t, id, max) : add_word(t, "null", max);
    if (r == 0)
        r = add_word(t, ",\"", max);
    if (r == 0)
        r = add_word(t, member, max);
    if (r == 0)
        r = add_word(t, "\":", max);
    if (r == 0)
        r = text_add_json(t, value, max);
    if (r == 0)
        r = add_word(t, "}", max);
    if (r < 0)
        t->length = before;
    return r;
}

json_t *rpc_error(enum rpc_code code, const char *message, json_t *data)
{
    json_t *error = json_object();
    json_object_set_new(error, "code", json_integer(code));
    json_t *text = json_string(message);
    json_object_set_new(error, "message", text != NULL ? text : json_string("error"));
    if (data != NULL)
        json_object_set_new(error, "data", data);
    return error;
}
