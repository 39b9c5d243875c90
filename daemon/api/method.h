/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of methods: name, right, parameters, answer, errors and handler in one row. Dispatch, rpc.discover and help
 * read the same rows.
 */
#ifndef API_METHOD_H
#define API_METHOD_H

#include "api/params.h"
#include "config/config.h"
#include "modality/token.h"

struct call;

#define METHOD_TOKENS_MAX 24

struct method {
    const char *name;
    const char *summary;
    enum config_right right; /* RIGHT_NONE: anyone who can connect */
    bool acting;             /* needs request_id and operator; idempotent */
    bool stop;               /* served on a stop-only connection, never refused for load */
    const struct param *params;
    size_t n_params;
    struct param result;
    enum modality_token tokens[METHOD_TOKENS_MAX]; /* errors beyond those of every method; TOKEN_NONE ends */
    void (*handle)(struct call *call);
};

#define METHOD_PARAMS(table) .params = (table), .n_params = PARAM_COUNT(table)

/* One group per file. */
struct method_group {
    const struct method *methods;
    size_t n;
};
extern const struct method_group methods_daemon, methods_device, methods_dose, methods_session, methods_record;

/* All groups, in the order in which they are documented. */
#define METHOD_GROUPS 5
extern const struct method_group *const method_groups[METHOD_GROUPS];

const struct method *method_find(const char *name); /* NULL = none */

#endif
