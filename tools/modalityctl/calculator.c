/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The daemon's own way from a request to a verdict (dose/prescription), over a configuration that was read for it. Not
 * one rule stands here.
 */
#include "calculator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calculator_read.h"
#include "document/rows.h"

#define SESSIONS_MAX 100

static void fault_print(void *userdata, const char *origin, const char *message)
{
    (void)userdata;
    fprintf(stderr, "%s: %s\n", origin, message);
}

struct config *calculator_config(const char *dir)
{
    struct config *config = NULL;
    return config_load(dir, 1, typed_today(), fault_print, NULL, &config) < 0 ? NULL : config;
}

/* --- what went before --- */

static bool read_amounts(const struct ctl_options *options, struct dose_history *h)
{
    const struct {
        const char *option;
        enum modality_quantity quantity;
        int64_t *to;
    } amounts[] = {
        {"earlier-duration", QUANTITY_duration_ms, &h->duration_ms},
        {"earlier-energy", QUANTITY_energy_uj, &h->energy_uj},
        {"earlier-charge", QUANTITY_session_charge_uc, &h->session_charge_uc},
        {"earlier-ion-dose", QUANTITY_iontophoresis_dose_ua_min, &h->iontophoresis_dose_ua_min},
        {"earlier-thermal-dose", QUANTITY_cem43_ms, &h->cem43_ms},
        {"earlier-cold-dose", QUANTITY_cold_dose_millic_min, &h->cold_dose_millic_min},
    };
    long sessions = 0;
    const char *n = ctl_option(options, "earlier-sessions");
    if (n && !typed_count("earlier-sessions", n, 0, SESSIONS_MAX, &sessions))
        return false;
    for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
        const char *text = ctl_option(options, amounts[i].option);
        if (!text)
            continue;
        if (!typed_value(amounts[i].option, amounts[i].quantity, text, amounts[i].to))
            return false;
        if (*amounts[i].to < 0) {
            fprintf(stderr, "modalityctl: --%s \"%s\": less than nothing\n", amounts[i].option, text);
            return false;
        }
        if (!n)
            sessions = 1; /* somebody gave it */
    }
    h->session_count = sessions;
    return true;
}

/* "[THERAPY=]AGO": the end of a session of that therapy, or of this treatment's modality. */
static bool read_end(const char *text, struct dose_history *h)
{
    const char *equals = strchr(text, '='), *ago = equals ? equals + 1 : text;
    char name[64];
    int64_t since;
    enum modality_therapy therapy;
    snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - text) : 0, text);
    if (equals && modality_therapy_find(name, &therapy) < 0) {
        fprintf(stderr, "modalityctl: --last-end \"%s\": there is no therapy %s (such as tens or cryo)\n", text, name);
        return false;
    }
    if (!typed_value("last-end", QUANTITY_rest_interval_ms, ago, &since))
        return false;
    if (since < 0) {
        fprintf(stderr, "modalityctl: --last-end \"%s\": how long ago, not how soon\n", text);
        return false;
    }
    if (equals) {
        const uint32_t bit = UINT32_C(1) << therapy;
        const bool later = !(h->ended & bit) || since < h->since_end_ms[therapy];
        h->since_end_ms[therapy] = later ? since : h->since_end_ms[therapy];
        h->ended |= bit;
    } else if (!h->has_last_end || since < h->since_last_end_ms) {
        h->has_last_end = true;
        h->since_last_end_ms = since;
    }
    return true;
}

static bool read_history(const struct ctl_options *options, struct dose_history *h)
{
    if (!read_amounts(options, h))
        return false;
    for (size_t i = 0; i < options->n; i++) {
        if (strcmp(options->items[i].name, "last-end") == 0 && !read_end(options->items[i].value, h))
            return false;
    }
    return true;
}

/* A therapy that ended is a session of its modality that ended. */
static struct dose_history history_of(const struct calculator *c, enum modality modality)
{
    struct dose_history h = c->history;
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        const bool ours = modality_therapy_modality((enum modality_therapy)i) == modality;
        if (!ours || !((h.ended >> i) & 1u) || (h.has_last_end && h.since_last_end_ms <= h.since_end_ms[i]))
            continue;
        h.has_last_end = true;
        h.since_last_end_ms = h.since_end_ms[i];
    }
    return h;
}

bool calculator_open(const struct ctl_options *options, struct calculator *out)
{
    *out = (struct calculator){0};
    if (!read_history(options, &out->history))
        return false;
    out->config = calculator_config(ctl_option(options, "config"));
    return out->config != NULL;
}

void calculator_close(struct calculator *c)
{
    config_free(c->config);
    c->config = NULL;
}

/* --- the verdict --- */

long calculator_channels(const struct calculator *c, const char *protocol)
{
    const struct protocol *p = protocol_find(&c->config->dose, protocol);
    return p && p->n_channels_min > 0 ? (long)p->n_channels_min : 1;
}

/* What the section of a device says of it, where one is named. */
static void add_device(const struct calculator *c, struct prescription *p, struct refusals *r)
{
    for (size_t i = 0; p->device && i < c->config->n_devices; i++) {
        const struct config_device *d = &c->config->devices[i];
        if (strcmp(d->id, p->device) != 0)
            continue;
        p->reported = &d->reported;
        p->no_indicator = d->indicator == INDICATOR_NO;
        return;
    }
    if (p->device)
        refusal_add(r, TOKEN_NOT_FOUND, p->device, "there is no device %s", p->device);
}

/* Everything that is known about one request; large. */
struct judgement {
    struct calculation c;
    struct prescribed d;
    struct dose_history history;
    struct dose_picture picture;
    struct limit_verdict verdict;
    struct refusals refused;
    bool has_picture;
};

static void judge(const struct calculator *c, const json_t *request, struct judgement *j)
{
    const int64_t today = typed_today();
    struct refusals *r = &j->refused;
    const struct prescription *p = &j->c.p;
    calculation_read(request, &j->c, r);
    add_device(c, &j->c.p, r);
    const int made = prescription_make(&c->config->dose, p, today, &j->d, r);
    prescription_check(p, &j->d, today, r);
    if (j->d.protocol) {
        j->history = history_of(c, j->d.protocol->modality);
        protocol_check_history(j->d.protocol, &j->history, r);
    }
    j->has_picture = made == 0 && prescription_judge(p, &j->d, &j->history, &j->picture, &j->verdict, r) == 0;
    refusals_sort(r);
}

/* Answers that nobody gave. */
static json_t *assumed_of(const json_t *request)
{
    size_t i;
    json_t *given, *assumed = json_array();
    json_array_foreach(json_object_get(request, "screening"), i, given)
    {
        if (ctl_flag(given, "assumed"))
            json_array_append(assumed, given);
    }
    return assumed;
}

static json_t *check(const struct calculator *c, const json_t *request)
{
    struct judgement *j = calloc(1, sizeof *j);
    if (!j)
        return NULL;
    judge(c, request, j);
    const struct prescription *p = &j->c.p;
    const struct dose_picture *picture = j->has_picture ? &j->picture : NULL;
    json_t *result = doc_verdict(j->refused.n == 0, p, &j->refused, &j->verdict);
    doc_put(result, "questions",
            doc_questions(&c->config->dose, j->d.protocol, j->d.site >= 0 ? j->d.treatment.sites : 0, p->indication));
    doc_put(result, "limits", doc_limits(&j->d, picture, &j->history, &j->history, NULL));
    if (j->d.protocol)
        doc_put(result, "dose", doc_dose(p, &j->d, picture, prescription_level(j->d.protocol->waveform)));
    doc_put(result, "not_known", json_pack("[s, s]", "device", "ledger"));
    doc_put(result, "assumed", assumed_of(request));
    free(j);
    return result;
}

/* --- what is assumed --- */

/* The first answer that declares no condition; NULL when there is none. */
static const struct answer *harmless_of(const struct question *q)
{
    for (size_t i = 0; i < q->n_answers; i++) {
        if (q->answers[i].condition < 0 && i != q->restrictive)
            return &q->answers[i];
    }
    return NULL;
}

static bool is_answered(const json_t *screening, const char *question)
{
    size_t i;
    const json_t *given;
    json_array_foreach(screening, i, given)
    {
        if (strcmp(ctl_text(given, "question"), question) == 0)
            return true;
    }
    return false;
}

static void assume(json_t *screening, const struct question *q)
{
    char today[TYPED_DAY_MAX];
    const struct answer *answer = harmless_of(q);
    if (!answer || is_answered(screening, q->id))
        return;
    json_t *given = json_pack("{s:s, s:s, s:b}", "question", q->id, "answer", answer->id, "assumed", true);
    if (q->valid_days > 0 && typed_day("today", today))
        json_object_set_new(given, "on", json_string(today));
    json_array_append_new(screening, given);
}

void calculator_assume(const struct calculator *c, json_t *request)
{
    size_t i;
    const json_t *question;
    json_t *screening = json_object_get(request, "screening"), *checked = check(c, request);
    const struct screening *s = &c->config->dose.screening;
    json_array_foreach(json_object_get(checked, "questions"), i, question)
    {
        for (size_t k = 0; k < s->n_questions; k++) {
            if (strcmp(s->questions[k].id, ctl_text(question, "id")) == 0)
                assume(screening, &s->questions[k]);
        }
    }
    json_decref(checked);
}

/* --- the tables --- */

/* All limits of a modality, or of every one, on one page. */
static json_t *limits_list(const struct calculator *c, const json_t *filter)
{
    const struct dose_tables *t = &c->config->dose;
    enum modality m = (enum modality)MODALITY_ANY;
    const char *id = json_string_value(json_object_get(filter, "modality"));
    json_t *items = json_array();
    if (id && modality_find(id, &m) < 0)
        m = (enum modality)0; /* there is none of this name, so no limit either */
    for (size_t i = 0; i < t->n_limits; i++) {
        if ((unsigned)t->limits[i].modality & (unsigned)m)
            json_array_append_new(items, show_limit(t, &t->limits[i]));
    }
    return json_pack("{s:o}", "items", items);
}

/* With a treatment: what bounds the limit's quantity there. */
static json_t *explained(const struct calculator *c, const struct limit *limit, const json_t *treatment)
{
    json_t *result = show_limit_explained(&c->config->dose, limit);
    json_t *checked = treatment ? check(c, treatment) : NULL;
    if (checked)
        doc_put(result, "bounds", doc_limits_on(json_incref(json_object_get(checked, "limits")), limit->quantity));
    json_decref(checked);
    return result;
}

static json_t *limits_explain(const struct calculator *c, const json_t *params, json_t **error)
{
    const struct dose_tables *t = &c->config->dose;
    const char *id = json_string_value(json_object_get(params, "limit"));
    char message[120];
    for (size_t i = 0; id && i < t->n_limits; i++) {
        if (strcmp(t->limits[i].id, id) == 0)
            return explained(c, &t->limits[i], json_object_get(params, "treatment"));
    }
    snprintf(message, sizeof message, "there is no limit %.80s", id ? id : "");
    *error = json_pack("{s:s, s:{s:s}}", "message", message, "data", "token", modality_token_id(TOKEN_NOT_FOUND));
    return NULL;
}

json_t *calculator_answer(const struct calculator *c, const char *method, const json_t *params, json_t **error)
{
    json_t *result = NULL;
    *error = NULL;
    if (strcmp(method, "session.check") == 0)
        result = check(c, params);
    else if (strcmp(method, "limits.list") == 0)
        result = limits_list(c, params);
    else if (strcmp(method, "limits.explain") == 0)
        result = limits_explain(c, params, error);
    if (!result && !*error)
        *error = json_pack("{s:s}", "message", "a configuration alone cannot answer this");
    return result;
}
