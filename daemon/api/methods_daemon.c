/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon itself: what it is, its configuration, its events, and the document that describes every method.
 */
#include <string.h>

#include "api/call.h"
#include "api/events.h"
#include "api/fields.h"
#include "api/page.h"
#include "api/schema.h"
#include "api/state.h"

static const char *health_id(enum record_health h)
{
    switch (h) {
    case RECORD_OK:
        return "ok";
    case RECORD_LATE:
        return "late";
    case RECORD_FULL:
        return "full";
    case RECORD_FAILED:
        return "failed";
    }
    return "failed";
}

static json_t *peer_document(const struct call *call)
{
    const struct connection *c = call->connection;
    json_t *o = json_pack("{s:I, s:s, s:b}", "uid", (json_int_t)c->peer.uid, "name", c->label, "may_act_for",
                          c->role != NULL && c->role->may_act_for);
    if (c->role != NULL) {
        json_object_set_new(o, "role", json_string(c->role->id));
        json_object_set_new(o, "right", json_string(config_right_id(c->role->right)));
    }
    return o;
}

static json_t *records_document(struct record *record)
{
    char why[256] = "";
    enum record_health health = record_health(record, why, sizeof(why));
    json_t *o = json_pack("{s:s, s:b}", "health", health_id(health), "audit_broken", record_audit_broken(record));
    if (health != RECORD_OK)
        json_object_set_new(o, "why", json_string(why));
    return o;
}

static json_t *counts_document(const struct api *api)
{
    const struct config *c = api->config;
    struct session_time now = api_now();
    json_t *sessions = session_list(api->settings.sessions, &now);
    json_t *alarms = alarms_list(sessions_alarms(api->settings.sessions));
    size_t subscribers = 0;
    for (const struct connection *k = api->clients.first; k != NULL; k = k->next)
        subscribers += k->subscription.active;
    json_t *o = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "devices", (json_int_t)c->n_devices, "links",
                          (json_int_t)c->n_links, "protocols", (json_int_t)c->dose.n_protocols, "limits",
                          (json_int_t)c->dose.n_limits, "sessions", (json_int_t)json_array_size(sessions), "alarms",
                          (json_int_t)json_array_size(alarms), "connections", (json_int_t)api->clients.n_full,
                          "stop_only_connections", (json_int_t)api->clients.n_stop_only, "subscribers",
                          (json_int_t)subscribers);
    json_decref(sessions);
    json_decref(alarms);
    return o;
}

static json_t *protocol_document(const struct config_daemon *c)
{
    return json_pack("{s:I, s:I, s:i, s:i, s:I, s:I, s:I, s:I, s:i, s:I, s:I}", "line_bytes", (json_int_t)API_LINE_MAX,
                     "response_bytes", (json_int_t)API_ANSWER_MAX, "batch_items", API_BATCH_MAX, "waiting_requests",
                     API_CALLS_MAX, "unread_bytes", (json_int_t)API_OUTPUT_MAX, "half_line_ms",
                     (json_int_t)(API_HALF_LINE_NS / NS_PER_MS), "stop_only_ms",
                     (json_int_t)(API_STOP_ONLY_NS / NS_PER_MS), "connections_per_uid",
                     (json_int_t)c->connections_per_uid, "events_kept", API_EVENTS_MAX, "lease_ms",
                     (json_int_t)c->lease_ms, "token_ms", (json_int_t)c->token_ms);
}

static void daemon_info_method(struct call *call)
{
    const struct api *api = call->api;
    const struct config *c = api->config;
    const struct api_ports *ports = &api->settings.ports;
    json_t *config =
        json_pack("{s:I, s:s, s:s}", "generation", (json_int_t)c->generation, "hash", c->hash, "dir", c->dir);
    json_t *result = json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:s, s:b, s:s, s:s}", "name", "modalityd", "version",
                               MODALITY_VERSION, "api_version", 1, "pid", (json_int_t)getpid(), "started_at_ms",
                               (json_int_t)api->started_wall_ms, "uptime_ms",
                               (json_int_t)((clock_monotonic_ns() - api->started_ns) / NS_PER_MS), "state",
                               ports->daemon_state(ports->userdata), "simulated", api->settings.simulated, "instance",
                               api->instance, "socket", c->daemon.socket_path);
    json_object_set_new(result, "peer", peer_document(call));
    json_object_set_new(result, "config", config);
    json_object_set_new(result, "records", records_document(api->settings.record));
    json_object_set_new(result, "counts", counts_document(api));
    json_object_set_new(result, "limits", protocol_document(&c->daemon));
    call_result(call, result);
}

/* The first byte decides most of a thousand comparisons. */
static bool same(const char *wanted, const char *value)
{
    return wanted == NULL || (wanted[0] == value[0] && strcmp(wanted, value) == 0);
}

static void config_explain_method(struct call *call)
{
    const struct config *c = call->api->config;
    const char *section = param_text(call->params, "section"), *key = param_text(call->params, "key");
    struct page page;
    if (page_open(&page, call->params) < 0) {
        call_invalid(call, "params.cursor", "next_cursor of the page before");
        return;
    }
    const char *compared = NULL; /* the lines of a section share its name: it is compared once */
    bool inside = false;
    for (size_t i = 0; i < c->n_lines; i++) {
        const struct config_line *l = &c->lines[i];
        if (l->section != compared)
            inside = same(section, l->section);
        compared = l->section;
        if (!inside || !same(key, l->key))
            continue;
        if (page_wants(&page))
            json_array_append_new(page.items, json_pack("{s:s, s:s, s:s, s:s}", "section", l->section, "key", l->key,
                                                        "value", l->value, "origin", l->origin));
        if (section != NULL && key != NULL)
            break; /* a key stands once in its section */
    }
    call_result(call, page_close(&page));
}

static void rpc_discover_method(struct call *call)
{
    call_result(call, schema_document());
}

/* --- the table --- */

static const struct param explain[] = {
    FIELD("section", PARAM_STRING, "of this section: \"limit es_ua_max\"", PARAM_BOUNDS(1, 160)),
    FIELD("key", PARAM_STRING, "of this key", ID_BOUNDS),
    FIELDS_PAGE,
};
static const struct param type_item =
    FIELD("type", PARAM_STRING, "event type, or a family: session.*", PARAM_BOUNDS(1, EVENT_TYPE_MAX - 1));
static const struct param filter[] = {
    FIELD("types", PARAM_ARRAY, "only these; alarms always come", PARAM_BOUNDS(0, EVENT_FILTER_TYPES),
          .item = &type_item),
    FIELD("session_id", PARAM_STRING, "of sessions, only this one", PARAM_BOUNDS(1, EVENT_SESSION_MAX - 1)),
};
static const struct param subscribe[] = {
    FIELD("since", PARAM_INTEGER, "seq of the last event seen: what is kept of those after it is sent again",
          PARAM_BOUNDS(0, INT64_MAX - 1)),
    FIELD("filter", PARAM_OBJECT, "which events; a second subscription replaces the first", PARAM_FIELDS(filter)),
};

static const struct param info[] = {
    FIELD("name", PARAM_STRING, "modalityd", .required = true),
    FIELD("version", PARAM_STRING, "version", .required = true),
    FIELD("api_version", PARAM_INTEGER, "of this interface", .required = true),
    FIELD("pid", PARAM_INTEGER, "process", .required = true),
    FIELD("state", PARAM_STRING, "ready, stopping", .required = true),
    FIELD("simulated", PARAM_BOOLEAN, "some device is not real", .required = true),
    FIELD("instance", PARAM_STRING, "differs after every start", .required = true),
    FIELD("socket", PARAM_STRING, "path", .required = true),
    FIELD("started_at_ms", PARAM_INTEGER, "ms since 1970 UTC", .required = true),
    FIELD("uptime_ms", PARAM_INTEGER, "since then", .required = true),
    FIELD("peer", PARAM_OBJECT, "who you are: uid, name, role, right, may_act_for", .required = true, .open = true),
    FIELD("config", PARAM_OBJECT, "generation, hash, dir", .required = true, .open = true),
    FIELD("records", PARAM_OBJECT, "health, audit_broken", .required = true, .open = true),
    FIELD("counts", PARAM_OBJECT, "how many of what", .required = true, .open = true),
    FIELD("limits", PARAM_OBJECT, "what a client must keep to", .required = true, .open = true),
};
static const struct param gap[] = {
    FIELD("from", PARAM_INTEGER, "first event that is lost", .required = true),
    FIELD("to", PARAM_INTEGER, "last event that is lost", .required = true),
};
static const struct param subscribed[] = {
    FIELD("seq", PARAM_INTEGER, "the snapshot holds everything up to this event", .required = true),
    FIELD("instance", PARAM_STRING, "numbers of another instance mean nothing", .required = true),
    FIELD("snapshot", PARAM_OBJECT, "state, simulated, devices, sessions, alarms", .required = true, .open = true),
    FIELD("gap", PARAM_OBJECT, "events after since that are no longer kept", PARAM_FIELDS(gap)),
};

static const struct method methods[] = {
    {.name = "rpc.discover",
     .summary = "This document: every method, its parameters, answers and errors.",
     .right = RIGHT_VIEWER,
     .result = RESULT_ANY("OpenRPC document"),
     .handle = rpc_discover_method},
    {.name = "daemon.info",
     .summary = "What this daemon is, and who you are to it.",
     .right = RIGHT_VIEWER,
     .result = RESULT_OBJECT(info, "the daemon"),
     .handle = daemon_info_method},
    {.name = "config.explain",
     .summary = "Effective lines of the configuration with the place each came from.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(explain),
     .result = RESULT_ITEMS("lines"),
     .handle = config_explain_method},
    {.name = "events.subscribe",
     .summary = "One snapshot, then every change as a notification. A start needs a subscribed connection.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(subscribe),
     .result = RESULT_OBJECT(subscribed, "snapshot"),
     .handle = method_events_subscribe},
};
const struct method_group methods_daemon = {methods, PARAM_COUNT(methods)};
