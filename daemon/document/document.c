/* SPDX-License-Identifier: Apache-2.0 */
/* Members of documents, and what refuses. */
#include "document/document.h"

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
        char plain[256];
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
    char text[VALUE_TEXT_MAX];
    json_t *o = json_object();
    doc_int(o, "value", value);
    doc_text(o, "text", value_format(q, value, text, sizeof text));
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
    if (refusal->n_near > 0)
        doc_put(o, "near", json_array());
    for (size_t i = 0; i < refusal->n_near; i++)
        json_array_append_new(json_object_get(o, "near"), json_integer(refusal->near[i]));
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

static json_t *notices(const struct prescription *p, const struct limit_verdict *verdict)
{
    json_t *array = json_array();
    for (size_t i = 0; i < verdict->notices.n; i++) {
        const struct refusal *notice = &verdict->notices.items[i];
        json_t *o = refusal_document(notice);
        doc_text(o, "id", notice->subject);
        doc_bool(o, "acknowledged", prescription_acknowledges(p, notice->subject));
        json_array_append_new(array, o);
    }
    return array;
}

json_t *doc_verdict(bool allowed, const struct prescription *p, const struct refusals *refused,
                    const struct limit_verdict *verdict)
{
    json_t *o = json_object();
    doc_bool(o, "allowed", allowed);
    doc_put(o, "refusals", doc_refusals(refused));
    doc_put(o, "notices", notices(p, verdict));
    if (refused->dropped > 0)
        doc_int(o, "dropped", (int64_t)refused->dropped);
    return o;
}
