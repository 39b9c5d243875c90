/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One event is made into text once; subscribers get copies of the bytes. The ring keeps the text.
 */
#include "api/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/call.h"
#include "api/state.h"

static void forget_oldest(struct events *e)
{
    struct event_kept *k = &e->ring[e->first];
    e->lost = k->seq;
    e->bytes -= k->length;
    free(k->line);
    k->line = NULL;
    e->first = (e->first + 1) % API_EVENTS_MAX;
    e->n--;
}

static void keep(struct events *e, uint64_t seq, char *line, size_t length, const char *type, const char *session_id)
{
    while (e->n > 0 && (e->n == API_EVENTS_MAX || e->bytes + length > API_EVENTS_BYTES))
        forget_oldest(e);
    struct event_kept *k = &e->ring[(e->first + e->n) % API_EVENTS_MAX];
    k->seq = seq;
    k->line = line;
    k->length = length;
    snprintf(k->type, sizeof(k->type), "%s", type);
    snprintf(k->session_id, sizeof(k->session_id), "%s", session_id != NULL ? session_id : "");
    e->n++;
    e->bytes += length;
}

/* Proof of rest and danger leave at once; the rest goes when the turn's work is done. */
static bool leaves_at_once(const char *type)
{
    return strcmp(type, "session.state") == 0 || strcmp(type, "alarm") == 0;
}

void events_publish(struct api *api, const char *type, const char *session_id, json_t *params)
{
    struct events *e = api->events;
    char *line = event_text(++api->event_seq, type, session_id, params);
    if (line == NULL)
        return; /* seq shows the gap */
    size_t length = strlen(line);
    for (struct connection *c = api->clients.first; c != NULL; c = c->next) {
        if (!subscription_wants(&c->subscription, type, session_id))
            continue;
        connection_say(c, line, length);
        if (leaves_at_once(type))
            connection_push(c);
    }
    if (strcmp(type, "session.progress") == 0)
        free(line);
    else
        keep(e, api->event_seq, line, length, type, session_id);
}

static json_t *snapshot(const struct api *api)
{
    const struct api_settings *s = &api->settings;
    struct session_time now = api_now();
    return json_pack("{s:I, s:s, s:b, s:o, s:o, s:o}", "at_ms", (json_int_t)now.wall_ms, "state",
                     s->ports.daemon_state(s->ports.userdata), "simulated", s->simulated, "devices",
                     device_list(s->sessions, &now), "sessions", session_list(s->sessions, &now), "alarms",
                     alarms_list(sessions_alarms(s->sessions)));
}

/* What came after `since` and is still kept goes out behind the answer. */
static void replay(struct connection *c, const struct events *e, uint64_t since)
{
    for (size_t i = 0; i < e->n; i++) {
        const struct event_kept *k = &e->ring[(e->first + i) % API_EVENTS_MAX];
        if (k->seq > since &&
            subscription_wants(&c->subscription, k->type, k->session_id[0] != 0 ? k->session_id : NULL))
            connection_say(c, k->line, k->length);
    }
}

void method_events_subscribe(struct call *call)
{
    struct api *api = call->api;
    struct connection *c = call->connection;
    const struct events *e = api->events;
    const bool has_since = json_object_get(call->params, "since") != NULL;
    const uint64_t since = (uint64_t)param_integer(call->params, "since", 0);
    subscription_take(&c->subscription, json_object_get(call->params, "filter"));
    c->subscription.active = c->fd >= 0 && !c->closing;
    json_t *result = json_pack("{s:I, s:s, s:o}", "seq", (json_int_t)api->event_seq, "instance", api->instance,
                               "snapshot", snapshot(api));
    if (has_since && since > api->event_seq) /* numbers of another daemon */
        json_object_set_new(result, "gap", json_pack("{s:i, s:I}", "from", 1, "to", (json_int_t)api->event_seq));
    else if (has_since && since < e->lost)
        json_object_set_new(result, "gap",
                            json_pack("{s:I, s:I}", "from", (json_int_t)since + 1, "to", (json_int_t)e->lost));
    call_result(call, result);
    if (has_since && since <= api->event_seq)
        replay(c, e, since);
}

void events_free(struct events *e)
{
    while (e->n > 0)
        forget_oldest(e);
}
