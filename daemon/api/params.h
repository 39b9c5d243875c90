/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shape of parameters and answers, as data. One table says what a member is called, what it may hold and what it
 * means; the checker here, the JSON Schema of rpc.discover and every help text come from it. After params_check a
 * handler can take members without asking again.
 */
#ifndef API_PARAMS_H
#define API_PARAMS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/plain.h"

enum param_kind {
    PARAM_STRING,
    PARAM_INTEGER,
    PARAM_BOOLEAN,
    PARAM_OBJECT, /* of fields; closed unless open */
    PARAM_ARRAY,  /* of item */
    PARAM_MAP,    /* object whose keys are quantity ids, of item */
    PARAM_ANY,
};

#define PARAM_STRING_MAX 256 /* bytes of an ordinary text in a request; every string of a request is bounded */

struct param {
    const char *name;
    enum param_kind kind;
    bool required;
    bool open;    /* an object of an answer: further members may come */
    bool bounded; /* min and max hold: value of an integer, bytes of a string, items of an array or map */
    int64_t min, max;
    enum plain_kind plain;      /* of a bounded string: what it may hold */
    const char *const *choices; /* a string's values, NULL-terminated */
    bool choices_open;          /* of an answer: more may be added later */
    const struct param *fields;
    size_t n_fields;
    const struct param *item;
    const char *meaning;
};

#define PARAM_COUNT(table) (sizeof(table) / sizeof((table)[0]))
#define PARAM_FIELDS(table) .fields = (table), .n_fields = PARAM_COUNT(table)
#define PARAM_TEXT_BOUNDS .bounded = true, .min = 1, .max = PARAM_STRING_MAX
#define PARAM_BOUNDS(low, high) .bounded = true, .min = (low), .max = (high)

/* What is wrong, where, and what was expected. */
struct param_fault {
    char field[160]; /* "params.outputs[0].device" */
    char expected[200];
};

/* Checks object against fields[0..n): 0, or -EINVAL with fault filled. Unknown members are faults. */
int params_check(const struct param *fields, size_t n, const json_t *object, struct param_fault *fault);
/* The same for one value against one row. name is where it stands. */
int param_check(const struct param *row, const json_t *value, const char *name, struct param_fault *fault);

/* Members of a checked object; NULL, fallback and false where they are absent. */
const char *param_text(const json_t *object, const char *name);
int64_t param_integer(const json_t *object, const char *name, int64_t fallback);
bool param_flag(const json_t *object, const char *name);

#endif
