/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small JSON helpers and the documents that several files need. Texts may come from a device: what is not printable
 * ASCII or valid UTF-8 is replaced, never dropped with the member.
 */
#include "session/internal.h"

void doc_put(json_t *object, const char *key, json_t *value)
{
    if (value)
        json_object_set_new(object, key, value);
}

void doc_text(json_t *object, const char *key, const char *text)
{
    if (!text)
        return;
    json_t *value = json_string(text);
    if (!value) {
        char plain[LINK_TEXT_MAX];
        size_t n = 0;
        for (; text[n] && n + 1 < sizeof plain; n++)
            plain[n] = (unsigned char)text[n] < 0x20 || (unsigned char)text[n] > 0x7e ? '?' : text[n];
        plain[n] = '\0';
        value = json_string(plain);
    }
    doc_put(object, key, value);
}

void doc_int(json_t *object, const char *key, int64_t value)
{
    doc_put(object, key, json_integer((json_int_t)value));
}

void doc_bool(json_t *object, const char *key, bool value)
{
    doc_put(object, key, json_boolean(value));
}

bool doc_append(json_t *array, json_t *value, size_t max)
{
    if (json_array_size(array) >= max) {
        json_decref(value);
        return false;
    }
    return json_array_append_new(array, value) == 0;
}

json_t *doc_quantity(enum modality_quantity q, int64_t value)
{
    char text[64];
    json_t *o = json_object();
    doc_int(o, "value", value);
    doc_text(o, "text", value_format(q, value, text, sizeof text));
    return o;
}

json_t *doc_amounts(const struct dose_amounts *a)
{
    json_t *o = json_object();
    size_t n;
    const struct supervise_amount *each = supervise_amounts(&n);
    for (size_t i = 0; i < n; i++)
        doc_int(o, modality_quantity_info(each[i].quantity)->id, supervise_amount_of(a, &each[i]));
    return o;
}

json_t *doc_identity(const struct modality_identity *identity)
{
    json_t *o = json_object();
    doc_text(o, "maker", identity->maker);
    doc_text(o, "model", identity->model);
    doc_text(o, "serial", identity->serial);
    doc_text(o, "firmware", identity->firmware);
    return o;
}

json_t *refusal_document(const struct refusal *refusal)
{
    json_t *o = json_object();
    doc_text(o, "token", modality_token_id(refusal->token));
    doc_text(o, "subject", refusal->subject);
    if (refusal->token == TOKEN_BUSY)
        doc_text(o, "holder", refusal->subject);
    if (refusal->has_quantity) {
        const struct modality_quantity_info *info = modality_quantity_info(refusal->quantity);
        doc_text(o, "quantity", info->id);
        doc_text(o, "unit", info->base_unit);
    }
    if (refusal->has_value)
        doc_int(o, "value", refusal->value);
    if (refusal->has_bound) {
        doc_int(o, refusal->is_min ? "min" : "max", refusal->bound);
        doc_text(o, "layer", limit_layer_id(refusal->layer));
    }
    doc_text(o, "origin", refusal->origin);
    if (refusal->channel >= 0)
        doc_int(o, "channel", refusal->channel);
    doc_text(o, "message", refusal->message);
    return o;
}

json_t *doc_refusals(const struct refusals *r)
{
    json_t *array = json_array();
    for (size_t i = 0; i < r->n; i++)
        json_array_append_new(array, refusal_document(&r->items[i]));
    return array;
}

const char *evidence_id(enum modality_evidence e)
{
    switch (e) {
    case EVIDENCE_NONE:
        return "none";
    case EVIDENCE_PRESUMED:
        return "presumed";
    case EVIDENCE_REPORTED:
        return "reported";
    case EVIDENCE_MEASURED:
        return "measured";
    }
    return "none";
}

const char *output_id(enum modality_output o)
{
    switch (o) {
    case OUTPUT_UNKNOWN:
        return "unknown";
    case OUTPUT_REST:
        return "rest";
    case OUTPUT_PROBE:
        return "probe";
    case OUTPUT_ON:
        return "on";
    }
    return "unknown";
}

const char *contact_id(enum modality_contact c)
{
    switch (c) {
    case CONTACT_UNKNOWN:
        return "unknown";
    case CONTACT_NOT_MONITORED:
        return "not_monitored";
    case CONTACT_GOOD:
        return "good";
    case CONTACT_POOR:
        return "poor";
    case CONTACT_LOST:
        return "lost";
    case CONTACT_SHORTED:
        return "shorted";
    }
    return "unknown";
}
