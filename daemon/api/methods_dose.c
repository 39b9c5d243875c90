/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vocabulary, protocols and limits: what configuration and the compiled tables say, read only.
 */
#include <errno.h>
#include <string.h>

#include "api/call.h"
#include "api/fields.h"
#include "api/page.h"
#include "api/request.h"
#include "api/state.h"
#include "document/rows.h"

static const struct dose_tables *tables_of(const struct call *call)
{
    return &call->api->config->dose;
}

static bool page_take(struct call *call, struct page *page)
{
    if (page_open(page, call->params) == 0)
        return true;
    call_invalid(call, "params.cursor", "next_cursor of the page before");
    return false;
}

static enum modality modality_filter(const struct call *call)
{
    enum modality m = (enum modality)MODALITY_ANY;
    const char *id = param_text(call->params, "modality");
    if (id != NULL)
        (void)modality_find(id, &m); /* params_check has found it */
    return m;
}

static bool text_fits(const char *wanted, const char *value)
{
    return wanted == NULL || (value != NULL && strcmp(wanted, value) == 0);
}

/* --- vocabulary --- */

static void quantity_list_method(struct call *call)
{
    struct page page;
    const enum modality m = modality_filter(call);
    if (!page_take(call, &page))
        return;
    for (int q = 0; q < QUANTITY_COUNT; q++) {
        if ((modality_quantity_info((enum modality_quantity)q)->modalities & (unsigned)m) != 0 && page_wants(&page))
            json_array_append_new(page.items, show_quantity((enum modality_quantity)q));
    }
    call_result(call, page_close(&page));
}

static void site_list_method(struct call *call)
{
    struct page page;
    const struct screening *s = &tables_of(call)->screening;
    if (!page_take(call, &page))
        return;
    for (size_t i = 0; i < s->n_sites; i++) {
        if (page_wants(&page))
            json_array_append_new(page.items, show_site(s, &s->sites[i]));
    }
    call_result(call, page_close(&page));
}

static void condition_list_method(struct call *call)
{
    struct page page;
    const struct screening *s = &tables_of(call)->screening;
    if (!page_take(call, &page))
        return;
    for (size_t i = 0; i < s->n_conditions; i++) {
        if (page_wants(&page))
            json_array_append_new(page.items, show_condition(s, &s->conditions[i]));
    }
    call_result(call, page_close(&page));
}

/* --- protocols --- */

static bool channel_does(const json_t *channel, const struct protocol *p)
{
    size_t i;
    const json_t *waveform;
    bool found = false;
    json_array_foreach(json_object_get(channel, "waveforms"), i, waveform) found =
        found || text_fits(modality_waveform_id(p->waveform), json_string_value(waveform));
    return found && text_fits(modality_id(p->modality), param_text(channel, "modality"));
}

/* Whether the device has a channel for the protocol; one that is unknown, or that nobody has described, has none. */
static bool device_does(const struct call *call, const char *device, const struct protocol *p)
{
    if (device == NULL)
        return true;
    struct session_time now = api_now();
    json_t *document = device_get(call->api->settings.sessions, device, &now);
    bool found = false;
    size_t i;
    const json_t *channel;
    json_array_foreach(json_object_get(document, "channels"), i, channel) found = found || channel_does(channel, p);
    json_decref(document);
    return found;
}

/* --- bundles: protocols that belong together for one indication --- */

static bool bundle_holds(const struct config_bundle *b, size_t protocol)
{
    bool held = false;
    for (size_t i = 0; i < b->n_protocols; i++)
        held = held || b->protocols[i] == protocol;
    return held;
}

static json_t *bundle_document(const struct config *config, const struct config_bundle *b)
{
    json_t *o = json_object(), *protocols = json_array();
    for (size_t i = 0; i < b->n_protocols; i++)
        json_array_append_new(protocols, json_string(config->dose.protocols[b->protocols[i]].id));
    doc_text(o, "id", b->id);
    doc_text(o, "label", b->label);
    doc_text(o, "indication", b->indication);
    doc_put(o, "protocols", protocols);
    doc_text(o, "notes", b->notes);
    doc_text(o, "source", b->source);
    doc_text(o, "origin", b->origin);
    return o;
}

/* The bundles of which a protocol is a part. */
static json_t *bundles_of(const struct config *config, const struct protocol *p)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->n_bundles; i++) {
        if (bundle_holds(&config->bundles[i], (size_t)(p - config->dose.protocols)))
            json_array_append_new(list, bundle_document(config, &config->bundles[i]));
    }
    return list;
}

/* Its own indication, or that of a bundle that it is a part of. */
static bool indication_fits(const struct config *config, const char *wanted, const struct protocol *p)
{
    bool fits = text_fits(wanted, p->indication);
    for (size_t i = 0; i < config->n_bundles; i++) {
        const struct config_bundle *b = &config->bundles[i];
        fits = fits || (bundle_holds(b, (size_t)(p - config->dose.protocols)) && text_fits(wanted, b->indication));
    }
    return fits;
}

static json_t *protocol_document(const struct call *call, const struct protocol *p, bool whole)
{
    json_t *o = show_protocol(tables_of(call), p, whole);
    doc_put(o, "bundles", bundles_of(call->api->config, p));
    return o;
}

static bool protocol_fits(const struct call *call, const struct protocol *p)
{
    const struct dose_tables *t = tables_of(call);
    const char *site = param_text(call->params, "site");
    int index = site != NULL ? site_find(t, site) : -1;
    bool at_site = site == NULL || p->sites == 0 || (index >= 0 && (p->sites >> index & 1) != 0);
    return at_site && (p->modality & modality_filter(call)) != 0 &&
           indication_fits(call->api->config, param_text(call->params, "indication"), p) &&
           text_fits(param_text(call->params, "source"), p->source) &&
           text_fits(param_text(call->params, "therapy"), modality_therapy_id(p->therapy)) &&
           device_does(call, param_text(call->params, "device"), p);
}

static void protocol_list_method(struct call *call)
{
    struct page page;
    const struct dose_tables *t = tables_of(call);
    if (!page_take(call, &page))
        return;
    for (size_t i = 0; i < t->n_protocols; i++) {
        if (protocol_fits(call, &t->protocols[i]) && page_wants(&page))
            json_array_append_new(page.items, protocol_document(call, &t->protocols[i], false));
    }
    call_result(call, page_close(&page));
}

static void protocol_get_method(struct call *call)
{
    const struct dose_tables *t = tables_of(call);
    const char *id = param_text(call->params, "protocol");
    const struct protocol *p = protocol_find(t, id);
    if (p == NULL) {
        call_refuse(call, TOKEN_NOT_FOUND, json_pack("{s:s}", "protocol", id), "no [protocol %s] is configured", id);
        return;
    }
    json_t *result = protocol_document(call, p, true);
    json_t *questions = session_questions(call->api->settings.sessions, id, param_text(call->params, "site"),
                                          param_text(call->params, "indication"));
    json_object_set_new(result, "questions", questions != NULL ? questions : json_array());
    call_result(call, result);
}

/* --- limits --- */

static void limits_list_method(struct call *call)
{
    struct page page;
    const struct dose_tables *t = tables_of(call);
    if (!page_take(call, &page))
        return;
    for (size_t i = 0; i < t->n_limits; i++) {
        const struct limit *l = &t->limits[i];
        if ((l->modality & modality_filter(call)) != 0 &&
            text_fits(param_text(call->params, "quantity"), modality_quantity_info(l->quantity)->id) &&
            text_fits(param_text(call->params, "class"), limit_class_id(l->class)) &&
            text_fits(param_text(call->params, "layer"), limit_layer_id(l->layer)) && page_wants(&page))
            json_array_append_new(page.items, show_limit(t, l));
    }
    call_result(call, page_close(&page));
}

static const struct limit *limit_by_id(const struct dose_tables *t, const char *id)
{
    for (size_t i = 0; id != NULL && i < t->n_limits; i++) {
        if (strcmp(t->limits[i].id, id) == 0)
            return &t->limits[i];
    }
    return NULL;
}

/* How a treatment stands to everything that bounds the quantity; false when the treatment cannot be read. */
static bool put_bounds(struct call *call, const json_t *treatment, enum modality_quantity q, json_t *result)
{
    struct session_request request;
    struct request_fault fault;
    struct session_time now = api_now();
    if (request_read(treatment, tables_of(call), now.wall_ms, &request, &fault) < 0) {
        call_refuse(call, fault.token, json_pack("{s:s}", "field", fault.field), "%s", fault.message);
        return false;
    }
    doc_put(result, "bounds", session_bounds(call->api->settings.sessions, &request, q, &now));
    return true;
}

static void limits_explain_method(struct call *call)
{
    const char *id = param_text(call->params, "limit");
    const struct limit *limit = limit_by_id(tables_of(call), id);
    const json_t *treatment = json_object_get(call->params, "treatment");
    if (limit == NULL) {
        call_refuse(call, TOKEN_NOT_FOUND, json_pack("{s:s}", "limit", id), "there is no limit %s", id);
        return;
    }
    json_t *result = show_limit_explained(tables_of(call), limit);
    if (treatment == NULL || put_bounds(call, treatment, limit->quantity, result))
        call_result(call, result);
    else
        json_decref(result);
}

/* --- the table --- */

static const char *const choices_class[] = {"hard", "notice", "target", "info", "device", NULL};
static const char *const choices_layer[] = {"compiled", "installation", "protocol", NULL};

static const struct param by_modality[] = {
    FIELD("modality", PARAM_STRING, "of this modality", .choices = choices_modality),
    FIELDS_PAGE,
};
static const struct param list[] = {FIELDS_PAGE};
static const struct param protocols[] = {
    FIELD("modality", PARAM_STRING, "of this modality", .choices = choices_modality),
    FIELD("therapy", PARAM_STRING, "of this therapy", ID_BOUNDS),
    FIELD("site", PARAM_STRING, "allowed at this body site", ID_BOUNDS),
    FIELD("indication", PARAM_STRING, "for this indication: its own, or that of a bundle it is in", ID_BOUNDS),
    FIELD("device", PARAM_STRING, "that this device can do", ID_BOUNDS),
    FIELD("source", PARAM_STRING, "from this source", PARAM_TEXT_BOUNDS),
    FIELDS_PAGE,
};
static const struct param protocol_one[] = {
    FIELD("protocol", PARAM_STRING, "id", .required = true, ID_BOUNDS),
    FIELD("site", PARAM_STRING, "questions for this body site", ID_BOUNDS),
    FIELD("indication", PARAM_STRING, "questions for this indication", ID_BOUNDS),
};
static const struct param limits[] = {
    FIELD("modality", PARAM_STRING, "for this modality", .choices = choices_modality),
    FIELD("quantity", PARAM_STRING, "on this quantity", ID_BOUNDS),
    FIELD("class", PARAM_STRING, "of this class", .choices = choices_class),
    FIELD("layer", PARAM_STRING, "of this layer", .choices = choices_layer),
    FIELDS_PAGE,
};
static const struct param limit_one[] = {
    FIELD("limit", PARAM_STRING, "id", .required = true, ID_BOUNDS),
    FIELD("treatment", PARAM_OBJECT, "an intended treatment, as session.check takes it", .fields = fields_check,
          .n_fields = FIELDS_REQUEST_COUNT),
};

static const struct param range[] = {
    FIELD("quantity", PARAM_STRING, "what", .required = true),
    FIELD("min", PARAM_INTEGER, "lowest, base unit", .required = true),
    FIELD("initial", PARAM_INTEGER, "default", .required = true),
    FIELD("max", PARAM_INTEGER, "highest", .required = true),
    FIELD("unit", PARAM_STRING, "base unit", .required = true),
    FIELD("display_unit", PARAM_STRING, "unit that people read"),
    FIELD("origin", PARAM_STRING, "file:line"),
};
static const struct param range_item = FIELD("parameter", PARAM_OBJECT, "range", .open = true, PARAM_FIELDS(range));
static const struct param protocol_result[] = {
    FIELD("id", PARAM_STRING, "id", .required = true),
    FIELD("label", PARAM_STRING, "label"),
    FIELD("revision", PARAM_STRING, "revision"),
    FIELD("hash", PARAM_STRING, "of its lines", .required = true),
    FIELD("modality", PARAM_STRING, "modality", .required = true),
    FIELD("therapy", PARAM_STRING, "therapy", .required = true),
    FIELD("waveform", PARAM_STRING, "waveform class", .required = true),
    FIELD("locked", PARAM_BOOLEAN, "rests on limits that are neither verified nor accepted", .required = true),
    FIELD("lock", PARAM_OBJECT, "the first of them", .open = true),
    FIELD("locks", PARAM_ARRAY, "all of them: limit, source, origin, unlock", .item = &field_object_item),
    FIELD("end_by", PARAM_STRING, "what ends a treatment: time, dose, count", .required = true),
    FIELD("end_quantity", PARAM_STRING, "the dose that ends it, where time does not"),
    FIELD("bundles", PARAM_ARRAY, "what it is a part of: id, label, indication, protocols, notes", .required = true,
          .item = &field_object_item),
    FIELD("parameters", PARAM_ARRAY, "ranges", .required = true, .item = &range_item),
    FIELD("questions", PARAM_ARRAY, "what is to be asked", .required = true, .item = &field_question_item),
    FIELD("source", PARAM_STRING, "where it comes from"),
    FIELD("verified", PARAM_STRING, "whether that was verified"),
    FIELD("origin", PARAM_STRING, "file:line"),
};
static const struct param explained[] = {
    FIELD("limit", PARAM_OBJECT, "the limit", .required = true, .open = true),
    FIELD("others", PARAM_ARRAY, "what else bounds its quantity", .required = true, .item = &field_object_item),
    FIELD("locks", PARAM_ARRAY, "protocols that it locks", .required = true, .item = &field_text_item),
    FIELD("bounds", PARAM_ARRAY, "of a treatment: what bounds its quantity, as limits of session.check tells it",
          .item = &field_object_item),
};

static const struct method methods[] = {
    {.name = "quantity.list",
     .summary = "The table of quantities: id, units, safer direction, rest, meaning.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(by_modality),
     .result = RESULT_ITEMS("quantities"),
     .handle = quantity_list_method},
    {.name = "site.list",
     .summary = "Body sites.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(list),
     .result = RESULT_ITEMS("sites"),
     .handle = site_list_method},
    {.name = "condition.list",
     .summary = "Conditions and what each means for each therapy.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(list),
     .result = RESULT_ITEMS("conditions"),
     .handle = condition_list_method},
    {.name = "protocol.list",
     .summary = "Protocols, filtered.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(protocols),
     .result = RESULT_ITEMS("protocols in short"),
     .handle = protocol_list_method},
    {.name = "protocol.get",
     .summary = "One protocol with ranges, lock, source and screening questions.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(protocol_one),
     .result = RESULT_OBJECT(protocol_result, "the protocol"),
     .tokens = {TOKEN_NOT_FOUND},
     .handle = protocol_get_method},
    {.name = "limits.list",
     .summary = "Every limit in force, compiled ones included, with the place it came from.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(limits),
     .result = RESULT_ITEMS("limits"),
     .handle = limits_list_method},
    {.name = "limits.explain",
     .summary = "One limit, what else bounds its quantity, the protocols it locks, and how a treatment stands to them. "
                "session.check holds a treatment against all limits.",
     .right = RIGHT_VIEWER,
     METHOD_PARAMS(limit_one),
     .result = RESULT_OBJECT(explained, "the limit in its surroundings"),
     .tokens = {TOKEN_NOT_FOUND, TOKEN_OUT_OF_RANGE, TOKEN_IDENTITY_MISMATCH},
     .handle = limits_explain_method},
};
const struct method_group methods_dose = {methods, PARAM_COUNT(methods)};
