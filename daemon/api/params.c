/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds a JSON value against its table. Integers are integers: 1.0 and "1" are not. Strings are judged by their bytes.
 * The first fault found is told with the path of the member and what was expected there.
 */
#include "api/params.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "modality/quantity.h"

static int fault_say(struct param_fault *fault, const char *field, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static int fault_say(struct param_fault *fault, const char *field, const char *format, ...)
{
    snprintf(fault->field, sizeof(fault->field), "%s", field);
    va_list args;
    va_start(args, format);
    vsnprintf(fault->expected, sizeof(fault->expected), format, args);
    va_end(args);
    return -EINVAL;
}

static int string_check(const struct param *row, const json_t *value, const char *name, struct param_fault *fault)
{
    if (!json_is_string(value))
        return fault_say(fault, name, "a string");
    if (row->choices != NULL && !row->choices_open) {
        char list[160] = "";
        for (size_t i = 0; row->choices[i] != NULL; i++) {
            if (strcmp(row->choices[i], json_string_value(value)) == 0)
                return 0;
            size_t used = strlen(list);
            snprintf(list + used, sizeof(list) - used, "%s%s", i == 0 ? "" : ", ", row->choices[i]);
        }
        return fault_say(fault, name, "one of %s", list);
    }
    int64_t length = (int64_t)json_string_length(value);
    if (row->bounded && (length < row->min || length > row->max))
        return fault_say(fault, name, "a string of %" PRId64 " to %" PRId64 " bytes", row->min, row->max);
    char what[PLAIN_FAULT_MAX];
    if (row->bounded && plain_check(row->plain, json_string_value(value), (size_t)length, what) < 0)
        return fault_say(fault, name, "%s", what);
    return 0;
}

static int integer_check(const struct param *row, const json_t *value, const char *name, struct param_fault *fault)
{
    if (!row->bounded)
        return json_is_integer(value) ? 0 : fault_say(fault, name, "an integer");
    if (!json_is_integer(value) || json_integer_value(value) < row->min || json_integer_value(value) > row->max)
        return fault_say(fault, name, "an integer from %" PRId64 " to %" PRId64, row->min, row->max);
    return 0;
}

static int count_check(const struct param *row, size_t n, const char *name, struct param_fault *fault)
{
    if (row->bounded && ((int64_t)n < row->min || (int64_t)n > row->max))
        return fault_say(fault, name, "%" PRId64 " to %" PRId64 " %s", row->min, row->max,
                         row->kind == PARAM_MAP ? "members" : "items");
    return 0;
}

static int array_check(const struct param *row, const json_t *value, const char *name, struct param_fault *fault)
{
    if (!json_is_array(value))
        return fault_say(fault, name, "an array");
    int r = count_check(row, json_array_size(value), name, fault);
    for (size_t i = 0; r == 0 && row->item != NULL && i < json_array_size(value); i++) {
        char path[160];
        snprintf(path, sizeof(path), "%s[%zu]", name, i);
        r = param_check(row->item, json_array_get(value, i), path, fault);
    }
    return r;
}

static int map_check(const struct param *row, const json_t *value, const char *name, struct param_fault *fault)
{
    if (!json_is_object(value))
        return fault_say(fault, name, "an object keyed by quantity");
    int r = count_check(row, json_object_size(value), name, fault);
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        char path[160];
        enum modality_quantity q;
        snprintf(path, sizeof(path), "%s.%s", name, key);
        if (r == 0 && modality_quantity_find(key, &q) < 0)
            r = fault_say(fault, path, "a quantity id (quantity.list has them)");
        if (r == 0)
            r = param_check(row->item, member, path, fault);
    }
    return r;
}

static const struct param *field_find(const struct param *fields, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(fields[i].name, name) == 0)
            return &fields[i];
    }
    return NULL;
}

static int fields_check(const struct param *fields, size_t n, bool open, const json_t *value, const char *name,
                        struct param_fault *fault)
{
    if (!json_is_object(value))
        return fault_say(fault, name, "an object");
    char path[160];
    const char *key;
    json_t *member;
    json_object_foreach((json_t *)value, key, member)
    {
        const struct param *row = field_find(fields, n, key);
        snprintf(path, sizeof(path), "%s.%s", name, key);
        if (row == NULL && !open)
            return fault_say(fault, path, "no such member");
        if (row != NULL && param_check(row, member, path, fault) < 0)
            return -EINVAL;
    }
    for (size_t i = 0; i < n; i++) {
        if (fields[i].required && json_object_get(value, fields[i].name) == NULL) {
            snprintf(path, sizeof(path), "%s.%s", name, fields[i].name);
            return fault_say(fault, path, "a value: it is missing (%s)", fields[i].meaning);
        }
    }
    return 0;
}

int param_check(const struct param *row, const json_t *value, const char *name, struct param_fault *fault)
{
    switch (row->kind) {
    case PARAM_STRING:
        return string_check(row, value, name, fault);
    case PARAM_INTEGER:
        return integer_check(row, value, name, fault);
    case PARAM_BOOLEAN:
        return json_is_boolean(value) ? 0 : fault_say(fault, name, "true or false");
    case PARAM_OBJECT:
        return fields_check(row->fields, row->n_fields, row->open, value, name, fault);
    case PARAM_ARRAY:
        return array_check(row, value, name, fault);
    case PARAM_MAP:
        return map_check(row, value, name, fault);
    case PARAM_ANY:
        return 0;
    }
    return fault_say(fault, name, "a member of a known kind");
}

int params_check(const struct param *fields, size_t n, const json_t *object, struct param_fault *fault)
{
    return fields_check(fields, n, false, object, "params", fault);
}

const char *param_text(const json_t *object, const char *name)
{
    return json_string_value(json_object_get(object, name));
}

int64_t param_integer(const json_t *object, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(object, name);
    return json_is_integer(value) ? json_integer_value(value) : fallback;
}

bool param_flag(const json_t *object, const char *name)
{
    return json_is_true(json_object_get(object, name));
}
