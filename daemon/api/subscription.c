/* SPDX-License-Identifier: Apache-2.0 */
/* Filters and texts of events. */
#include "api/subscription.h"

#include <stdio.h>
#include <string.h>

#include "api/params.h"
#include "modality/clock.h"

bool subscription_wants(const struct subscription *s, const char *type, const char *session_id)
{
    if (!s->active)
        return false;
    if (strncmp(type, "alarm", 5) == 0)
        return true; /* nobody can filter an alarm away */
    if (s->session_id[0] != 0 && session_id != NULL && strcmp(s->session_id, session_id) != 0)
        return false;
    for (size_t i = 0; i < s->n_types; i++) {
        size_t n = strlen(s->types[i]);
        bool family = n > 1 && strcmp(s->types[i] + n - 2, ".*") == 0;
        if (family ? strncmp(type, s->types[i], n - 1) == 0 : strcmp(type, s->types[i]) == 0)
            return true;
    }
    return s->n_types == 0;
}

void subscription_take(struct subscription *s, const json_t *filter)
{
    *s = (struct subscription){.active = true};
    const char *session_id = param_text(filter, "session_id");
    snprintf(s->session_id, sizeof(s->session_id), "%s", session_id != NULL ? session_id : "");
    size_t i;
    json_t *type;
    json_array_foreach(json_object_get(filter, "types"), i, type)
    {
        snprintf(s->types[s->n_types++], EVENT_TYPE_MAX, "%s", json_string_value(type));
    }
}

/* Members of params come after ours and cannot replace them. */
char *event_text(uint64_t seq, const char *type, const char *session_id, json_t *params)
{
    json_t *all = json_object();
    if (seq != 0)
        json_object_set_new(all, "seq", json_integer((json_int_t)seq));
    json_object_set_new(all, "type", json_string(type));
    if (session_id != NULL)
        json_object_set_new(all, "session_id", json_string(session_id));
    json_object_set_new(all, "at_ms", json_integer((json_int_t)clock_wall_ms()));
    json_object_update_missing(all, params);
    json_decref(params);
    json_t *event = json_pack("{s:s, s:s, s:o}", "jsonrpc", "2.0", "method", "event", "params", all);
    char *text = json_dumps(event, JSON_COMPACT);
    json_decref(event);
    return text;
}
