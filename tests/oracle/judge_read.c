/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A treatment out of a line of JSON. Strict: a key or an id that is not known is an error, so that a mistake of the
 * asking side never looks like an agreement.
 */
#include "judge.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct reading {
    const struct config *config;
    char *reason;
    size_t size;
};

static int wrong(const struct reading *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int wrong(const struct reading *r, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(r->reason, r->size, format, arguments);
    va_end(arguments);
    return -EINVAL;
}

int judge_read_values(json_t *object, struct quantity_set *out, char *reason, size_t size)
{
    struct reading r = {NULL, reason, size};
    memset(out, 0, sizeof *out);
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        enum modality_quantity q;
        if (modality_quantity_find(key, &q) < 0 || !json_is_integer(value))
            return wrong(&r, "no quantity or no integer: %s", key);
        quantity_put(out, q, json_integer_value(value));
    }
    return 0;
}

static int condition_find(const struct screening *s, const char *id)
{
    for (size_t i = 0; i < s->n_conditions; i++)
        if (strcmp(s->conditions[i].id, id) == 0)
            return (int)i;
    return -1;
}

static int find(const struct reading *r, const char *kind, const char *id)
{
    if (strcmp(kind, "site") == 0)
        return site_find(&r->config->dose, id);
    if (strcmp(kind, "condition") == 0)
        return condition_find(&r->config->dose.screening, id);
    return applicator_find(&r->config->dose, id);
}

/* A list of ids as a set of bits. */
static int read_set(const struct reading *r, const char *kind, json_t *list, uint64_t *out)
{
    size_t i;
    json_t *item;
    *out = 0;
    json_array_foreach(list, i, item)
    {
        const char *id = json_string_value(item);
        int index = id ? find(r, kind, id) : -1;
        if (index < 0)
            return wrong(r, "no %s: %s", kind, id ? id : "(no text)");
        *out |= UINT64_C(1) << index;
    }
    return 0;
}

static int read_channel(const struct reading *r, json_t *object, struct dose_channel *out)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (strcmp(key, "waveform") == 0 && json_is_string(value)) {
            if (modality_waveform_find(json_string_value(value), &out->waveform) < 0)
                return wrong(r, "no waveform: %s", json_string_value(value));
        } else if (strcmp(key, "start") == 0) {
            if (judge_read_values(value, &out->start, r->reason, r->size) < 0)
                return -EINVAL;
        } else if (strcmp(key, "ceiling") == 0) {
            if (judge_read_values(value, &out->ceiling, r->reason, r->size) < 0)
                return -EINVAL;
        } else if (strcmp(key, "shares") == 0) {
            out->shares = (uint8_t)json_integer_value(value);
        } else {
            return wrong(r, "no key of a channel: %s", key);
        }
    }
    return 0;
}

static int read_channels(const struct reading *r, json_t *list, struct dose_treatment *t)
{
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        if (i == DOSE_CHANNELS_MAX)
            return wrong(r, "too many channels");
        if (read_channel(r, item, &t->channels[i]) < 0)
            return -EINVAL;
        t->n_channels = i + 1;
    }
    return 0;
}

/* {"tens": 60000}: milliseconds since the last end of each therapy. */
static int read_ends(const struct reading *r, json_t *object, struct dose_history *h)
{
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        enum modality_therapy t;
        if (modality_therapy_find(key, &t) < 0)
            return wrong(r, "no therapy: %s", key);
        h->ended |= UINT32_C(1) << t;
        h->since_end_ms[t] = json_integer_value(value);
    }
    return 0;
}

static int read_history(const struct reading *r, json_t *object, struct dose_history *h)
{
    const struct {
        const char *key;
        int64_t *out;
    } totals[] = {
        {"duration_ms", &h->duration_ms},
        {"energy_uj", &h->energy_uj},
        {"session_charge_uc", &h->session_charge_uc},
        {"iontophoresis_dose_ua_min", &h->iontophoresis_dose_ua_min},
        {"cem43_ms", &h->cem43_ms},
        {"cold_dose_millic_min", &h->cold_dose_millic_min},
        {"session_count", &h->session_count},
    };
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        size_t i = 0;
        while (i < sizeof totals / sizeof totals[0] && strcmp(totals[i].key, key) != 0)
            i++;
        if (i < sizeof totals / sizeof totals[0]) {
            *totals[i].out = json_integer_value(value);
        } else if (strcmp(key, "since_last_end_ms") == 0) {
            h->has_last_end = true;
            h->since_last_end_ms = json_integer_value(value);
        } else if (strcmp(key, "since_end_ms") == 0) {
            if (read_ends(r, value, h) < 0)
                return -EINVAL;
        } else {
            return wrong(r, "no key of a history: %s", key);
        }
    }
    return 0;
}

/* Keys whose value is a text. */
static int read_text(const struct reading *r, const char *key, const char *text, struct judge_request *out)
{
    struct dose_treatment *t = &out->treatment;
    if (strcmp(key, "therapy") == 0) {
        if (modality_therapy_find(text, &t->therapy) < 0)
            return wrong(r, "no therapy: %s", text);
        t->modality = modality_therapy_modality(t->therapy);
    } else if (strcmp(key, "site") == 0) {
        int site = find(r, "site", text);
        if (site < 0)
            return wrong(r, "no site: %s", text);
        t->site = (unsigned)site;
    } else if (strcmp(key, "applicator") == 0) {
        t->applicator = find(r, "applicator", text);
        if (t->applicator < 0)
            return wrong(r, "no applicator: %s", text);
    } else if (strcmp(key, "protocol") == 0) {
        out->protocol = text;
    } else {
        return wrong(r, "no key of a treatment: %s", key);
    }
    return 0;
}

static int read_key(const struct reading *r, const char *key, json_t *value, struct judge_request *out)
{
    struct dose_treatment *t = &out->treatment;
    if (json_is_string(value))
        return read_text(r, key, json_string_value(value), out);
    if (strcmp(key, "sites") == 0)
        return read_set(r, "site", value, &t->sites);
    if (strcmp(key, "conditions") == 0)
        return read_set(r, "condition", value, &t->conditions);
    if (strcmp(key, "channels") == 0)
        return read_channels(r, value, t);
    if (strcmp(key, "history") == 0) {
        out->has_history = true;
        return read_history(r, value, &out->history);
    }
    if (strcmp(key, "duration_ms") == 0)
        t->duration_ms = json_integer_value(value);
    else if (strcmp(key, "thermal") == 0)
        t->thermal = json_is_true(value);
    else if (strcmp(key, "no_indicator") == 0)
        t->no_indicator = json_is_true(value);
    else if (strcmp(key, "tightest") == 0)
        out->tightest = json_is_true(value);
    else
        return wrong(r, "no key of a treatment: %s", key);
    return 0;
}

int judge_read(const struct config *config, json_t *object, struct judge_request *out, char *reason, size_t size)
{
    const struct reading r = {config, reason, size};
    memset(out, 0, sizeof *out);
    out->treatment.applicator = -1;
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value)
    {
        if (read_key(&r, key, value, out) < 0)
            return -EINVAL;
    }
    return 0;
}
