/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When a limit applies, and how two limits compare: whether one covers all that the other applies to, and whether it is
 * looser. Layers only tighten because of these.
 */
#include "dose/limit_when.h"

#include "dose/wide.h"

#define ALL_WAVEFORMS ((UINT32_C(1) << WAVEFORM_COUNT) - 1)
#define ALL_THERAPIES ((UINT32_C(1) << THERAPY_COUNT) - 1)

_Static_assert(WAVEFORM_COUNT < 32 && THERAPY_COUNT < 32, "a mask has a bit for each");

/* A bit that no mask has is in none but the one that means any. */
static inline bool mask_allows(uint64_t mask, unsigned bit)
{
    return mask == 0 || (bit < 64 && ((mask >> bit) & 1u) != 0);
}

/* The sites that a treatment touches: its target in any case, and where its electrodes sit. */
static uint64_t sites_touched(const struct dose_treatment *t)
{
    return t->sites | (t->site < DOSE_SITES_MAX ? UINT64_C(1) << t->site : 0);
}

bool limit_meets_treatment(const struct limit *l, const struct dose_treatment *t)
{
    const struct limit_when *w = &l->when;
    if (((unsigned)l->modality & (unsigned)t->modality) == 0 || (w->unless_thermal && t->thermal) ||
        (w->no_indicator && !t->no_indicator)) {
        return false;
    }
    if (!mask_allows(w->therapies, t->therapy) || (w->sites != 0 && (w->sites & sites_touched(t)) == 0)) {
        return false;
    }
    if (w->conditions != 0 && (w->conditions & t->conditions) == 0) {
        return false;
    }
    return w->applicators == 0 || (t->applicator >= 0 && mask_allows(w->applicators, (unsigned)t->applicator));
}

/* Whether [low, high] meets (above, upto]. */
static bool band_met(const struct limit_range *band, int64_t low, int64_t high)
{
    return (!band->has_above || high > band->above) && (!band->has_upto || low <= band->upto);
}

bool limit_meets_channel(const struct limit *l, enum modality_waveform waveform, const struct quantity_set *low,
                         const struct quantity_set *high)
{
    if (!mask_allows(l->when.waveforms, waveform)) {
        return false;
    }
    for (size_t i = 0; i < l->when.n_ranges; i++) {
        const struct limit_range *band = &l->when.ranges[i];
        enum modality_quantity q = band->quantity;
        if (!quantity_has(low, q) || !quantity_has(high, q)) {
            if (modality_quantity_info(q)->basis != BASIS_PROPERTY) {
                return false;
            }
            continue;
        }
        int64_t a = low->value[q], b = high->value[q];
        if (!band_met(band, a < b ? a : b, a < b ? b : a)) {
            return false;
        }
    }
    return true;
}

bool limit_has_head_factor(const struct limit *l)
{
    bool intensity = l->quantity == QUANTITY_intensity_satp_uw_cm2 || l->quantity == QUANTITY_intensity_sata_uw_cm2 ||
                     l->quantity == QUANTITY_intensity_static_uw_cm2 || l->quantity == QUANTITY_hot_spot_uw_cm2;
    bool binds = l->class == LIMIT_HARD || l->class == LIMIT_NOTICE || l->class == LIMIT_DEVICE;
    return intensity && binds && l->scope == SCOPE_INSTANTANEOUS &&
           (l->layer == LAYER_COMPILED || l->layer == LAYER_INSTALLATION);
}

int64_t limit_judged(const struct limit *l, int64_t value)
{
    int64_t judged = value;
    if (value > 0 && limit_has_head_factor(l) &&
        wide_mul_div_up(value, LIMIT_HEAD_FACTOR_PERMILLE, 1000, &judged) < 0) {
        return INT64_MAX;
    }
    return judged;
}

enum limit_use limit_use_of(enum modality_quantity quantity)
{
    switch ((int)quantity) {
    case QUANTITY_amplitude_step_ua:
    case QUANTITY_amplitude_slew_ua_s:
    case QUANTITY_amplitude_step_mv:
    case QUANTITY_amplitude_slew_mv_s:
        return USE_WALK;
    case QUANTITY_accuracy_floor_permille: /* says from where delivery is judged */
        return USE_FAULT;
    case QUANTITY_output_voltage_mv: /* in a limit: what the device can reach, judged where it is known */
        return USE_TREATMENT;
    default:
        return modality_quantity_info(quantity)->basis == BASIS_MEASURED ? USE_FAULT : USE_TREATMENT;
    }
}

/* A mask as the set it stands for: "any" is everything of the limit's modality. */
static uint32_t waveforms_meant(const struct limit *l)
{
    uint32_t of_modality = 0;
    for (unsigned i = 0; i < WAVEFORM_COUNT; i++) {
        if (((unsigned)modality_waveform_modality((enum modality_waveform)i) & (unsigned)l->modality) != 0) {
            of_modality |= UINT32_C(1) << i;
        }
    }
    return of_modality & (l->when.waveforms == 0 ? ALL_WAVEFORMS : l->when.waveforms);
}

static uint32_t therapies_meant(const struct limit *l)
{
    uint32_t of_modality = 0;
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        if (((unsigned)modality_therapy_modality((enum modality_therapy)i) & (unsigned)l->modality) != 0) {
            of_modality |= UINT32_C(1) << i;
        }
    }
    return of_modality & (l->when.therapies == 0 ? ALL_THERAPIES : l->when.therapies);
}

/* Whether the mask outer admits all that inner admits, 0 meaning any. */
static bool mask_covers(uint64_t outer, uint64_t inner)
{
    return outer == 0 || (inner != 0 && (inner & ~outer) == 0);
}

static bool band_covers(const struct limit_range *outer, const struct limit_range *inner)
{
    return outer->quantity == inner->quantity &&
           (!outer->has_above || (inner->has_above && inner->above >= outer->above)) &&
           (!outer->has_upto || (inner->has_upto && inner->upto <= outer->upto));
}

static bool bands_cover(const struct limit_when *outer, const struct limit_when *inner)
{
    for (size_t i = 0; i < outer->n_ranges; i++) {
        bool covered = false;
        for (size_t k = 0; k < inner->n_ranges; k++) {
            covered = covered || band_covers(&outer->ranges[i], &inner->ranges[k]);
        }
        if (!covered) {
            return false;
        }
    }
    return true;
}

bool limit_when_covers(const struct limit *outer, const struct limit *inner)
{
    const struct limit_when *o = &outer->when, *i = &inner->when;
    return ((unsigned)inner->modality & ~(unsigned)outer->modality) == 0 &&
           (waveforms_meant(inner) & ~waveforms_meant(outer)) == 0 &&
           (therapies_meant(inner) & ~therapies_meant(outer)) == 0 && mask_covers(o->sites, i->sites) &&
           mask_covers(o->conditions, i->conditions) && mask_covers(o->applicators, i->applicators) &&
           (!o->unless_thermal || i->unless_thermal) && (!o->no_indicator || i->no_indicator) && bands_cover(o, i);
}

bool limit_looser(const struct limit *inner, const struct limit *outer)
{
    bool same = inner->quantity == outer->quantity && inner->scope == outer->scope &&
                inner->when.after == outer->when.after; /* rest after another therapy is another interval */
    if (!same || outer->class != LIMIT_HARD || inner->class == LIMIT_INFO) {
        return false;
    }
    return (inner->has_max && outer->has_max && inner->max > outer->max) ||
           (inner->has_min && outer->has_min && inner->min < outer->min);
}
