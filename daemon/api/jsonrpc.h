/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON-RPC 2.0, strictly: what a line and a request must look like, and what answers look like. Knows no methods.
 */
#ifndef API_JSONRPC_H
#define API_JSONRPC_H

#include <jansson.h>
#include <stdbool.h>

#include "api/text.h"

/* The protocol's own codes; ours is RPC_REFUSED, whose data.token decides. */
enum rpc_code {
    RPC_PARSE_ERROR = -32700,
    RPC_INVALID_REQUEST = -32600,
    RPC_METHOD_NOT_FOUND = -32601,
    RPC_INVALID_PARAMS = -32602,
    RPC_INTERNAL_ERROR = -32603,
    RPC_REFUSED = -32000,
};

/* One request; pointers live as long as the JSON they were read from. */
struct rpc_request {
    const json_t *id; /* NULL = a notification, unanswered */
    const char *method;
    json_t *params; /* NULL = none given */
};

/* Parses one line: a new reference, or NULL with the code and one sentence. */
json_t *rpc_parse(const char *line, size_t length, enum rpc_code *code, char *why, size_t size);

/*
 * Reads one request. 0, or -EINVAL with one sentence in *why. out->id is set in either case where it can be known; a
 * broken request without a usable id is answered with id null.
 */
int rpc_request_read(const json_t *item, struct rpc_request *out, const char **why);

/*
 * Adds one answer to text: member is "result" or "error"; id NULL = null. 0, -E2BIG beyond max, -ENOMEM; text is as
 * before on failure.
 */
int rpc_answer(struct text *text, const json_t *id, const char *member, const json_t *value, size_t max);
/* The error member: a new reference; data is stolen and may be NULL. */
json_t *rpc_error(enum rpc_code code, const char *message, json_t *data);

#endif
