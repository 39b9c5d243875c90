/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols: finding them and what they name, whether one rests on a limit that nobody has verified, and whether a
 * treatment stays inside it. A protocol only narrows; what it does not mention cannot be asked.
 */
#include "dose/protocol.h"

#include <errno.h>

const struct protocol *protocol_find(const struct dose_tables *t, const char *id)
{
    for (size_t i = 0; i < t->n_protocols; i++) {
        if (strcmp(t->protocols[i].id, id) == 0) {
            return &t->protocols[i];
        }
    }
    return NULL;
}

int site_find(const struct dose_tables *t, const char *id)
{
    for (size_t i = 0; i < t->screening.n_sites; i++) {
        if (strcmp(t->screening.sites[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

int applicator_find(const struct dose_tables *t, const char *id)
{
    for (size_t i = 0; i < t->n_applicators; i++) {
        if (strcmp(t->applicators[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static const struct protocol_parameter *parameter_find(const struct protocol *p, enum modality_quantity q)
{
    for (size_t i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].quantity == q) {
            return &p->parameters[i];
        }
    }
    return NULL;
}

/* The parameter that decides a band: for the band frequency the carrier where there is one, else the pulse rate. */
static const struct protocol_parameter *parameter_of_band(const struct protocol *p, enum modality_quantity q)
{
    if (q != QUANTITY_limit_frequency_millihz) {
        return parameter_find(p, q);
    }
    const struct protocol_parameter *carrier = parameter_find(p, QUANTITY_carrier_frequency_millihz);
    return carrier != NULL ? carrier : parameter_find(p, QUANTITY_pulse_rate_millihz);
}

/*
 * Whether the protocol can come into a band: its range meets it. What the protocol does not fix may lie anywhere, but a
 * commanded value that it does not have is never asked.
 */
static bool protocol_meets_band(const struct protocol *p, const struct limit_range *band)
{
    const struct protocol_parameter *range = parameter_of_band(p, band->quantity);
    if (range == NULL) {
        return modality_quantity_info(band->quantity)->basis != BASIS_COMMANDED;
    }
    return (!band->has_above || range->max > band->above) && (!band->has_upto || range->min <= band->upto);
}

bool protocol_meets(const struct protocol *p, const struct limit *l)
{
    const struct limit_when *w = &l->when;
    if (((unsigned)l->modality & (unsigned)p->modality) == 0 || (w->unless_thermal && p->thermal)) {
        return false;
    }
    if (w->waveforms != 0 && ((w->waveforms >> p->waveform) & 1u) == 0) {
        return false;
    }
    if (w->therapies != 0 && ((w->therapies >> p->therapy) & 1u) == 0) {
        return false;
    }
    if (w->sites != 0 && p->sites != 0 && (w->sites & p->sites) == 0) {
        return false;
    }
    for (size_t i = 0; i < w->n_ranges; i++) {
        if (!protocol_meets_band(p, &w->ranges[i])) {
            return false;
        }
    }
    return true;
}

/* Whether a limit bounds what a patient gets, and not what a device's tests must have shown. */
static bool bounds_dose(const struct limit *l)
{
    switch ((int)l->quantity) {
    case QUANTITY_minimum_setting_permille:
    case QUANTITY_patient_leakage_ua:
    case QUANTITY_patient_leakage_fault_ua:
    case QUANTITY_diathermy_distance_mm:
    case QUANTITY_unwanted_radiation_uw_cm2:
    case QUANTITY_supply_variation_permille:
        return false;
    default:
        return l->class == LIMIT_HARD && l->use == USE_TREATMENT;
    }
}

bool limit_may_lock(const struct limit *l)
{
    return l->verified == VERIFIED_NO && bounds_dose(l);
}

bool protocol_locked_by(const struct protocol *p, const struct limit *l)
{
    return limit_may_lock(l) && !l->accepted && protocol_meets(p, l);
}

const struct limit *protocol_lock(const struct dose_tables *t, const struct protocol *p)
{
    for (size_t i = 0; i < t->n_limits; i++) {
        if (protocol_locked_by(p, &t->limits[i])) {
            return &t->limits[i];
        }
    }
    return NULL;
}

static struct refusal *refuse_range(const struct protocol *p, const struct protocol_parameter *range, int channel,
                                    int64_t value, bool is_min, struct refusals *r)
{
    char text[VALUE_TEXT_MAX], bound[VALUE_TEXT_MAX];
    int64_t limit = is_min ? range->min : range->max;
    const char *origin = range->origin;
    origin = origin != NULL ? origin : "configuration";
    if (range->quantity == QUANTITY_rest_interval_ms) { /* any time may have passed: it is told in the bound's unit */
        value_format_beside(range->quantity, value, limit, text, sizeof text);
    } else {
        value_format(range->quantity, value, text, sizeof text);
    }
    struct refusal *item =
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "%s would be %s; protocol %s allows at %s %s (%s)",
                    modality_quantity_info(range->quantity)->id, text, p->id, is_min ? "least" : "most",
                    value_format(range->quantity, limit, bound, sizeof bound), origin);
    item->has_quantity = item->has_value = item->has_bound = true;
    item->is_min = is_min;
    item->quantity = range->quantity;
    item->value = value;
    item->bound = limit;
    item->layer = LAYER_PROTOCOL;
    item->origin = range->origin;
    item->channel = channel;
    return item;
}

/* Both ends of a value against a range; one refusal for the end that is out, the higher first. */
static void check_range(const struct protocol *p, const struct protocol_parameter *range, int channel, int64_t a,
                        int64_t b, struct refusals *r)
{
    int64_t low = a < b ? a : b, high = a < b ? b : a;
    if (high > range->max) {
        refuse_range(p, range, channel, high, false, r);
    }
    if (low < range->min) {
        refuse_range(p, range, channel, low, true, r);
    }
}

static void refuse_quantity(const struct protocol *p, enum modality_token token, int channel, enum modality_quantity q,
                            const char *what, struct refusals *r)
{
    struct refusal *item = refusal_add(r, token, p->id, "%s %s protocol %s (%s)", modality_quantity_info(q)->id, what,
                                       p->id, p->origin != NULL ? p->origin : "configuration");
    item->has_quantity = true;
    item->quantity = q;
    item->layer = LAYER_PROTOCOL;
    item->origin = p->origin;
    item->channel = channel;
}

/* Every commanded value of a channel has a range in the protocol; every range has a value. */
static void check_channel(const struct protocol *p, const struct dose_channel *c, int channel, struct refusals *r)
{
    for (unsigned i = 0; i < QUANTITY_COUNT; i++) {
        enum modality_quantity q = (enum modality_quantity)i;
        bool given = quantity_has(&c->start, q) && quantity_has(&c->ceiling, q);
        bool commanded = modality_quantity_info(q)->basis == BASIS_COMMANDED || course_names(q);
        const struct protocol_parameter *range = parameter_find(p, q);
        if (range != NULL && given) {
            check_range(p, range, channel, c->start.value[q], c->ceiling.value[q], r);
        } else if (range != NULL && q != QUANTITY_duration_ms) {
            refuse_quantity(p, TOKEN_INCOMPLETE, channel, q, "is missing, and is set by", r);
        } else if (range == NULL && commanded && (quantity_has(&c->start, q) || quantity_has(&c->ceiling, q))) {
            refuse_quantity(p, TOKEN_OUT_OF_RANGE, channel, q, "is not a parameter of", r);
        }
    }
}

/* A name of another therapy would ask the questions and obey the limits of that one. */
static void check_kind(const struct protocol *p, struct refusals *r)
{
    if (((modality_therapy_waveforms(p->therapy) >> p->waveform) & 1u) == 0) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "%s is not given by the waveform class %s",
                    modality_therapy_id(p->therapy), modality_waveform_id(p->waveform));
    }
    if (p->thermal && !modality_therapy_may_heat(p->therapy)) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "%s is not a thermal therapy", modality_therapy_id(p->therapy));
    }
}

static void check_shape(const struct protocol *p, const struct dose_treatment *t, struct refusals *r)
{
    const char *origin = p->origin != NULL ? p->origin : "configuration";
    check_kind(p, r);
    if (t->modality != p->modality || t->therapy != p->therapy || t->thermal != p->thermal) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "the treatment is not a %s as protocol %s (%s) says",
                    modality_therapy_id(p->therapy), p->id, origin);
    }
    if (t->n_channels < p->n_channels_min || t->n_channels > p->n_channels_max) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "%zu channels are asked; protocol %s takes %zu to %zu (%s)",
                    t->n_channels, p->id, p->n_channels_min, p->n_channels_max, origin);
    }
    if (p->sites != 0 && (t->site >= DOSE_SITES_MAX || ((p->sites >> t->site) & 1u) == 0)) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "protocol %s is not meant for this body site (%s)", p->id, origin);
    }
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        if (t->channels[c].waveform != p->waveform) {
            refuse_quantity(p, TOKEN_OUT_OF_RANGE, (int)c, QUANTITY_waveform_class, "differs from", r);
        }
    }
}

int protocol_check(const struct protocol *p, const struct dose_treatment *t, struct refusals *r)
{
    size_t before = r->n + r->dropped;
    check_shape(p, t, r);
    const struct protocol_parameter *duration = parameter_find(p, QUANTITY_duration_ms);
    if (duration != NULL) {
        check_range(p, duration, -1, t->duration_ms, t->duration_ms, r);
    }
    for (size_t c = 0; c < t->n_channels && c < DOSE_CHANNELS_MAX; c++) {
        check_channel(p, &t->channels[c], (int)c, r);
    }
    return r->n + r->dropped > before ? -EPERM : 0;
}

int protocol_check_history(const struct protocol *p, const struct dose_history *history, struct refusals *r)
{
    size_t before = r->n + r->dropped;
    struct protocol_parameter rest = {
        .quantity = QUANTITY_rest_interval_ms, .min = p->rest_min_ms, .max = INT64_MAX, .origin = p->rest_origin};
    struct protocol_parameter sessions = {
        .quantity = QUANTITY_session_count, .max = p->sessions_per_day, .origin = p->sessions_origin};
    if (history->has_last_end && history->since_last_end_ms < rest.min) {
        refuse_range(p, &rest, -1, history->since_last_end_ms, true, r)->token = TOKEN_REST_INTERVAL;
    }
    if (p->sessions_per_day > 0) {
        int64_t planned = history->session_count < INT64_MAX ? history->session_count + 1 : INT64_MAX;
        check_range(p, &sessions, -1, planned, planned, r);
    }
    return r->n + r->dropped > before ? -EPERM : 0;
}
