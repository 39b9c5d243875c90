/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of limits: the compiled ceilings, what is locked as shipped although the installation does not have it, the
 * installation's own held against what was shipped, and the acceptances that answer for them.
 */
#include <string.h>

#include "config/field.h"
#include "config/shipped_limits.h"

/* An acceptance answers for a limit as it stands today; one of a day to come answers for nothing yet. */
static void build_accept(struct load *load, const struct raw_section *s, struct limit *limits, size_t n)
{
    bool found = false;
    const struct raw_line *by = section_line(s, "by"), *date = section_line(s, "date");
    int64_t day;
    if (by != NULL && !by->refused)
        field_is_acceptor(load, by->at, "by", by->value);
    if (field_date(load, s, "date", &day))
        field_is_acceptance(load, date->at, "date", date->value, day);
    for (size_t i = 0; i < n; i++) {
        if (strcmp(limits[i].id, s->id) == 0 && (limits[i].layer == LAYER_INSTALLATION || limit_may_lock(&limits[i]))) {
            limits[i].accepted = true;
            found = true;
        }
    }
    if (!found)
        fault_add(&load->faults, s->at, "[%s]: there is no limit \"%s\"", s->title, s->id);
}

static const struct raw_section *limit_section_find(const struct load *load, const char *id)
{
    const struct raw_section *s;
    size_t next = 0;
    while ((s = section_next(load, SECTION_LIMIT, &next)) != NULL)
        if (strcmp(s->id, id) == 0)
            return s;
    return NULL;
}

/* Those of the shipped limits that hold although the installation does not have them; appended to all[n]. */
static size_t keep_locks(const struct load *load, struct limit *all, size_t n)
{
    for (size_t i = 0; i < load->n_shipped; i++) {
        if (!limit_may_lock(&load->shipped[i]) || limit_section_find(load, load->shipped[i].id) != NULL)
            continue;
        all[n] = load->shipped[i];
        all[n].layer = LAYER_COMPILED;
        all[n++].origin = "compiled";
    }
    return n;
}

/* A refusal names a limit, and two of one name would be told apart by nobody. */
static void check_name(struct load *load, const struct raw_section *s)
{
    size_t n;
    const struct limit *compiled = limit_compiled(&n);
    for (size_t i = 0; i < n; i++)
        if (strcmp(compiled[i].id, s->id) == 0)
            fault_add(&load->faults, s->at, "[%s]: is the name of a compiled ceiling", s->title);
}

static size_t build_own(struct load *load, struct limit *all, size_t n)
{
    const struct raw_section *s;
    size_t next = 0;
    while ((s = section_next(load, SECTION_LIMIT, &next)) != NULL) {
        limit_build(load, s, &all[n]);
        check_name(load, s);
        for (size_t i = 0; i < load->n_shipped; i++) {
            if (strcmp(load->shipped[i].id, s->id) != 0)
                continue;
            shipped_limit_hold(load, s, &all[n], &load->shipped[i]);
            shipped_limit_mark(load, &load->shipped[i], &all[n]);
        }
        n++;
    }
    return n;
}

void build_limits(struct load *load)
{
    size_t n, next = 0;
    const struct limit *compiled = limit_compiled(&n);
    const struct raw_section *s;
    if (!shipped_limits_read(load, &load->shipped, &load->n_shipped))
        return;
    struct limit *all =
        arena_array(load->arena, n + load->n_shipped + section_count(load, SECTION_LIMIT), sizeof(*all));
    if (all == NULL)
        return;
    memcpy(all, compiled, n * sizeof(*all));
    n = keep_locks(load, all, n);
    n = build_own(load, all, n);
    while ((s = section_next(load, SECTION_ACCEPT, &next)) != NULL)
        build_accept(load, s, all, n);
    load->config->dose.limits = all;
    load->config->dose.n_limits = n;
}
