/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records, incidents, dose history and audit. Answers come from the writer's thread, on the loop, when they are ready.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "api/call.h"
#include "api/fields.h"
#include "api/state.h"

/* --- queries: the parameters go to the record room as they are --- */

static void on_answer(void *userdata, int error, json_t *result)
{
    struct call *call = userdata;
    if (error < 0 || result == NULL) {
        json_decref(result);
        call_record_error(call, error < 0 ? error : -EIO);
        return;
    }
    call_result(call, result);
}

static void query_method(struct call *call)
{
    int r = record_query(call->api->settings.record, call->method->name, json_incref(call->params), on_answer, call);
    if (r < 0)
        call_record_error(call, r);
}

/* --- additions --- */

static struct audit_actor actor_of(const struct call *call)
{
    return (struct audit_actor){
        .uid = call->actor.uid, .operator_id = call->actor.operator_id, .operator_name = call->actor.operator_name};
}

static void on_appended(void *userdata, int error)
{
    struct call *call = userdata;
    if (error < 0) {
        call_record_error(call, error);
        return;
    }
    json_t *result = json_pack("{s:b}", "recorded", 1);
    const char *session_id = param_text(call->params, "session_id");
    if (session_id != NULL)
        json_object_set_new(result, "session_id", json_string(session_id));
    if (call->made_id[0] != 0)
        json_object_set_new(result, call->method->name[0] == 'i' ? "incident_id" : "addendum_id",
                            json_string(call->made_id));
    call_result(call, result);
}

/* What was sent, less what says who sent it; with an id of ours. */
static void append(struct call *call, const char *kind, const char *session_id)
{
    unsigned char random[12];
    randombytes_buf(random, sizeof(random));
    sodium_bin2hex(call->made_id, sizeof(call->made_id), random, sizeof(random));
    json_t *body = json_copy(call->params);
    json_object_del(body, "request_id");
    json_object_set_new(body, "id", json_string(call->made_id));
    struct audit_actor actor = actor_of(call);
    int r = record_append(call->api->settings.record, session_id, kind, &actor, body, on_appended, call);
    if (r < 0)
        call_record_error(call, r);
}

static void record_addendum_method(struct call *call)
{
    append(call, "addendum", param_text(call->params, "session_id"));
}

static void incident_create_method(struct call *call)
{
    append(call, "incident", param_text(call->params, "record_id"));
}

static void audit_accept_method(struct call *call)
{
    struct audit_actor actor = actor_of(call);
    int r = record_audit_accept(call->api->settings.record, &actor, param_text(call->params, "statement"), on_appended,
                                call);
    if (r == -EINVAL)
        call_refuse(call, TOKEN_WRONG_STATE, NULL, "the audit chain is not broken");
    else if (r < 0)
        call_record_error(call, r);
}

static void dose_review_method(struct call *call)
{
    struct dose_review_request request = {.session_id = param_text(call->params, "session_id"),
                                          .statement = param_text(call->params, "statement"),
                                          .exceeds_worst =
                                              json_is_true(json_object_get(call->params, "exceeds_worst"))};
    const char *name;
    json_t *value;
    json_object_foreach(json_object_get(call->params, "delivered"), name, value)
    {
        enum modality_quantity quantity;
        if (modality_quantity_find(name, &quantity) == 0) /* the table of fields names quantities only */
            quantity_put(&request.delivered, quantity, json_integer_value(value));
    }
    struct session_time now = api_now();
    dose_review(call->api->settings.sessions, &request, &call->actor, &now, call_reply(call));
}

/* --- the table --- */

static const char *const choices_format[] = {"jsonl", "csv", NULL};
static const char *const choices_harm[] = {"none",       "redness", "blister", "burn_first", "burn_second",
                                           "burn_third", "faint",   "other",   NULL};

/* clang-format off */
#define RECORD_FILTERS                                                                                                 \
    FIELD("patient_ref", PARAM_STRING, "of this patient", PATIENT_BOUNDS), \
    FIELD("site", PARAM_STRING, "touched this body site", ID_BOUNDS),                                                  \
    FIELD("course_id", PARAM_STRING, "of this course", ID_BOUNDS),                                                     \
    FIELD("operator", PARAM_STRING, "by this operator's id", ID_BOUNDS),                                               \
    FIELD("from_ms", PARAM_INTEGER, "ended at or after, ms since 1970 UTC", PARAM_BOUNDS(0, INT64_MAX)),               \
    FIELD("to_ms", PARAM_INTEGER, "ended before, ms since 1970 UTC", PARAM_BOUNDS(0, INT64_MAX)),                      \
    FIELDS_PAGE
/* clang-format on */

static const struct param list[] = {RECORD_FILTERS};
static const struct param one[] = {FIELD_SESSION_ID, FIELD_CURSOR};
static const struct param export[] = {
    FIELD("format", PARAM_STRING, "JSON Lines or CSV", .required = true, .choices = choices_format), RECORD_FILTERS};
static const struct param addendum[] = {
    FIELD_SESSION_ID,
    FIELD("text", PARAM_STRING, "what is added", .required = true, PARAM_BOUNDS(1, 8000), .plain = PLAIN_FREE),
    FIELDS_ACTING,
};
static const struct param incident[] = {
    FIELD("record_id", PARAM_STRING, "session that it concerns; absent = none is known", ID_BOUNDS),
    FIELD("found_at", PARAM_INTEGER, "when it was found, ms since 1970 UTC", .required = true,
          PARAM_BOUNDS(0, INT64_MAX)),
    FIELD("reported_by", PARAM_STRING, "who reported it, if not the operator", PARAM_BOUNDS(1, 128)),
    FIELD("harm", PARAM_STRING, "to the patient", .required = true, .choices = choices_harm),
    FIELD("site", PARAM_STRING, "where on the body", ID_BOUNDS),
    FIELD("what_happened", PARAM_STRING, "in words", .required = true, PARAM_BOUNDS(1, 8000), .plain = PLAIN_FREE),
    FIELD("device_quarantined", PARAM_BOOLEAN, "the device was taken out of use"),
    FIELD("accessories_kept", PARAM_BOOLEAN, "leads, pads and gel were kept"),
    FIELD("surroundings", PARAM_STRING, "lamps, other devices, static", PARAM_BOUNDS(1, 2000), .plain = PLAIN_FREE),
    FIELDS_ACTING,
};
static const struct param incidents[] = {
    FIELD("session_id", PARAM_STRING, "of this session", ID_BOUNDS),
    FIELDS_PAGE,
};
static const struct param incident_one[] = {
    FIELD("incident_id", PARAM_STRING, "of incident.create", .required = true, ID_BOUNDS),
};
static const struct param history[] = {
    FIELD("patient_ref", PARAM_STRING, "of this patient", .required = true, PATIENT_BOUNDS),
    FIELD("site", PARAM_STRING, "touched this body site, a part of it, or what it is a part of", ID_BOUNDS),
    FIELD("side", PARAM_STRING, "of this side", .choices = choices_side),
    FIELD("modality", PARAM_STRING, "of this modality", .choices = choices_modality),
    FIELD("hours", PARAM_INTEGER, "back from now", PARAM_BOUNDS(1, 24 * 366)),
    FIELDS_PAGE,
};
#define AMOUNT_BOUNDS PARAM_BOUNDS(0, INT64_C(1) << 47)
static const struct param delivered[] = {
    FIELD("duration_ms", PARAM_INTEGER, "treatment time", .required = true, AMOUNT_BOUNDS),
    FIELD("energy_uj", PARAM_INTEGER, "energy", .required = true, AMOUNT_BOUNDS),
    FIELD("session_charge_uc", PARAM_INTEGER, "charge", .required = true, AMOUNT_BOUNDS),
    FIELD("iontophoresis_dose_ua_min", PARAM_INTEGER, "direct current dose; absent = worst", AMOUNT_BOUNDS),
    FIELD("contraction_count", PARAM_INTEGER, "surges; absent = worst", AMOUNT_BOUNDS),
    FIELD("cem43_ms", PARAM_INTEGER, "thermal dose; absent = worst", AMOUNT_BOUNDS),
    FIELD("cold_dose_millic_min", PARAM_INTEGER, "cold dose; absent = worst", AMOUNT_BOUNDS),
};
static const struct param review[] = {
    FIELD_SESSION_ID,
    FIELD("delivered", PARAM_OBJECT,
          "dose as judged by the person, never less than what was seen; what is not said counts as worst",
          .required = true, PARAM_FIELDS(delivered)),
    FIELD("exceeds_worst", PARAM_BOOLEAN, "an amount above the worst that was reserved is meant"),
    FIELD("statement", PARAM_STRING, "how it was judged", .required = true, PARAM_BOUNDS(1, 2000), .plain = PLAIN_FREE),
    FIELDS_ACTING,
};
static const struct param tail[] = {
    FIELD("since_seq", PARAM_INTEGER, "everything after this entry, in order; absent = newest first",
          PARAM_BOUNDS(0, INT64_MAX)),
    FIELDS_PAGE,
};
static const struct param accept_damage[] = {
    FIELD("statement", PARAM_STRING, "what was inspected and found", .required = true, PARAM_BOUNDS(1, 2000),
          .plain = PLAIN_FREE),
    FIELDS_ACTING,
};

static const struct param recorded[] = {
    FIELD("recorded", PARAM_BOOLEAN, "durable", .required = true),
    FIELD("incident_id", PARAM_STRING, "of a new incident"),
    FIELD("addendum_id", PARAM_STRING, "of a new addendum"),
};
static const struct param verified[] = {
    FIELD("ok", PARAM_BOOLEAN, "every entry verifies", .required = true),
    FIELD("entries", PARAM_INTEGER, "how many", .required = true),
    FIELD("head_seq", PARAM_INTEGER, "number of the newest"),
    FIELD("head_hash", PARAM_STRING, "its hash"),
    FIELD("first_bad", PARAM_INTEGER, "first that does not verify"),
    FIELD("why", PARAM_STRING, "what is wrong"),
};

static const struct param stored[] = {
    FIELD("session_id", PARAM_STRING, "the session", .required = true),
    FIELD("intact", PARAM_BOOLEAN, "the document has the hash that the audit chain holds", .required = true),
    FIELD("hash", PARAM_STRING, "of the document"),
    FIELD("document", PARAM_OBJECT, "the record as it was finished", .required = true, .open = true),
    FIELD("appended", PARAM_ARRAY, "observations, notes, addenda and incidents since", .required = true,
          .item = &field_object_item),
    FIELD_NEXT_CURSOR,
};
static const struct param exported[] = {
    FIELD("format", PARAM_STRING, "jsonl or csv", .required = true),
    FIELD("lines", PARAM_ARRAY, "to be written one after the other", .required = true, .item = &field_text_item),
    FIELD_NEXT_CURSOR,
};
static const struct param incident_stored[] = {
    FIELD("id", PARAM_STRING, "of the incident", .required = true),
    FIELD("session_id", PARAM_STRING, "that it concerns"),
    FIELD("frozen_hash", PARAM_STRING, "of the record when it was reported"),
    FIELD("at_ms", PARAM_INTEGER, "when it was reported, ms since 1970 UTC", .required = true),
    FIELD("body", PARAM_OBJECT, "as reported", .required = true, .open = true),
};
static const struct param ledger[] = {
    FIELD("items", PARAM_ARRAY, "entries: places touched; planned, worst, delivered, unbounded, counted",
          .required = true, .item = &field_object_item),
    FIELD("totals", PARAM_OBJECT, "over the window", .open = true),
    FIELD_NEXT_CURSOR,
};

#define RECORD_TOKENS TOKEN_NOT_FOUND, TOKEN_RECORDS_UNAVAILABLE

static const struct method methods[] = {
    {.name = "record.list",
     .summary = "Finished records, newest first.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(list),
     .result = RESULT_ITEMS("records in short"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "record.get",
     .summary = "One record, with its addenda and incidents.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(one),
     .result = RESULT_OBJECT(stored, "the record"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "record.export",
     .summary = "Records as lines of JSON or CSV, by page.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(export),
     .result = RESULT_OBJECT(exported, "a page of lines"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "record.addendum",
     .summary = "Adds to a finished record, which itself never changes.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(addendum),
     .result = RESULT_OBJECT(recorded, "added"),
     .tokens = {RECORD_TOKENS, TOKEN_WRONG_STATE},
     .handle = record_addendum_method},
    {.name = "incident.create",
     .summary = "Reports harm or near harm; freezes the hash of the record it concerns.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(incident),
     .result = RESULT_OBJECT(recorded, "reported"),
     .tokens = {RECORD_TOKENS},
     .handle = incident_create_method},
    {.name = "incident.list",
     .summary = "Incidents, newest first.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(incidents),
     .result = RESULT_ITEMS("incidents"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "incident.get",
     .summary = "One incident.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(incident_one),
     .result = RESULT_OBJECT(incident_stored, "the incident"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "dose.history",
     .summary = "What the ledger holds for a patient: planned, worst and delivered, with sums.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(history),
     .result = RESULT_OBJECT(ledger, "ledger entries"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "dose.review",
     .summary = "A person settles the dose of a session that nobody knows.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(review),
     .result = RESULT_ANY("settled: delivered, seen, worst, above_worst"),
     .tokens = {RECORD_TOKENS, TOKEN_WRONG_STATE, TOKEN_OUT_OF_RANGE},
     .handle = dose_review_method},
    {.name = "audit.tail",
     .summary = "Entries of the audit chain.",
     .right = RIGHT_THERAPIST,
     METHOD_PARAMS(tail),
     .result = RESULT_ITEMS("entries"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "audit.verify",
     .summary = "Verifies the whole audit chain.",
     .right = RIGHT_THERAPIST,
     .result = RESULT_OBJECT(verified, "verdict"),
     .tokens = {RECORD_TOKENS},
     .handle = query_method},
    {.name = "audit.accept",
     .summary = "A person has inspected a broken chain: the statement enters it, and starts are possible again.",
     .right = RIGHT_ENGINEER,
     .acting = true,
     METHOD_PARAMS(accept_damage),
     .result = RESULT_OBJECT(recorded, "accepted"),
     .tokens = {RECORD_TOKENS, TOKEN_WRONG_STATE},
     .handle = audit_accept_method},
};
const struct method_group methods_record = {methods, PARAM_COUNT(methods)};
