/* SPDX-License-Identifier: Apache-2.0 */
/* The table of queries and their parameters: what is not named there is refused. */
#include "record/query.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "record/internal.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define PAGED                                                                                                          \
    {"limit", 'i', false},                                                                                             \
    {                                                                                                                  \
        "cursor", 's', false                                                                                           \
    }
#define RECORD_FILTERS                                                                                                 \
    {"patient_ref", 's', false}, {"site", 's', false}, {"course_id", 's', false}, {"operator", 's', false},            \
        {"from_ms", 'i', false},                                                                                       \
    {                                                                                                                  \
        "to_ms", 'i', false                                                                                            \
    }

static const struct query_parameter list_parameters[] = {RECORD_FILTERS, PAGED};
static const struct query_parameter get_parameters[] = {{"session_id", 's', true}, {"cursor", 's', false}};
static const struct query_parameter export_parameters[] = {{"format", 's', true}, RECORD_FILTERS, PAGED};
static const struct query_parameter dose_parameters[] = {{"patient_ref", 's', true}, {"site", 's', false},
                                                         {"side", 's', false},       {"modality", 's', false},
                                                         {"hours", 'i', false},      PAGED};
static const struct query_parameter tail_parameters[] = {{"since_seq", 'i', false}, PAGED};
static const struct query_parameter incidents_parameters[] = {{"session_id", 's', false}, PAGED};
static const struct query_parameter incident_parameters[] = {{"incident_id", 's', true}};
static const struct query_parameter backup_parameters[] = {{"path", 's', true}};

static const struct query_kind query_kinds[] = {
    {"record.list", query_record_list, NULL, list_parameters, LENGTH(list_parameters)},
    {"record.get", query_record_get, NULL, get_parameters, LENGTH(get_parameters)},
    {"record.export", query_record_export, NULL, export_parameters, LENGTH(export_parameters)},
    {"dose.history", query_dose_history, NULL, dose_parameters, LENGTH(dose_parameters)},
    {"audit.tail", query_audit_tail, NULL, tail_parameters, LENGTH(tail_parameters)},
    {"audit.verify", query_audit_verify, NULL, NULL, 0},
    {"incident.list", query_incident_list, NULL, incidents_parameters, LENGTH(incidents_parameters)},
    {"incident.get", query_incident_get, NULL, incident_parameters, LENGTH(incident_parameters)},
    {"backup", query_backup, query_backup_drop, backup_parameters, LENGTH(backup_parameters)},
};

const struct query_kind *query_kind_find(const char *id)
{
    for (size_t i = 0; i < LENGTH(query_kinds); i++) {
        if (strcmp(query_kinds[i].id, id) == 0)
            return &query_kinds[i];
    }
    return NULL;
}

static const struct query_parameter *parameter_find(const struct query_kind *kind, const char *name)
{
    for (size_t i = 0; i < kind->n_parameters; i++) {
        if (strcmp(kind->parameters[i].name, name) == 0)
            return &kind->parameters[i];
    }
    return NULL;
}

int query_check(const struct query_kind *kind, const json_t *parameters)
{
    const char *name;
    json_t *value;

    for (size_t i = 0; i < kind->n_parameters; i++) {
        if (kind->parameters[i].required && !json_object_get(parameters, kind->parameters[i].name))
            return -EINVAL;
    }
    json_object_foreach((json_t *)(uintptr_t)parameters, name, value)
    {
        const struct query_parameter *known = parameter_find(kind, name);
        if (!known || (known->type == 's' && !json_is_string(value)) || (known->type == 'i' && !json_is_integer(value)))
            return -EINVAL;
    }
    return 0;
}

void query_free(struct query *query)
{
    if (!query)
        return;
    if (query->progress && query->kind->drop)
        query->kind->drop(query->progress);
    else
        free(query->progress);
    json_decref(query->parameters);
    json_decref(query->sites);
    json_decref(query->result);
    free(query);
}

const char *query_text(const struct query *query, const char *name)
{
    return json_string_value(json_object_get(query->parameters, name));
}

int64_t query_integer(const struct query *query, const char *name, int64_t fallback)
{
    const json_t *value = json_object_get(query->parameters, name);
    return value ? json_integer_value(value) : fallback;
}

int query_limit(const struct query *query)
{
    int64_t limit = query_integer(query, "limit", QUERY_LIMIT_DEFAULT);

    if (limit < 1)
        return 1;
    return limit > QUERY_LIMIT_MAX ? QUERY_LIMIT_MAX : (int)limit;
}

int record_query(struct record *record, const char *kind, json_t *parameters, record_answer *answer, void *userdata)
{
    const struct query_kind *found = query_kind_find(kind);
    struct query *query = calloc(1, sizeof(*query));
    int rc = query ? 0 : -ENOMEM;

    if (rc == 0 && (!found || (parameters && !json_is_object(parameters)) || query_check(found, parameters) < 0))
        rc = -EINVAL;
    if (rc < 0) {
        json_decref(parameters);
        free(query);
        return rc;
    }
    query->kind = found;
    query->parameters = parameters;
    if (query_text(query, "site"))
        query->sites = place_names_met(&record->ledger.names, query_text(query, "site"));
    query->answer = answer;
    query->userdata = userdata;
    query->wall_ms = record->clock.wall_ms(record->clock.userdata);
    query->boot_ns = record->clock.boot_ns(record->clock.userdata);
    rc = queue_query(record, query);
    if (rc < 0)
        query_free(query);
    return rc;
}
