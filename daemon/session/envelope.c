/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The envelope of an arm: ceilings, settings and how the level is walked. The host refuses whatever lies outside.
 */
#include "session/internal.h"

#include "dose/wide.h"

/* A measured output above 1.5 x what was set acts on one sample. */
#define OVER_PERMILLE 1500
/* Without a limit on step and slew, and without a soft start, rest to ceiling takes two seconds. */
#define DEFAULT_WALK_S 2
/* However slow a soft start is, the ceiling can be reached within a minute. */
#define LONGEST_WALK_S 60
/* A level that is written in one piece is there after a hundredth of a second. */
#define AT_ONCE_PER_S 100

static int64_t distance(int64_t a, int64_t b)
{
    return a < b ? b - a : a - b;
}

static int64_t at_least_one(int64_t value)
{
    return value < 1 ? 1 : value;
}

static int64_t walk_bound(const struct assessment *a, enum modality_quantity q, int64_t otherwise)
{
    const struct dose_tables *t = a->plan.dose.tables;
    const struct limit *limit = limit_tightest(t->limits, t->n_limits, &a->picture, q, LIMIT_HARD, false);
    return limit && limit->max < otherwise ? limit->max : otherwise;
}

/* Step and slew limits of a current or voltage. */
static void bound_walk(const struct assessment *a, struct walk_rules *rules)
{
    const bool volts = a->plan.level == QUANTITY_amplitude_mv;
    if (a->plan.level != QUANTITY_amplitude_ua && !volts)
        return;
    rules->step = walk_bound(a, volts ? QUANTITY_amplitude_step_mv : QUANTITY_amplitude_step_ua, rules->step);
    rules->slew_per_s =
        walk_bound(a, volts ? QUANTITY_amplitude_slew_mv_s : QUANTITY_amplitude_slew_ua_s, rules->slew_per_s);
}

static const struct modality_range *settable_range(const struct modality_channel *c, enum modality_quantity q)
{
    for (size_t i = 0; i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        if (c->ranges[i].quantity == q && c->ranges[i].settable)
            return &c->ranges[i];
    }
    return NULL;
}

/* Rules of the walk: the soft start where the protocol has one, never faster than the limits. */
static struct walk_rules walk_rules_of(const struct assessment *a, size_t i)
{
    const struct modality_range *range = settable_range(a->plan.device[i], a->plan.level);
    const int64_t resolution = range ? range->resolution : 1;
    const struct dose_channel *t = &a->plan.dose.treatment.channels[i];
    const enum modality_quantity level = a->plan.level;
    const int64_t rest = a->plan.device[i]->rest_value;
    const int64_t start = distance(t->start.value[level], rest), ceiling = distance(t->ceiling.value[level], rest);
    struct walk_rules rules = {.step = ceiling > resolution ? ceiling : at_least_one(resolution),
                               .slew_per_s = at_least_one(ceiling / DEFAULT_WALK_S),
                               .resolution = at_least_one(resolution),
                               .surged = quantity_has(&t->start, QUANTITY_surge_on_ms),
                               .surge_on_ms = quantity_or_zero(&t->start, QUANTITY_surge_on_ms),
                               .surge_off_ms = quantity_or_zero(&t->start, QUANTITY_surge_off_ms),
                               .ramp_up_ms = quantity_or_zero(&t->start, QUANTITY_ramp_up_ms),
                               .ramp_down_ms = quantity_or_zero(&t->start, QUANTITY_ramp_down_ms)};
    const int64_t soft_ms = quantity_or_zero(&t->start, QUANTITY_soft_start_ms);
    if (soft_ms > 0) {
        int64_t slew = 0;
        if (wide_mul_div_down(start > 0 ? start : ceiling, 1000, soft_ms, &slew) < 0)
            slew = rules.slew_per_s;
        const int64_t slowest = ceiling / LONGEST_WALK_S;
        rules.slew_per_s = at_least_one(slew > slowest ? slew : slowest);
    }
    if (range && range->only_at_rest) /* the device ramps by itself; waiting for the walk would only waste time */
        rules.slew_per_s = at_least_one(ceiling * AT_ONCE_PER_S);
    bound_walk(a, &rules);
    return rules;
}

static int fill_channel(struct envelope_channel *e, const struct assessment *a, size_t i)
{
    const struct plan *plan = &a->plan;
    const struct modality_channel *device = plan->device[i];
    const struct dose_channel *t = &plan->dose.treatment.channels[i];
    const enum modality_quantity area = plan->dose.treatment.modality == MODALITY_ESTIM ? QUANTITY_electrode_area_mm2
                                        : plan->dose.treatment.modality == MODALITY_ULTRASOUND ? QUANTITY_era_mm2
                                                                                               : QUANTITY_spot_area_mm2;
    *e = (struct envelope_channel){.channel = plan->channels[i],
                                   .level_quantity = (uint32_t)plan->level,
                                   .waveform = (uint32_t)t->waveform,
                                   .rest_value = device->rest_value,
                                   .level_start = t->start.value[plan->level],
                                   .level_ceiling = t->ceiling.value[plan->level],
                                   .area_mm2 = quantity_or_zero(&t->start, area),
                                   .rules = walk_rules_of(a, i)};
    for (int n = 0; n < QUANTITY_COUNT; n++) {
        const enum modality_quantity q = (enum modality_quantity)n;
        if (q == plan->level || !envelope_is_setting(q) || !quantity_has(&t->start, q) || !quantity_has(&t->ceiling, q))
            continue;
        if (e->n_settings == ENVELOPE_SETTINGS_MAX)
            return -E2BIG; /* a setting that the host is not told would never be written */
        e->settings[e->n_settings++] = (struct envelope_setting){
            .quantity = (uint32_t)q, .start = t->start.value[q], .ceiling = t->ceiling.value[q]};
    }
    return 0;
}

int envelope_fill(const struct assessment *a, struct envelope *e)
{
    *e = (struct envelope){.group = a->plan.group,
                           .n_channels = (uint32_t)a->plan.dose.treatment.n_channels,
                           .modality = (uint32_t)a->plan.dose.treatment.modality,
                           .over_permille = OVER_PERMILLE,
                           .total_ms = a->plan.dose.treatment.duration_ms};
    int r = 0;
    for (size_t i = 0; r == 0 && i < a->plan.dose.treatment.n_channels; i++)
        r = fill_channel(&e->channels[i], a, i);
    return r;
}

bool envelope_slow_down(const struct assessment *a, struct envelope *e)
{
    bool slower = false;
    for (size_t i = 0; i < e->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        struct walk_rules *rules = &e->channels[i].rules;
        const int64_t step = rules->step, slew = rules->slew_per_s;
        bound_walk(a, rules);
        slower = slower || rules->step < step || rules->slew_per_s < slew;
    }
    return slower;
}

void envelope_arm(struct session *session, const struct assessment *a)
{
    struct link_arm *arm = &session->arm;
    *arm = (struct link_arm){0};
    link_message_head(arm, LINK_ARM, sizeof *arm);
    arm->ref = (struct link_session_ref){.session = session->number, .unit = session->unit->info.unit};
    arm->accepted_link_loss = session->unit->settings->accepted_link_loss;
    (void)envelope_fill(a, &arm->envelope); /* the assessment has checked it */
}
