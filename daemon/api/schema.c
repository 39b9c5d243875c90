/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON Schema (draft 7) of each row, OpenRPC 1.2 around it. Parameter objects are closed, answers open. What stands in
 * many places is described once and referred to.
 */
#include "api/schema.h"

#include <stdio.h>
#include <string.h>

#include "api/event_types.h"
#include "api/fields.h"
#include "api/jsonrpc.h"
#include "api/method.h"
#include "modality/quantity.h"

static void put_text(json_t *object, const char *name, const char *text)
{
    if (text != NULL && text[0] != 0)
        json_object_set_new(object, name, json_string(text));
}

static json_t *reference(const char *name)
{
    char ref[96];
    snprintf(ref, sizeof(ref), "#/components/schemas/%s", name);
    return json_pack("{s:s}", "$ref", ref);
}

static void put_bounds(json_t *schema, const struct param *row, const char *low, const char *high)
{
    if (!row->bounded)
        return;
    json_object_set_new(schema, low, json_integer(row->min));
    json_object_set_new(schema, high, json_integer(row->max));
}

static void string_schema(json_t *schema, const struct param *row)
{
    if (row->choices != NULL) {
        json_t *list = json_array();
        for (size_t i = 0; row->choices[i] != NULL; i++)
            json_array_append_new(list, json_string(row->choices[i]));
        json_object_set_new(schema, row->choices_open ? "examples" : "enum", list);
        return;
    }
    put_bounds(schema, row, "minLength", "maxLength");
    if (row->bounded) /* beside a $ref nothing counts in draft 7, in allOf it does */
        json_object_set_new(schema, "allOf", json_pack("[o]", reference(plain_name(row->plain))));
}

static void fields_schema(json_t *schema, const struct param *fields, size_t n, bool open)
{
    json_t *properties = json_object(), *required = json_array();
    for (size_t i = 0; i < n; i++) {
        json_object_set_new(properties, fields[i].name, schema_of(&fields[i]));
        if (fields[i].required)
            json_array_append_new(required, json_string(fields[i].name));
    }
    json_object_set_new(schema, "properties", properties);
    if (json_array_size(required) > 0)
        json_object_set(schema, "required", required);
    json_decref(required);
    json_object_set_new(schema, "additionalProperties", json_boolean(open));
}

static void map_schema(json_t *schema, const struct param *row)
{
    json_object_set_new(schema, "propertyNames", reference("quantity"));
    json_object_set_new(schema, "additionalProperties", schema_of(row->item));
    put_bounds(schema, row, "minProperties", "maxProperties");
}

static const char *type_of(enum param_kind kind)
{
    switch (kind) {
    case PARAM_STRING:
        return "string";
    case PARAM_INTEGER:
        return "integer";
    case PARAM_BOOLEAN:
        return "boolean";
    case PARAM_OBJECT:
    case PARAM_MAP:
        return "object";
    case PARAM_ARRAY:
        return "array";
    case PARAM_ANY:
        return NULL;
    }
    return NULL;
}

/* NULL where a row is described in its own place. */
static const struct param *shape_of(const struct param *row)
{
    for (size_t i = 0; i < FIELD_SHAPES && row->kind == PARAM_OBJECT; i++) {
        if (row->fields == field_shapes[i].fields && row->open == field_shapes[i].open)
            return &field_shapes[i];
    }
    return NULL;
}

/* The row itself in full; what is in it by reference where it can be. */
static json_t *schema_in_place(const struct param *row)
{
    json_t *schema = json_object();
    put_text(schema, "type", type_of(row->kind));
    put_text(schema, "description", row->meaning);
    if (row->kind == PARAM_STRING)
        string_schema(schema, row);
    else if (row->kind == PARAM_INTEGER)
        put_bounds(schema, row, "minimum", "maximum");
    else if (row->kind == PARAM_OBJECT)
        fields_schema(schema, row->fields, row->n_fields, row->open);
    else if (row->kind == PARAM_MAP)
        map_schema(schema, row);
    else if (row->kind == PARAM_ARRAY)
        put_bounds(schema, row, "minItems", "maxItems");
    if (row->kind == PARAM_ARRAY && row->item != NULL)
        json_object_set_new(schema, "items", schema_of(row->item));
    return schema;
}

json_t *schema_of(const struct param *row)
{
    const struct param *shape = shape_of(row);
    return shape != NULL ? reference(shape->name) : schema_in_place(row);
}

/* Of a row whose meaning stands beside it already. */
static json_t *schema_beside(const struct param *row)
{
    json_t *schema = schema_of(row);
    json_object_del(schema, "description");
    return schema;
}

/* --- OpenRPC --- */

static json_t *method_params(const struct method *m)
{
    json_t *list = json_array();
    for (size_t i = 0; i < m->n_params; i++) {
        const struct param *p = &m->params[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o}", "name", p->name, "description", p->meaning,
                                              "required", p->required, "schema", schema_beside(p)));
    }
    return list;
}

static void add_token(json_t *list, enum modality_token token)
{
    char ref[96];
    snprintf(ref, sizeof(ref), "#/components/errors/%s", modality_token_id(token));
    json_array_append_new(list, json_pack("{s:s}", "$ref", ref));
}

static json_t *method_errors(const struct method *m)
{
    json_t *list = json_array();
    json_array_append_new(list, json_pack("{s:s}", "$ref", "#/components/errors/invalid_params"));
    for (size_t i = 0; i < METHOD_TOKENS_MAX && m->tokens[i] != TOKEN_NONE; i++)
        add_token(list, m->tokens[i]);
    if (m->right != RIGHT_NONE)
        add_token(list, TOKEN_ROLE_REQUIRED);
    if (!m->stop) {
        add_token(list, TOKEN_CONNECTION_LIMIT);
        add_token(list, TOKEN_OVERLOADED);
    }
    if (m->acting) {
        add_token(list, TOKEN_NOT_ACTING_FOR);
        add_token(list, TOKEN_REQUEST_REUSED);
        add_token(list, TOKEN_RECORDS_UNAVAILABLE);
    }
    return list;
}

static json_t *method_document(const struct method *m)
{
    json_t *o = json_object();
    put_text(o, "name", m->name);
    put_text(o, "summary", m->summary);
    put_text(o, "paramStructure", "by-name");
    json_object_set_new(o, "params", method_params(m));
    json_object_set_new(o, "result",
                        json_pack("{s:s, s:s, s:o}", "name", m->result.name, "description", m->result.meaning, "schema",
                                  schema_beside(&m->result)));
    json_object_set_new(o, "errors", method_errors(m));
    put_text(o, "x-right", m->right == RIGHT_NONE ? "none" : config_right_id(m->right));
    json_object_set_new(o, "x-acting", json_boolean(m->acting));
    return o;
}

static json_t *quantity_schema(void)
{
    json_t *ids = json_array();
    for (int q = 0; q < QUANTITY_COUNT; q++)
        json_array_append_new(ids, json_string(modality_quantity_info((enum modality_quantity)q)->id));
    return json_pack("{s:s, s:o}", "type", "string", "enum", ids);
}

/* What every event has. */
static json_t *event_schema(void)
{
    static const struct param fields[] = {
        {.name = "seq", .kind = PARAM_INTEGER, .meaning = "grows by one; absent = outside the numbering"},
        {.name = "type", .kind = PARAM_STRING, .meaning = "schema event.<type> has the rest", .required = true},
        {.name = "session_id", .kind = PARAM_STRING, .meaning = "of events of a session"},
        {.name = "at_ms", .kind = PARAM_INTEGER, .meaning = "ms since 1970 UTC", .required = true},
    };
    static const struct param row = {
        .kind = PARAM_OBJECT, .open = true, PARAM_FIELDS(fields), .meaning = "params of the notification \"event\""};
    return schema_of(&row);
}

static json_t *event_type_schema(const struct event_type *type)
{
    return json_pack("{s:s, s:{s:{s:s}}, s:[o, o]}", "description", type->payload.meaning, "properties", "type",
                     "const", type->name, "allOf", reference("event"), schema_beside(&type->payload));
}

static json_t *plain_schema(enum plain_kind kind)
{
    char pattern[PLAIN_PATTERN_MAX];
    plain_pattern(kind, pattern);
    json_t *schema = json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
    if (kind == PLAIN_DATE)
        put_text(schema, "format", "date"); /* the pattern cannot count a month's days */
    return schema;
}

static json_t *schemas_document(void)
{
    json_t *schemas = json_pack("{s:o, s:o}", "quantity", quantity_schema(), "event", event_schema());
    for (size_t i = 0; i < PLAIN_COUNT; i++)
        json_object_set_new(schemas, plain_name((enum plain_kind)i), plain_schema((enum plain_kind)i));
    for (size_t i = 0; i < FIELD_SHAPES; i++)
        json_object_set_new(schemas, field_shapes[i].name, schema_in_place(&field_shapes[i]));
    for (size_t i = 0; i < EVENT_TYPES; i++) {
        char name[64];
        snprintf(name, sizeof(name), "event.%s", event_types[i].name);
        json_object_set_new(schemas, name, event_type_schema(&event_types[i]));
    }
    return schemas;
}

static json_t *error_of_code(int code, const char *message)
{
    return json_pack("{s:i, s:s}", "code", code, "message", message);
}

static json_t *errors_document(void)
{
    json_t *errors = json_object();
    json_object_set_new(errors, "parse_error", error_of_code(RPC_PARSE_ERROR, "the line is not JSON"));
    json_object_set_new(errors, "invalid_request",
                        error_of_code(RPC_INVALID_REQUEST, "not a request, or line too long"));
    json_object_set_new(errors, "method_not_found", error_of_code(RPC_METHOD_NOT_FOUND, "no such method"));
    json_object_set_new(errors, "invalid_params",
                        error_of_code(RPC_INVALID_PARAMS, "data.field and data.expected say what is wrong"));
    json_object_set_new(errors, "internal_error", error_of_code(RPC_INTERNAL_ERROR, "a defect, or out of memory"));
    for (int t = TOKEN_NONE + 1; t < TOKEN_COUNT; t++) {
        const char *id = modality_token_id((enum modality_token)t);
        json_t *error = error_of_code(RPC_REFUSED, modality_token_meaning((enum modality_token)t));
        json_object_set_new(error, "data", json_pack("{s:s}", "token", id));
        json_object_set_new(errors, id, error);
    }
    return errors;
}

json_t *schema_document(void)
{
    json_t *methods = json_array();
    for (size_t g = 0; g < METHOD_GROUPS; g++) {
        for (size_t i = 0; i < method_groups[g]->n; i++)
            json_array_append_new(methods, method_document(&method_groups[g]->methods[i]));
    }
    json_t *document =
        json_pack("{s:s, s:{s:s, s:s, s:s}}", "openrpc", "1.2.6", "info", "title", "modalityd", "version",
                  MODALITY_VERSION, "description", "JSON-RPC 2.0, one message per line, on a local Unix stream socket");
    json_object_set_new(document, "methods", methods);
    json_object_set_new(document, "components",
                        json_pack("{s:o, s:o}", "errors", errors_document(), "schemas", schemas_document()));
    return document;
}
