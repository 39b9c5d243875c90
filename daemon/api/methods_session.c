/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sessions and stops. Handlers only translate; every decision is the session room's.
 */
#include <errno.h>
#include <string.h>

#include "api/call.h"
#include "api/fields.h"
#include "api/page.h"
#include "api/request.h"
#include "api/state.h"

/* --- check and prepare --- */

static bool request_take(struct call *call, struct session_request *request)
{
    struct request_fault fault;
    if (request_read(call->params, &call->api->config->dose, api_now().wall_ms, request, &fault) == 0)
        return true;
    call_refuse(call, fault.token, json_pack("{s:s}", "field", fault.field), "%s", fault.message);
    return false;
}

static void session_check_method(struct call *call)
{
    struct session_request request;
    if (!request_take(call, &request))
        return;
    struct session_time now = api_now();
    session_check(call->api->settings.sessions, &request, &call->actor, &now, call_reply(call));
}

static void session_prepare_method(struct call *call)
{
    struct session_request request;
    if (!request_take(call, &request))
        return;
    struct session_time now = api_now();
    session_prepare(call->api->settings.sessions, &request, &call->actor, &now, call_reply(call));
}

/* --- a prepared or running one --- */

static void session_start_method(struct call *call)
{
    const json_t *target = json_object_get(call->params, "target");
    const struct session_confirmation confirmed = {
        .token = param_text(call->params, "confirm_token"),
        .patient_ref = param_text(call->params, "patient_ref"),
        .patient_check = param_text(call->params, "patient_check"),
        .site = param_text(target, "site"),
        .side = param_text(target, "side"),
    };
    struct session_time now = api_now();
    session_start(call->api->settings.sessions, param_text(call->params, "session_id"), &confirmed, &call->actor, &now,
                  call_reply(call));
}

static void session_adjust_method(struct call *call)
{
    struct session_adjust_request request = {
        .session_id = param_text(call->params, "session_id"),
        .lease_key = param_text(call->params, "lease_key"),
        .channel = param_text(call->params, "channel"),
        .target = param_integer(call->params, "target", 0),
        .has_expect = json_object_get(call->params, "expect") != NULL,
        .expect = param_integer(call->params, "expect", 0),
    };
    if (modality_quantity_find(param_text(call->params, "quantity"), &request.quantity) < 0) {
        call_invalid(call, "params.quantity", "a quantity id (quantity.list has them)");
        return;
    }
    struct session_time now = api_now();
    session_adjust(call->api->settings.sessions, &request, &call->actor, &now, call_reply(call));
}

static void session_pause_method(struct call *call)
{
    struct session_time now = api_now();
    session_pause(call->api->settings.sessions, param_text(call->params, "session_id"),
                  param_text(call->params, "lease_key"), &call->actor, &now, call_reply(call));
}

static void session_resume_method(struct call *call)
{
    struct session_time now = api_now();
    session_resume(call->api->settings.sessions, param_text(call->params, "session_id"),
                   param_text(call->params, "lease_key"), &call->actor, &now, call_reply(call));
}

/* The scanner has acted already; this records who asked, and answers. */
static void session_stop_method(struct call *call)
{
    const char *by = param_text(call->params, "by");
    struct session_time now = api_now();
    session_stop(call->api->settings.sessions, param_text(call->params, "session_id"),
                 param_text(call->params, "reason"), by != NULL ? by : "operator", &call->actor, &now,
                 call_reply(call));
}

static void session_keepalive_method(struct call *call)
{
    session_keepalive(call->api->settings.sessions, param_text(call->params, "session_id"),
                      param_text(call->params, "lease_key"), call->read_ns, call_reply(call));
}

static void session_observe_method(struct call *call)
{
    struct session_time now = api_now();
    session_observe(call->api->settings.sessions, param_text(call->params, "session_id"),
                    json_object_get(call->params, "observation"), &call->actor, &now, call_reply(call));
}

/* --- looking --- */

static void session_get_method(struct call *call)
{
    const char *id = param_text(call->params, "session_id");
    struct session_time now = api_now();
    json_t *result = session_get(call->api->settings.sessions, id, &now);
    if (result != NULL)
        call_result(call, result);
    else
        call_refuse(call, TOKEN_NOT_FOUND, json_pack("{s:s}", "session_id", id),
                    "session %s is neither open nor lately ended (record.get has the others)", id);
}

static void session_list_method(struct call *call)
{
    struct session_time now = api_now();
    json_t *page = page_of_array(session_list(call->api->settings.sessions, &now), call->params);
    if (page != NULL)
        call_result(call, page);
    else
        call_invalid(call, "params.cursor", "next_cursor of the page before");
}

/* --- the table --- */

static const char *const choices_by[] = {"operator", "patient", "other", NULL};
static const char *const choices_scale[] = {"NRS", "VAS", "faces", NULL};

static const struct param observation[] = {
    FIELD("kind", PARAM_STRING, "pain_before, pain_after, skin_before, skin_after, vital, note, ...", .required = true,
          ID_BOUNDS),
    FIELD("value", PARAM_INTEGER, "raw value on the scale", PARAM_BOUNDS(0, 1000000)),
    FIELD("scale", PARAM_STRING, "of a pain score", .choices = choices_scale),
    FIELD("maximum", PARAM_INTEGER, "highest value of the scale", PARAM_BOUNDS(1, 1000000)),
    FIELD("condition", PARAM_STRING, "at rest or in movement", ID_BOUNDS),
    FIELD("code", PARAM_STRING, "what was measured, with its unit", ID_BOUNDS),
    FIELD("at_ms", PARAM_INTEGER, "when, ms since 1970 UTC; absent = now", PARAM_BOUNDS(0, INT64_MAX)),
    FIELD("text", PARAM_STRING, "in words", PARAM_BOUNDS(1, 2000), .plain = PLAIN_FREE),
};

static const struct param seen_target[] = {
    FIELD("site", PARAM_STRING, "body site", .required = true, ID_BOUNDS),
    FIELD("side", PARAM_STRING, "side of the body", .required = true, .choices = choices_side),
};
static const struct param start[] = {
    FIELD_SESSION_ID,
    FIELD("confirm_token", PARAM_STRING, "of session.prepare", .required = true, ID_BOUNDS),
    FIELD("patient_ref", PARAM_STRING, "must be what was prepared when given", PATIENT_BOUNDS),
    FIELD("patient_check", PARAM_STRING,
          "second identifier as found at the patient: must be what was prepared when given", PARAM_TEXT_BOUNDS),
    FIELD("target", PARAM_OBJECT, "must be what was prepared when given", PARAM_FIELDS(seen_target)),
    FIELDS_ACTING,
};
static const struct param adjust[] = {
    FIELD_SESSION_ID,
    FIELD_LEASE_KEY,
    FIELD("channel", PARAM_STRING, "absent = every channel of the session", ID_BOUNDS),
    FIELD("quantity", PARAM_STRING, "what is adjusted", .required = true, ID_BOUNDS),
    FIELD("target", PARAM_INTEGER, "absolute, base unit of the quantity", .required = true),
    FIELD("expect", PARAM_INTEGER, "the target that the person saw: needed for an increase"),
    FIELDS_ACTING,
};
static const struct param leased[] = {FIELD_SESSION_ID, FIELD_LEASE_KEY, FIELDS_ACTING};
static const struct param keepalive[] = {FIELD_SESSION_ID, FIELD_LEASE_KEY};
static const struct param stop[] = {
    FIELD("session_id", PARAM_STRING, "absent = everything", ID_BOUNDS, .plain = PLAIN_ID),
    FIELD("reason", PARAM_STRING, "in words", PARAM_TEXT_BOUNDS, .plain = PLAIN_FREE),
    FIELD("by", PARAM_STRING, "who wanted it; absent = operator", .choices = choices_by),
    FIELDS_ACTING_OPTIONAL,
};
static const struct param stop_all[] = {
    FIELD("reason", PARAM_STRING, "in words", PARAM_TEXT_BOUNDS, .plain = PLAIN_FREE),
    FIELD("by", PARAM_STRING, "who wanted it; absent = operator", .choices = choices_by),
    FIELDS_ACTING_OPTIONAL,
};
static const struct param observe[] = {
    FIELD_SESSION_ID,
    FIELD("observation", PARAM_OBJECT, "what was observed", .required = true, PARAM_FIELDS(observation)),
    FIELDS_ACTING,
};
static const struct param one[] = {FIELD_SESSION_ID};
static const struct param list[] = {FIELDS_PAGE};

/* Answers. */
static const struct param refused[] = {
    FIELD("allowed", PARAM_BOOLEAN, "nothing refuses it now", .required = true),
    FIELD("refusals", PARAM_ARRAY, "everything that refuses, most restrictive first", .required = true,
          .item = &field_object_item),
    FIELD("notices", PARAM_ARRAY, "notice limits that are exceeded: acknowledge by id", .item = &field_object_item),
    FIELD("questions", PARAM_ARRAY, "what is to be asked at the sites touched", .required = true,
          .item = &field_question_item),
    FIELD("sheet", PARAM_OBJECT, "the dose sheet as far as it can be made", .open = true),
    FIELD("history", PARAM_OBJECT,
          "what this patient had at these sites: sums over 24 h, since_last_end_ms of the modality, since_end_ms of "
          "each therapy",
          .open = true),
    FIELD("limits", PARAM_ARRAY, "every bound that applies, with how it stands or why it has no value yet",
          .item = &field_object_item),
    FIELD("dose", PARAM_OBJECT, "what the treatment gives: channels, totals, course", .open = true),
};
static const struct param prepared[] = {
    FIELD_SESSION_ID,
    FIELD("sheet", PARAM_OBJECT, "what the person confirms", .required = true, .open = true),
    FIELD("confirm_token", PARAM_STRING, "single use", .required = true),
    FIELD("expires_in_ms", PARAM_INTEGER, "validity of the token", .required = true),
};
static const struct param started[] = {
    FIELD_SESSION_ID,
    FIELD("state", PARAM_STRING, "accepted: done comes as events", .required = true),
    FIELD("lease_key", PARAM_STRING, "renew, adjust, pause and resume need it", .required = true),
    FIELD("lease_ms", PARAM_INTEGER, "renew well within this", .required = true),
};
static const struct param accepted[] = {
    FIELD_SESSION_ID,
    FIELD("accepted", PARAM_BOOLEAN, "taken on; done comes as events"),
};
static const struct param renewed[] = {
    FIELD("lease_ms", PARAM_INTEGER, "validity from the moment the line was read", .required = true),
};
static const struct param stopping[] = {
    FIELD("stopping", PARAM_ARRAY, "sessions that are brought to rest; proof comes as events", .required = true,
          .item = &field_text_item),
};

#define DOSE_TOKENS                                                                                                    \
    TOKEN_LIMIT_EXCEEDED, TOKEN_NOTICE_REQUIRED, TOKEN_LIMIT_NOT_ACCEPTED, TOKEN_OUT_OF_RANGE, TOKEN_INCOMPLETE,       \
        TOKEN_CONTRAINDICATED, TOKEN_PRECAUTION, TOKEN_REST_INTERVAL, TOKEN_DOSE_UNBOUNDED, TOKEN_DOSE_RESERVED,       \
        TOKEN_BUSY, TOKEN_NOT_FOUND, TOKEN_IDENTITY_MISMATCH, TOKEN_DEVICE_ABSENT, TOKEN_DEVICE_NOT_READY,             \
        TOKEN_DEVICE_NOT_ACCEPTED, TOKEN_DEVICE_OVERDUE, TOKEN_OUTPUT_UNKNOWN, TOKEN_RECORDS_UNAVAILABLE,              \
        TOKEN_AUDIT_BROKEN, TOKEN_SHUTTING_DOWN

static const struct method methods[] = {
    {.name = "session.check",
     .summary = "What would refuse this treatment, what must be asked, and its dose sheet. Changes nothing.",
     .right = RIGHT_VIEWER,
     .params = fields_check,
     .n_params = FIELDS_REQUEST_COUNT,
     .result = RESULT_OBJECT(refused, "verdict; a refused dose is an answer, not an error"),
     .tokens = {TOKEN_OUT_OF_RANGE, TOKEN_IDENTITY_MISMATCH, TOKEN_NOT_FOUND},
     .handle = session_check_method},
    {.name = "session.prepare",
     .summary = "Claims the output and answers the dose sheet with a confirm token.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     .params = fields_prepare,
     .n_params = FIELDS_REQUEST_COUNT,
     .result = RESULT_OBJECT(prepared, "the prepared session"),
     .tokens = {DOSE_TOKENS},
     .handle = session_prepare_method},
    {.name = "session.start",
     .summary = "Starts what was prepared and confirmed. Needs a connection that is subscribed to events.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(start),
     .result = RESULT_OBJECT(started, "the lease"),
     .tokens = {TOKEN_TOKEN_INVALID, TOKEN_TOKEN_EXPIRED, TOKEN_SHEET_CHANGED, TOKEN_NOT_SUBSCRIBED, TOKEN_WRONG_STATE,
                TOKEN_NOT_FOUND, TOKEN_LIMIT_EXCEEDED, TOKEN_DEVICE_ABSENT, TOKEN_DEVICE_NOT_READY,
                TOKEN_OUTPUT_UNKNOWN, TOKEN_RECORDS_UNAVAILABLE, TOKEN_AUDIT_BROKEN, TOKEN_DOSE_RESERVED,
                TOKEN_REST_INTERVAL, TOKEN_IDENTITY_MISMATCH, TOKEN_SHUTTING_DOWN},
     .handle = session_start_method},
    {.name = "session.adjust",
     .summary = "Sets the target of a level or setting, within the prepared ceiling.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(adjust),
     .result = RESULT_OBJECT(accepted, "the new target"),
     .tokens = {TOKEN_LIMIT_EXCEEDED, TOKEN_STALE_VIEW, TOKEN_LEASE_INVALID, TOKEN_OUT_OF_RANGE, TOKEN_WRONG_STATE,
                TOKEN_NOT_FOUND},
     .handle = session_adjust_method},
    {.name = "session.pause",
     .summary = "Brings the output to rest and holds the treatment time.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(leased),
     .result = RESULT_OBJECT(accepted, "taken on"),
     .tokens = {TOKEN_LEASE_INVALID, TOKEN_WRONG_STATE, TOKEN_NOT_FOUND},
     .handle = session_pause_method},
    {.name = "session.resume",
     .summary = "Walks up again from rest after a pause.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(leased),
     .result = RESULT_OBJECT(accepted, "taken on"),
     .tokens = {TOKEN_LEASE_INVALID, TOKEN_WRONG_STATE, TOKEN_NOT_FOUND, TOKEN_DEVICE_NOT_READY, TOKEN_OUTPUT_UNKNOWN,
                TOKEN_NOT_SUBSCRIBED, TOKEN_RECORDS_UNAVAILABLE},
     .handle = session_resume_method},
    {.name = "session.stop",
     .summary = "Brings one session to rest, or everything without session_id. Acts while the line is read; also as a "
                "notification, from anyone, over every cap. A session_id that is no string of 1 to 64 "
                "visible ASCII characters stops everything, and the error that answers it says so.",
     .right = RIGHT_NONE,
     .stop = true,
     METHOD_PARAMS(stop),
     .result = RESULT_OBJECT(stopping, "what is being stopped"),
     .tokens = {TOKEN_NOT_FOUND},
     .handle = session_stop_method},
    {.name = "stop.all",
     .summary = "Brings every output to rest. Acts while the line is read; also as a notification, from anyone.",
     .right = RIGHT_NONE,
     .stop = true,
     METHOD_PARAMS(stop_all),
     .result = RESULT_OBJECT(stopping, "what is being stopped"),
     .handle = session_stop_method},
    {.name = "session.keepalive",
     .summary = "Renews the lease, counted from the moment the line was read.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(keepalive),
     .result = RESULT_OBJECT(renewed, "the lease"),
     .tokens = {TOKEN_LEASE_INVALID, TOKEN_WRONG_STATE, TOKEN_NOT_FOUND},
     .handle = session_keepalive_method},
    {.name = "session.get",
     .summary = "Snapshot and dose sheet of one session.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(one),
     .result = {.name = "result",
                .kind = PARAM_OBJECT,
                .open = true,
                .fields = fields_snapshot,
                .n_fields = FIELDS_SNAPSHOT_COUNT,
                .meaning = "snapshot, with its sheet"},
     .tokens = {TOKEN_NOT_FOUND},
     .handle = session_get_method},
    {.name = "session.list",
     .summary = "Open sessions and those that ended lately.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(list),
     .result = RESULT_ITEMS("snapshots"),
     .handle = session_list_method},
    {.name = "session.observe",
     .summary = "Adds what a person observed: pain before and after, skin, a vital sign, a note.",
     .right = RIGHT_THERAPIST,
     .acting = true,
     METHOD_PARAMS(observe),
     .result = RESULT_ANY("recorded"),
     .tokens = {TOKEN_NOT_FOUND, TOKEN_RECORDS_UNAVAILABLE},
     .handle = session_observe_method},
};
const struct method_group methods_session = {methods, PARAM_COUNT(methods)};
