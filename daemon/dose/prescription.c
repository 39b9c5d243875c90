/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what is asked for to an intended treatment: names are resolved against the tables, and every commanded quantity
 * gets its start value and ceiling. What cannot be resolved is refused; as much as possible is resolved all the same,
 * so that one answer tells everything.
 */
#include "dose/prescription_parts.h"

#include <errno.h>

static void resolve_protocol(const struct prescription *p, struct prescribed *out, struct refusals *r)
{
    out->protocol = p->protocol != NULL ? protocol_find(out->tables, p->protocol) : NULL;
    if (out->protocol == NULL) {
        refusal_add(r, TOKEN_NOT_FOUND, p->protocol, "there is no protocol %s", p->protocol != NULL ? p->protocol : "");
    }
}

static void resolve_side(const struct site *site, const char *side, struct refusals *r)
{
    bool midline = prescription_same(side, "midline");
    bool known = midline || prescription_same(side, "left") || prescription_same(side, "right") ||
                 prescription_same(side, "both");
    const char *sides = site->has_sides ? "left, right or both" : "midline";
    if (side == NULL || !known) {
        refusal_add(r, TOKEN_INCOMPLETE, site->id, "site %s needs a side: %s", site->id, sides);
    } else if (site->has_sides == midline) {
        refusal_add(r, TOKEN_OUT_OF_RANGE, site->id, "site %s has no side %s, it has %s (%s)", site->id, side, sides,
                    site->origin);
    }
}

static void resolve_site(const struct prescription *p, struct prescribed *out, struct refusals *r)
{
    out->site = p->site != NULL ? site_find(out->tables, p->site) : -1;
    if (out->site < 0) {
        refusal_add(r, TOKEN_NOT_FOUND, p->site, "there is no body site %s", p->site != NULL ? p->site : "");
        return;
    }
    resolve_side(&out->tables->screening.sites[out->site], p->side, r);
}

enum modality_quantity prescription_level(enum modality_waveform waveform)
{
    switch (modality_waveform_modality(waveform)) {
    case MODALITY_ESTIM:
        return waveform == WAVEFORM_hvpc ? QUANTITY_amplitude_mv : QUANTITY_amplitude_ua;
    case MODALITY_ULTRASOUND:
        return QUANTITY_intensity_satp_uw_cm2;
    case MODALITY_LASER:
        return waveform == WAVEFORM_laser_pulsed ? QUANTITY_peak_power_uw : QUANTITY_power_uw;
    case MODALITY_COLD:
        return QUANTITY_temperature_millic;
    }
    return QUANTITY_amplitude_ua;
}

static void put_all(struct dose_treatment *t, enum modality_quantity q, int64_t start, int64_t ceiling)
{
    for (size_t i = 0; i < t->n_channels; i++) {
        quantity_put(&t->channels[i].start, q, start);
        quantity_put(&t->channels[i].ceiling, q, ceiling);
    }
}

static const struct prescription_parameter *asked(const struct prescription *p, enum modality_quantity q)
{
    for (size_t i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].quantity == q) {
            return &p->parameters[i];
        }
    }
    return NULL;
}

static void put_parameter(const struct prescription *p, const struct protocol_parameter *range, struct prescribed *out,
                          struct refusals *r)
{
    const struct prescription_parameter *given = asked(p, range->quantity);
    int64_t start = range->initial;
    if (given != NULL && !given->start_absent) {
        start = given->start;
    } else if (range->quantity == QUANTITY_treated_area_mm2 && p->treated_area_mm2 > 0) {
        start = p->treated_area_mm2;
    }
    int64_t ceiling = given != NULL && !given->ceiling_absent ? given->ceiling : start;
    if (range->quantity == QUANTITY_active_polarity && ceiling != start) { /* a current that turns round is a shock */
        refusal_add(r, TOKEN_OUT_OF_RANGE, modality_quantity_info(range->quantity)->id,
                    "active_polarity cannot change during a treatment: prepare another one");
    }
    put_all(&out->treatment, range->quantity, start, ceiling);
}

bool prescription_misplaced(enum modality_quantity q, struct refusals *r)
{
    const char *place = NULL;
    if (q == QUANTITY_duration_ms) {
        place = "duration_ms of the phase";
    } else if (q == QUANTITY_treated_area_mm2) {
        place = "treated_area_mm2 of the request";
    } else if (q == QUANTITY_electrode_area_mm2) {
        place = "area_mm2 of each electrode";
    } else if (modality_quantity_info(q)->basis == BASIS_PROPERTY) {
        place = "the applicator that applicator_ref names";
    }
    if (place == NULL) {
        return false;
    }
    struct refusal *refusal =
        refusal_add(r, TOKEN_OUT_OF_RANGE, modality_quantity_info(q)->id,
                    "%s is not one of the parameters: it is taken from %s", modality_quantity_info(q)->id, place);
    refusal->has_quantity = true;
    refusal->quantity = q;
    return true;
}

static bool protocol_has(const struct protocol *p, enum modality_quantity q)
{
    for (size_t i = 0; i < p->n_parameters; i++) {
        if (p->parameters[i].quantity == q) {
            return true;
        }
    }
    return false;
}

/* A parameter that the protocol does not have would be recorded and not done. */
static void refuse_parameter(const struct protocol *protocol, enum modality_quantity q, struct refusals *r)
{
    struct refusal *refusal = refusal_add(r, TOKEN_OUT_OF_RANGE, protocol->id, "protocol %s has no parameter %s (%s)",
                                          protocol->id, modality_quantity_info(q)->id, protocol->origin);
    refusal->has_quantity = true;
    refusal->quantity = q;
}

static void put_parameters(const struct prescription *p, struct prescribed *out, struct refusals *r)
{
    const struct protocol *protocol = out->protocol;
    for (size_t i = 0; i < protocol->n_parameters; i++) {
        const struct protocol_parameter *range = &protocol->parameters[i];
        if (range->quantity != QUANTITY_duration_ms) {
            put_parameter(p, range, out, r);
        } else if (out->treatment.duration_ms == 0) {
            out->treatment.duration_ms = range->initial;
        }
    }
    for (size_t i = 0; i < p->n_parameters; i++) {
        enum modality_quantity q = p->parameters[i].quantity;
        if (!prescription_misplaced(q, r) && !protocol_has(protocol, q)) {
            refuse_parameter(protocol, q, r);
        }
    }
}

static void put_property(struct dose_treatment *t, enum modality_quantity q, int64_t value)
{
    if (value > 0) {
        put_all(t, q, value, value);
    }
}

static void put_applicator(const struct prescription *p, struct prescribed *out, struct refusals *r)
{
    struct dose_treatment *t = &out->treatment;
    t->applicator = p->applicator != NULL ? applicator_find(out->tables, p->applicator) : -1;
    if (t->applicator < 0) {
        if (p->applicator != NULL) {
            refusal_add(r, TOKEN_NOT_FOUND, p->applicator, "there is no applicator %s", p->applicator);
        }
        return;
    }
    const struct applicator *a = &out->tables->applicators[t->applicator];
    put_property(t, QUANTITY_era_mm2, a->era_mm2);
    put_property(t, QUANTITY_bnr_permille, a->bnr_permille);
    put_property(t, QUANTITY_spot_area_mm2, a->spot_area_mm2);
    put_property(t, QUANTITY_wavelength_nm, a->wavelength_nm);
}

/* What the device's section reports of it, as far as it concerns this modality. */
static void put_reported(const struct prescription *p, struct dose_treatment *t)
{
    for (unsigned i = 0; p->reported != NULL && i < QUANTITY_COUNT; i++) {
        enum modality_quantity q = (enum modality_quantity)i;
        if (quantity_has(p->reported, q) && (modality_quantity_info(q)->modalities & (unsigned)t->modality) != 0) {
            put_all(t, q, p->reported->value[q], p->reported->value[q]);
        }
    }
}

static void begin_treatment(const struct prescription *p, struct prescribed *out)
{
    struct dose_treatment *t = &out->treatment;
    t->modality = out->protocol->modality;
    t->therapy = out->protocol->therapy;
    t->thermal = out->protocol->thermal;
    t->no_indicator = p->no_indicator;
    t->site = (unsigned)out->site;
    t->duration_ms = p->duration_ms;
    for (size_t i = 0; i < t->n_channels; i++) {
        t->channels[i].waveform = out->protocol->waveform;
    }
}

int prescription_make(const struct dose_tables *tables, const struct prescription *p, int64_t today,
                      struct prescribed *out, struct refusals *r)
{
    *out = (struct prescribed){.tables = tables, .site = -1, .treatment.applicator = -1};
    out->treatment.n_channels = p->n_channels < DOSE_CHANNELS_MAX ? p->n_channels : DOSE_CHANNELS_MAX;
    resolve_protocol(p, out, r);
    resolve_site(p, out, r);
    out->treatment.sites = prescription_sites(tables, p);
    prescription_check_sites(p, out, r);
    if (out->protocol == NULL || out->site < 0) {
        return -EINVAL;
    }
    struct dose_treatment *t = &out->treatment;
    begin_treatment(p, out);
    put_parameters(p, out, r);
    put_applicator(p, out, r);
    put_reported(p, t);
    if (t->modality == MODALITY_ESTIM) {
        prescription_put_electrodes(p, out, r);
    }
    prescription_screen(p, out, today, r); /* its conditions decide which limits apply */
    if (t->duration_ms <= 0) {
        refusal_add(r, TOKEN_INCOMPLETE, out->protocol->id, "protocol %s and the request give no duration",
                    out->protocol->id);
    }
    if (t->n_channels == 0) {
        refusal_add(r, TOKEN_INCOMPLETE, NULL, "no channel is named");
    }
    return t->n_channels == 0 || t->duration_ms <= 0 ? -EINVAL : 0;
}
