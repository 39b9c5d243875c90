/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows that several methods share, as initialisers of struct param; and the tables of the larger shapes.
 */
#ifndef API_FIELDS_H
#define API_FIELDS_H

#include "api/limits.h"
#include "api/params.h"

#define PATIENT_BOUNDS PARAM_BOUNDS(1, 120), .plain = PLAIN_PATIENT
#define ID_BOUNDS PARAM_BOUNDS(1, API_ID_MAX)

/* clang-format off */
#define FIELD(field_name, field_kind, text, ...)                                                                       \
    {.name = field_name, .kind = field_kind, .meaning = text, ##__VA_ARGS__}

#define FIELD_SESSION_ID                                                                                               \
    FIELD("session_id", PARAM_STRING, "the session", .required = true, ID_BOUNDS, .plain = PLAIN_ID)
#define FIELD_LEASE_KEY                                                                                                \
    FIELD("lease_key", PARAM_STRING, "the key that session.start gave", .required = true, ID_BOUNDS,       \
          .plain = PLAIN_ID)
#define FIELD_CURSOR                                                                                                   \
    FIELD("cursor", PARAM_STRING, "next_cursor of the page before; absent = the first page", PARAM_BOUNDS(1, 200))
#define FIELD_LIMIT                                                                                                    \
    FIELD("limit", PARAM_INTEGER, "items of a page at most", PARAM_BOUNDS(1, API_PAGE_MAX))
#define FIELDS_PAGE FIELD_CURSOR, FIELD_LIMIT

/* What every acting method takes beside its own. */
#define FIELD_REQUEST_ID                                                                                               \
    FIELD("request_id", PARAM_STRING, "unique per peer uid for 24 h; the same request sent again is answered again, "  \
          "not carried out again", .required = true, ID_BOUNDS)
#define FIELD_OPERATOR                                                                                                 \
    FIELD("operator", PARAM_OBJECT, "the person who acts: recorded beside the peer's uid", .required = true,           \
          .fields = fields_operator, .n_fields = FIELDS_OPERATOR_COUNT)
#define FIELDS_ACTING FIELD_REQUEST_ID, FIELD_OPERATOR
/* The same where they may be left out: a stop is never refused for want of them, a check does nothing. */
#define FIELDS_ACTING_OPTIONAL                                                                                         \
    FIELD("request_id", PARAM_STRING, "not needed, not used", ID_BOUNDS),                                              \
    FIELD("operator", PARAM_OBJECT, "the person who asks; not needed",                                                 \
          .fields = fields_operator, .n_fields = FIELDS_OPERATOR_COUNT)

/* Answers. */
#define FIELD_NEXT_CURSOR                                                                                              \
    FIELD("next_cursor", PARAM_STRING, "give it as cursor for the next page; absent = the end")
#define RESULT_OBJECT(table, text)                                                                                     \
    {.name = "result", .kind = PARAM_OBJECT, .open = true, PARAM_FIELDS(table), .meaning = text}
#define RESULT_ANY(text)                                                                                               \
    {.name = "result", .kind = PARAM_OBJECT, .open = true, .meaning = text}
/* clang-format on */

#define FIELDS_OPERATOR_COUNT 3
extern const struct param fields_operator[FIELDS_OPERATOR_COUNT];

/* {items, next_cursor?} with items of any object. */
#define FIELDS_ITEMS_COUNT 2
extern const struct param fields_items[FIELDS_ITEMS_COUNT];

/* An array of strings, and choices that several tables use. */
extern const struct param field_text_item, field_object_item;
/* A screening question, as session.check and protocol.get tell it. */
extern const struct param field_question_item;
extern const char *const choices_modality[], *const choices_side[];

/* The session request: what is checked, and what is prepared (request_id and operator needed). */
#define FIELDS_REQUEST_COUNT 19
extern const struct param fields_check[FIELDS_REQUEST_COUNT], fields_prepare[FIELDS_REQUEST_COUNT];

/* A snapshot of a session. */
#define FIELDS_SNAPSHOT_COUNT 28
extern const struct param fields_snapshot[FIELDS_SNAPSHOT_COUNT];

/* Objects that stand in several places: rpc.discover describes each of them once, under its name. */
#define FIELD_SHAPES 9
extern const struct param field_shapes[FIELD_SHAPES];
#define RESULT_ITEMS(text)                                                                                             \
    {                                                                                                                  \
        .name = "result", .kind = PARAM_OBJECT, .open = true, .fields = fields_items, .n_fields = FIELDS_ITEMS_COUNT,  \
        .meaning = text                                                                                                \
    }

#endif
