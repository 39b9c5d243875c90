/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers only tighten. An installation's limit above a compiled ceiling, or a protocol's range above a limit, for the
 * same quantity and under conditions that the outer one covers, is a fault that names both places: nothing is clamped.
 * Sections with faults of their own are left out: their numbers mean nothing yet.
 */
#include <string.h>

#include "config/load.h"
#include "config/protocol_rules.h"
#include "dose/derive.h"
#include "dose/wide.h"

/* What is compared: limits whose sections are without fault, and the compiled ones. */
struct layers {
    struct load *load;
    size_t n;
    const struct limit **limits;
};

static const struct raw_section *section_find(const struct load *load, enum key_section kind, const char *id)
{
    const struct raw_section *s;
    size_t next = 0;
    while ((s = section_next(load, kind, &next)) != NULL)
        if (strcmp(s->id, id) == 0)
            return s;
    return NULL;
}

static struct place section_place(const struct load *load, enum key_section kind, const char *id, const char *key)
{
    const struct raw_section *s = section_find(load, kind, id);
    const struct raw_line *line = s != NULL ? section_line(s, key) : NULL;
    if (s == NULL)
        return (struct place){.origin = "."};
    return line != NULL ? line->at : s->at;
}

/* The line of a limit that is the looser one: its max, else its min. */
static void report_looser(struct load *load, struct place at, const char *what, const struct limit *inner,
                          const struct limit *outer)
{
    char mine[40], other[40];
    bool max = inner->has_max && (!outer->has_max || inner->max > outer->max || !inner->has_min);
    value_format(inner->quantity, max ? inner->max : inner->min, mine, sizeof(mine));
    value_format(outer->quantity, outer->has_max && max ? outer->max : outer->min, other, sizeof(other));
    fault_add(&load->faults, at, "%s: %s of %s %s is beyond the %s %s of limit %s (%s); a layer may only tighten", what,
              max ? "max" : "min", modality_quantity_info(inner->quantity)->id, mine,
              outer->layer == LAYER_COMPILED ? "compiled" : "installation's", other, outer->id, outer->origin);
}

static void check_installation(const struct layers *layers, const struct limit *inner)
{
    struct load *load = layers->load;
    for (size_t i = 0; i < layers->n; i++) {
        const struct limit *outer = layers->limits[i];
        if (outer->layer != LAYER_COMPILED || outer->class != LIMIT_HARD || outer->quantity != inner->quantity ||
            !limit_when_covers(outer, inner) || !limit_looser(inner, outer))
            continue;
        struct place at = section_place(load, SECTION_LIMIT, inner->id, inner->has_max ? "max" : "min");
        report_looser(load, at, arena_text(load->arena, "[limit %s]", inner->id), inner, outer);
    }
}

/* The protocol's range of a quantity that selects a band; the band frequency is the carrier's, else the pulse rate's.
 */
static const struct protocol_parameter *band_parameter(const struct protocol *p, enum modality_quantity q)
{
    const struct protocol_parameter *found;
    if (q != QUANTITY_limit_frequency_millihz)
        return protocol_parameter_find(p, q);
    found = protocol_parameter_find(p, QUANTITY_carrier_frequency_millihz);
    return found != NULL ? found : protocol_parameter_find(p, QUANTITY_pulse_rate_millihz);
}

/* A protocol's range as a limit, under the protocol's conditions as far as outer asks for them. */
static struct limit protocol_as_limit(const struct protocol *p, enum modality_quantity q, const struct limit *outer)
{
    struct limit l = {.id = p->id,
                      .modality = p->modality,
                      .quantity = q,
                      .scope = outer->scope,
                      .class = outer->class,
                      .layer = LAYER_PROTOCOL,
                      .when = {.waveforms = UINT32_C(1) << p->waveform,
                               .therapies = UINT32_C(1) << p->therapy,
                               .sites = p->sites,
                               .unless_thermal = !p->thermal}};
    for (size_t i = 0; i < outer->when.n_ranges; i++) {
        const struct protocol_parameter *band = band_parameter(p, outer->when.ranges[i].quantity);
        if (band == NULL || band->min == INT64_MIN)
            continue;
        l.when.ranges[l.when.n_ranges++] = (struct limit_range){.quantity = outer->when.ranges[i].quantity,
                                                                .has_above = true,
                                                                .has_upto = true,
                                                                .above = band->min - 1,
                                                                .upto = band->max};
    }
    return l;
}

/* Holds min..max of one quantity of a protocol against every hard limit. */
static void check_range(const struct layers *layers, const struct protocol *p, enum modality_quantity q, int64_t min,
                        int64_t max, const char *key)
{
    struct load *load = layers->load;
    for (size_t i = 0; i < layers->n; i++) {
        const struct limit *outer = layers->limits[i];
        if (outer->quantity != q || outer->class != LIMIT_HARD || outer->use != USE_TREATMENT)
            continue;
        struct limit inner = protocol_as_limit(p, q, outer);
        inner.has_max = outer->has_max;
        inner.has_min = outer->has_min;
        inner.max = max;
        inner.min = min;
        if (limit_when_covers(outer, &inner) && limit_looser(&inner, outer))
            report_looser(load, section_place(load, SECTION_PROTOCOL, p->id, key),
                          arena_text(load->arena, "[protocol %s]", p->id), &inner, outer);
    }
}

/* The values of a protocol at which it gives most; what a probe adds is none of its own. */
static struct quantity_set worst_values(const struct protocol *p)
{
    struct quantity_set worst = {0};
    for (size_t i = 0; i < p->n_parameters; i++) {
        const struct protocol_parameter *range = &p->parameters[i];
        bool more_is_safer = modality_quantity_info(range->quantity)->safer == SAFER_UP;
        quantity_put(&worst, range->quantity, more_is_safer ? range->min : range->max);
    }
    if (p->modality == MODALITY_LASER)
        quantity_put(&worst, QUANTITY_spot_area_mm2, 1);
    return worst;
}

/* Holds what follows from a protocol's worst values, by the formulas of the dose, against the limits on it. */
static void check_derived(const struct layers *layers, const struct protocol *p, enum modality_quantity level,
                          const enum modality_quantity *derived, size_t n)
{
    struct quantity_set worst = worst_values(p);
    enum modality_quantity missing;
    if (dose_derive(p->waveform, &worst, &missing) < 0)
        return; /* impossible together, or not all said: such a treatment is refused when it is asked for */
    for (size_t i = 0; i < n; i++)
        if (quantity_has(&worst, derived[i]))
            check_range(layers, p, derived[i], worst.value[derived[i]], worst.value[derived[i]],
                        modality_quantity_info(level)->id);
}

/* A direct current's density, and a pulsed laser's mean power: products of two or three ranges. */
static void check_products(const struct layers *layers, const struct protocol *p)
{
    static const enum modality_quantity densities[] = {QUANTITY_dc_density_ua_cm2, QUANTITY_anode_density_ua_cm2,
                                                       QUANTITY_cathode_density_ua_cm2};
    static const enum modality_quantity mean[] = {QUANTITY_power_uw};
    if (p->waveform == WAVEFORM_dc || p->waveform == WAVEFORM_iontophoresis)
        check_derived(layers, p, QUANTITY_amplitude_ua, densities, sizeof(densities) / sizeof(densities[0]));
    else if (p->waveform == WAVEFORM_laser_pulsed)
        check_derived(layers, p, QUANTITY_peak_power_uw, mean, 1);
}

/* What all points of a laser add up to. */
static void check_points(const struct layers *layers, const struct protocol *p)
{
    const struct protocol_parameter *count = protocol_parameter_find(p, QUANTITY_point_count);
    const struct protocol_parameter *energy = protocol_parameter_find(p, QUANTITY_point_energy_uj);
    int64_t least, most = INT64_MAX; /* beyond counting is beyond every bound */
    if (count == NULL || energy == NULL || wide_mul(count->min, energy->min, &least) < 0)
        return;
    (void)wide_mul(count->max, energy->max, &most);
    check_range(layers, p, QUANTITY_energy_uj, least, most, modality_quantity_info(QUANTITY_point_energy_uj)->id);
}

static void check_protocol(const struct layers *layers, const struct protocol *p)
{
    for (size_t i = 0; i < p->n_parameters; i++) {
        const struct protocol_parameter *parameter = &p->parameters[i];
        check_range(layers, p, parameter->quantity, parameter->min, parameter->max,
                    modality_quantity_info(parameter->quantity)->id);
    }
    check_products(layers, p);
    check_points(layers, p);
    check_range(layers, p, QUANTITY_session_count, p->sessions_per_day, p->sessions_per_day, "sessions_per_day");
    check_range(layers, p, QUANTITY_rest_interval_ms, p->rest_min_ms, p->rest_min_ms, "rest_min");
}

static bool is_sound(const struct load *load, enum key_section kind, const char *id)
{
    const struct raw_section *s = section_find(load, kind, id);
    return s != NULL && section_sound(load, s);
}

void check_layers(struct load *load)
{
    const struct dose_tables *t = &load->config->dose;
    const struct limit **limits = arena_array(load->arena, t->n_limits + 1, sizeof(const struct limit *));
    bool *protocols = arena_array(load->arena, t->n_protocols + 1, sizeof(*protocols));
    if (limits == NULL || protocols == NULL)
        return;
    struct layers layers = {.load = load, .limits = limits};
    for (size_t i = 0; i < t->n_limits; i++)
        if (t->limits[i].layer == LAYER_COMPILED || is_sound(load, SECTION_LIMIT, t->limits[i].id))
            limits[layers.n++] = &t->limits[i];
    for (size_t i = 0; i < t->n_protocols; i++) /* before a comparison adds faults of its own */
        protocols[i] = is_sound(load, SECTION_PROTOCOL, t->protocols[i].id);
    for (size_t i = 0; i < layers.n; i++)
        if (limits[i]->layer == LAYER_INSTALLATION)
            check_installation(&layers, limits[i]);
    for (size_t i = 0; i < t->n_protocols; i++)
        if (protocols[i])
            check_protocol(&layers, &t->protocols[i]);
}
