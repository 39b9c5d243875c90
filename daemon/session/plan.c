/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request to an intended treatment: names are resolved against the tables and the device, and every commanded
 * quantity gets its start value and ceiling. Works while the device is absent, as far as it can.
 */
#include "session/internal.h"

#include "dose/wide.h"

bool quantity_unsafer(enum modality_quantity q, int64_t a, int64_t b)
{
    switch (modality_quantity_info(q)->safer) {
    case SAFER_NONE:
    case SAFER_DOWN:
        return a > b;
    case SAFER_UP:
        return a < b;
    }
    return a > b;
}

static bool differs(const char *given, const char *known)
{
    return given && known && strcmp(given, known) != 0;
}

static void resolve_protocol(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    const struct protocol *p = rq->protocol ? protocol_find(plan->tables, rq->protocol) : NULL;
    plan->protocol = p;
    if (!p) {
        refusal_add(r, TOKEN_NOT_FOUND, rq->protocol, "there is no protocol %s", rq->protocol ? rq->protocol : "");
        return;
    }
    if (differs(rq->protocol_revision, p->revision))
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, p->id, "protocol %s has revision %s, the request names %s", p->id,
                    p->revision, rq->protocol_revision);
    if (differs(rq->protocol_hash, p->hash))
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, p->id, "protocol %s has changed: its hash is not the requested one",
                    p->id);
    if (differs(rq->output.waveform, modality_waveform_id(p->waveform)))
        refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "protocol %s uses waveform %s, the request names %s (%s)", p->id,
                    modality_waveform_id(p->waveform), rq->output.waveform, p->origin);
}

static void resolve_site(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    plan->site = rq->site ? site_find(plan->tables, rq->site) : -1;
    if (plan->site < 0) {
        refusal_add(r, TOKEN_NOT_FOUND, rq->site, "there is no body site %s", rq->site ? rq->site : "");
        return;
    }
    const struct site *site = &plan->tables->screening.sites[plan->site];
    const char *side = rq->side ? rq->side : "";
    const bool lateral = !strcmp(side, "left") || !strcmp(side, "right");
    const bool midline = !strcmp(side, "midline"), known = lateral || midline || !strcmp(side, "both");
    const char *sides = site->has_sides ? "left, right or both" : "midline";
    if (!known)
        refusal_add(r, TOKEN_INCOMPLETE, site->id, "site %s needs a side: %s", site->id, sides);
    else if (site->has_sides == midline)
        refusal_add(r, TOKEN_OUT_OF_RANGE, site->id, "site %s has no side %s, it has %s (%s)", site->id, side, sides,
                    site->origin);
}

static int find_group(const struct modality_device *d, const char *id)
{
    for (size_t i = 0; id && i < d->n_groups; i++) {
        if (strcmp(d->groups[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

static int find_channel(const struct modality_device *d, const char *id)
{
    for (size_t i = 0; id && i < d->n_channels; i++) {
        if (strcmp(d->channels[i].id, id) == 0)
            return (int)i;
    }
    return -1;
}

/* A group is armed as a whole: what is not named would be driven all the same. */
static void check_whole_group(const struct plan *plan, const struct session_output *o, struct refusals *r)
{
    const struct modality_device *d = &plan->unit->info.device;
    uint32_t named = 0;
    char missing[128] = "";
    for (size_t i = 0; i < plan->treatment.n_channels; i++)
        named |= UINT32_C(1) << plan->channels[i];
    const uint32_t left = d->groups[plan->group].channels & ~named;
    for (size_t i = 0, at = 0; i < d->n_channels && at < sizeof missing; i++) {
        if ((left >> i) & 1u)
            at += (size_t)snprintf(missing + at, sizeof missing - at, "%s%s", at ? ", " : "", d->channels[i].id);
    }
    if (left)
        refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id,
                    "group %s of device %s drives channel %s too, which the request does not name: name every channel "
                    "of the group",
                    o->group, plan->unit->id, missing);
}

static void resolve_channels(struct plan *plan, const struct session_output *o, struct refusals *r)
{
    const struct modality_device *d = &plan->unit->info.device;
    const size_t before = r->n;
    const int group = find_group(d, o->group);
    if (group < 0) {
        refusal_add(r, TOKEN_NOT_FOUND, plan->unit->id, "device %s has no output group %s", plan->unit->id,
                    o->group ? o->group : "");
        return;
    }
    plan->group = (uint32_t)group;
    for (size_t i = 0; i < plan->treatment.n_channels; i++) {
        const int c = find_channel(d, o->channels[i]);
        if (c < 0 || !((d->groups[group].channels >> c) & 1u)) {
            refusal_add(r, TOKEN_NOT_FOUND, plan->unit->id, "group %s of device %s has no channel %s", o->group,
                        plan->unit->id, o->channels[i] ? o->channels[i] : "");
            continue;
        }
        for (size_t k = 0; k < i; k++) {
            if (plan->device[k] && plan->channels[k] == (uint32_t)c)
                refusal_add(r, TOKEN_OUT_OF_RANGE, plan->unit->id, "channel %s is named twice", o->channels[i]);
        }
        plan->channels[i] = (uint32_t)c;
        plan->device[i] = &d->channels[c];
    }
    if (r->n == before)
        check_whole_group(plan, o, r);
    plan->resolved = r->n == before;
}

static void resolve_device(struct sessions *s, struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    const struct session_output *o = &rq->output;
    plan->unit = o->device ? unit_find(s, o->device) : NULL;
    plan->treatment.n_channels = o->n_channels < DOSE_CHANNELS_MAX ? o->n_channels : DOSE_CHANNELS_MAX;
    if (!plan->unit) {
        refusal_add(r, TOKEN_NOT_FOUND, o->device, "there is no device %s", o->device ? o->device : "");
        return;
    }
    if (plan->unit->described)
        resolve_channels(plan, o, r);
}

/* The quantity that is walked: the device's where it is known, else that of the waveform. */
static enum modality_quantity level_of(const struct plan *plan)
{
    if (plan->device[0])
        return plan->device[0]->level;
    switch (modality_waveform_modality(plan->protocol->waveform)) {
    case MODALITY_ESTIM:
        return plan->protocol->waveform == WAVEFORM_hvpc ? QUANTITY_amplitude_mv : QUANTITY_amplitude_ua;
    case MODALITY_ULTRASOUND:
        return QUANTITY_intensity_satp_uw_cm2;
    case MODALITY_LASER:
        return plan->protocol->waveform == WAVEFORM_laser_pulsed ? QUANTITY_peak_power_uw : QUANTITY_power_uw;
    case MODALITY_COLD:
        return QUANTITY_temperature_millic;
    }
    return QUANTITY_amplitude_ua;
}

static const struct session_parameter *requested(const struct session_request *rq, enum modality_quantity q)
{
    for (size_t i = 0; i < rq->output.n_parameters; i++) {
        if (rq->output.parameters[i].quantity == q)
            return &rq->output.parameters[i];
    }
    return NULL;
}

static void put_parameter(struct plan *plan, const struct session_request *rq, const struct protocol_parameter *p,
                          struct refusals *r)
{
    int64_t start = p->initial;
    const struct session_parameter *given = requested(rq, p->quantity);
    if (given && !given->start_absent)
        start = given->start;
    else if (p->quantity == QUANTITY_treated_area_mm2 && rq->treated_area_mm2 > 0)
        start = rq->treated_area_mm2;
    const int64_t ceiling = given && !given->ceiling_absent ? given->ceiling : start;
    if (p->quantity == QUANTITY_active_polarity && ceiling != start) /* a current that turns round is a shock */
        refusal_add(r, TOKEN_OUT_OF_RANGE, modality_quantity_info(p->quantity)->id,
                    "active_polarity cannot change during a treatment: prepare another one");
    for (size_t i = 0; i < plan->treatment.n_channels; i++) {
        quantity_put(&plan->treatment.channels[i].start, p->quantity, start);
        quantity_put(&plan->treatment.channels[i].ceiling, p->quantity, ceiling);
    }
}

static void put_parameters(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    const struct protocol *p = plan->protocol;
    for (size_t i = 0; i < p->n_parameters; i++) {
        const struct protocol_parameter *parameter = &p->parameters[i];
        if (parameter->quantity != QUANTITY_duration_ms)
            put_parameter(plan, rq, parameter, r);
        else if (plan->treatment.duration_ms == 0)
            plan->treatment.duration_ms = parameter->initial;
    }
    for (size_t i = 0; i < rq->output.n_parameters; i++) {
        const enum modality_quantity q = rq->output.parameters[i].quantity;
        if (check_misplaced(q, r))
            continue;
        bool known = false;
        for (size_t k = 0; k < p->n_parameters; k++)
            known = known || p->parameters[k].quantity == q;
        if (!known) {
            struct refusal *refusal = refusal_add(r, TOKEN_OUT_OF_RANGE, p->id, "protocol %s has no parameter %s (%s)",
                                                  p->id, modality_quantity_info(q)->id, p->origin);
            refusal->has_quantity = true;
            refusal->quantity = q;
        }
    }
}

static void put_property(struct plan *plan, size_t channel, enum modality_quantity q, int64_t value)
{
    if (value <= 0)
        return;
    quantity_put(&plan->treatment.channels[channel].start, q, value);
    quantity_put(&plan->treatment.channels[channel].ceiling, q, value);
}

/* What the device's section reports of it, as far as it concerns this treatment. */
static void put_reported(struct plan *plan, size_t channel)
{
    const struct quantity_set *reported = &plan->unit->settings->reported;
    for (int n = 0; n < QUANTITY_COUNT; n++) {
        const enum modality_quantity q = (enum modality_quantity)n;
        if (!quantity_has(reported, q) || !(modality_quantity_info(q)->modalities & (unsigned)plan->treatment.modality))
            continue;
        quantity_put(&plan->treatment.channels[channel].start, q, reported->value[q]);
        quantity_put(&plan->treatment.channels[channel].ceiling, q, reported->value[q]);
    }
}

/* The smallest level other than rest over the largest, as the device describes it or, if that is more, as reported. */
static void put_minimum_setting(struct plan *plan, size_t channel)
{
    const struct modality_channel *c = plan->device[channel];
    const enum modality_quantity q = QUANTITY_minimum_setting_permille;
    for (size_t i = 0; c && i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        const struct modality_range *range = &c->ranges[i];
        int64_t permille;
        if (range->quantity != c->level || !range->settable || range->max <= 0)
            continue;
        const int64_t smallest = range->min > c->rest_value ? range->min : c->rest_value + range->resolution;
        if (wide_mul_div_up(smallest, 1000, range->max, &permille) == 0 &&
            permille > quantity_or_zero(&plan->treatment.channels[channel].start, q))
            put_property(plan, channel, q, permille);
    }
}

static void put_properties(struct plan *plan, const struct session_request *rq, struct refusals *r)
{
    struct dose_treatment *t = &plan->treatment;
    t->applicator = -1;
    const struct applicator *a = NULL;
    if (rq->output.applicator_ref) {
        t->applicator = applicator_find(plan->tables, rq->output.applicator_ref);
        if (t->applicator < 0)
            refusal_add(r, TOKEN_NOT_FOUND, rq->output.applicator_ref, "there is no applicator %s",
                        rq->output.applicator_ref);
        else
            a = &plan->tables->applicators[t->applicator];
    }
    if (t->modality == MODALITY_ESTIM)
        plan_electrodes(plan, rq, r);
    for (size_t i = 0; i < t->n_channels; i++) {
        if (plan->unit)
            put_reported(plan, i);
        if (t->modality == MODALITY_ESTIM)
            put_minimum_setting(plan, i);
        if (!a)
            continue;
        put_property(plan, i, QUANTITY_era_mm2, a->era_mm2);
        put_property(plan, i, QUANTITY_bnr_permille, a->bnr_permille);
        put_property(plan, i, QUANTITY_spot_area_mm2, a->spot_area_mm2);
        put_property(plan, i, QUANTITY_wavelength_nm, a->wavelength_nm);
    }
}

int plan_make(struct sessions *s, const struct dose_tables *tables, const struct session_request *request,
              int64_t today, struct plan *plan, struct refusals *r)
{
    *plan = (struct plan){.tables = tables, .site = -1, .treatment.applicator = -1};
    resolve_protocol(plan, request, r);
    resolve_site(plan, request, r);
    plan_sites(plan, request, r);
    resolve_device(s, plan, request, r);
    if (!request->patient_ref || !request->patient_ref[0])
        refusal_add(r, TOKEN_INCOMPLETE, NULL, "a patient reference is needed");
    if (!plan->protocol || plan->site < 0)
        return -EINVAL;

    struct dose_treatment *t = &plan->treatment;
    t->modality = plan->protocol->modality;
    t->therapy = plan->protocol->therapy;
    t->thermal = plan->protocol->thermal;
    t->no_indicator = plan->unit && plan->unit->settings->no_indicator;
    t->site = (unsigned)plan->site;
    t->sites = plan->sites;
    t->duration_ms = request->output.phase_duration_ms;
    for (size_t i = 0; i < t->n_channels; i++)
        t->channels[i].waveform = plan->protocol->waveform;
    plan->level = level_of(plan);
    put_parameters(plan, request, r);
    put_properties(plan, request, r);
    plan_screen(plan, request, today, r); /* its conditions decide which limits apply */
    if (t->duration_ms <= 0)
        refusal_add(r, TOKEN_INCOMPLETE, plan->protocol->id, "protocol %s and the request give no duration",
                    plan->protocol->id);
    if (t->n_channels == 0)
        refusal_add(r, TOKEN_INCOMPLETE, NULL, "no channel is named");
    return t->n_channels == 0 || t->duration_ms <= 0 ? -EINVAL : 0;
}
