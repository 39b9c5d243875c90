/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fault table at work: each sample raises or clears the count of each fault on each channel; a fault acts when its
 * count is reached. What the measurements mean in dose is supervise_dose.c.
 */
#include "session/supervise.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "modality/clock.h"
#include "session/supervise_dose.h"

static const struct {
    const char *id;
    uint16_t samples;
    enum supervise_action action;
    enum alarm_kind alarm;
    const char *meaning;
} table[FAULT_COUNT] = {
#define FAULT(id, samples, action, alarm, meaning) {#id, samples, ACTION_##action, ALARM_KIND_##alarm, meaning},
    SUPERVISE_FAULTS(FAULT)
#undef FAULT
};

/* A measurement that should have moved is judged only after the level went this far from where it last moved. */
#define STUCK_SHARE_PERMILLE 250
/* A device timer that does not move for this long is stalled, whatever its tolerance over the whole treatment. */
#define TIMER_STALL_NS (2 * NS_PER_S)
/* An impedance is compared with its own smoothed past: weight of the newest sample, 1/16 at 50 ms is about a second. */
#define SMOOTHING 16

const char *supervise_fault_id(enum supervise_fault f)
{
    return table[f].id;
}

enum alarm_kind supervise_fault_alarm(enum supervise_fault f)
{
    return table[f].alarm;
}

enum supervise_action supervise_fault_action(enum supervise_fault f)
{
    return table[f].action;
}

void supervise_begin(struct supervise_state *state, int64_t now_ns)
{
    const struct dose_amounts delivered = state->delivered;
    const uint64_t seq = state->last_seq;
    const int64_t duration_ns = state->duration_ns;
    struct supervise_channel_state fresh[DOSE_CHANNELS_MAX] = {0};
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++) {
        fresh[i].charge_nc = state->channels[i].charge_nc;
        fresh[i].energy_nj = state->channels[i].energy_nj;
    }
    *state = (struct supervise_state){.last_seq = seq,
                                      .last_taken_ns = now_ns,
                                      .armed_ns = now_ns,
                                      .delivered = delivered,
                                      .duration_ns = duration_ns,
                                      .surges_before = delivered.contractions};
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++)
        state->channels[i] = fresh[i];
}

/* One round of judgement: where findings go, and on which channel it stands. */
struct judging {
    const struct supervise_rules *rules;
    struct supervise_state *state;
    const struct link_sample *sample;
    struct supervise_outcome *out;
    size_t index; /* of the session's channel; 0 for faults of the whole unit */
};

static struct supervise_finding *find_or_add(struct supervise_outcome *out, enum supervise_fault fault)
{
    for (size_t i = 0; i < out->n; i++) {
        if (out->findings[i].fault == fault)
            return NULL;
    }
    return &out->findings[out->n++];
}

__attribute__((format(printf, 7, 8))) static void judge(struct judging *j, enum supervise_fault fault, bool present,
                                                        enum modality_quantity quantity, int64_t value, int64_t bound,
                                                        const char *format, ...)
{
    uint16_t *count = &j->state->counts[fault][j->index];
    if (!present) {
        *count = 0;
        return;
    }
    if (*count < UINT16_MAX)
        (*count)++;
    if (*count < table[fault].samples)
        return;
    struct supervise_finding *finding = find_or_add(j->out, fault);
    if (table[fault].action > j->out->action)
        j->out->action = table[fault].action;
    if (!finding)
        return;
    *finding = (struct supervise_finding){.fault = fault,
                                          .action = table[fault].action,
                                          .channel = UINT32_MAX,
                                          .has_value = quantity < QUANTITY_COUNT,
                                          .quantity = quantity,
                                          .value = value,
                                          .bound = bound};
    if (finding->has_value)
        finding->channel = j->rules->channels[j->index].channel;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(finding->detail, sizeof finding->detail, format, arguments);
    va_end(arguments);
}

static void judge_unit(struct judging *j)
{
    const struct modality_status *status = &j->sample->status;
    judge(j, FAULT_device_fault, status->fault, QUANTITY_COUNT, 0, 0, "the device reports fault %u (%s)",
          status->fault_code, status->fault_text[0] ? status->fault_text : "no text");
    judge(j, FAULT_patient_stop, status->patient_stop, QUANTITY_COUNT, 0, 0, "the patient's stop is pressed");
    judge(j, FAULT_device_restarted, status->restarted, QUANTITY_COUNT, 0, 0, "the device restarted in the treatment");
    judge(j, FAULT_watchdog_tripped, status->watchdog_tripped, QUANTITY_COUNT, 0, 0,
          "the watchdog of the device tripped");
}

/* The device's own timer must run beside ours from its first value of this turn, and must not stand still. */
static void judge_timer(struct judging *j)
{
    const struct modality_status *status = &j->sample->status;
    struct supervise_state *state = j->state;
    const int64_t now = j->sample->taken_ns;
    if (!j->rules->device_timer || !state->started || !status->remaining_known || status->remaining_ms == 0)
        return;
    if (!state->has_timer) {
        state->has_timer = true;
        state->timer_first_ms = state->timer_last_ms = status->remaining_ms;
        state->timer_first_ns = state->timer_moved_ns = now;
        return;
    }
    if (status->remaining_ms != state->timer_last_ms) {
        state->timer_last_ms = status->remaining_ms;
        state->timer_moved_ns = now;
    }
    const int64_t expected = state->timer_first_ms - (now - state->timer_first_ns) / NS_PER_MS;
    const int64_t difference = status->remaining_ms - expected;
    const int64_t error = difference < 0 ? -difference : difference;
    const bool stalled = now - state->timer_moved_ns > TIMER_STALL_NS;
    judge(j, FAULT_device_timer, stalled || error > j->rules->timer_tolerance_ms, QUANTITY_timer_error_ms, error,
          j->rules->timer_tolerance_ms, "the device's timer %s: off by %lld ms, allowed %lld ms",
          stalled ? "stands still" : "runs apart", (long long)error, (long long)j->rules->timer_tolerance_ms);
}

static int64_t distance(int64_t value, int64_t from)
{
    return value < from ? from - value : value - from;
}

/* Tolerance of delivery at one expected value: the largest of the accuracy share, 2 x resolution and declared noise. */
static int64_t tolerance(const struct supervise_channel_rules *c, int64_t expected)
{
    const int64_t base = expected > c->floor ? expected : c->floor;
    int64_t tolerated = base / 1000 * c->accuracy_permille + base % 1000 * c->accuracy_permille / 1000;
    if (tolerated < 2 * c->resolution)
        tolerated = 2 * c->resolution;
    return tolerated < c->noise ? c->noise : tolerated;
}

static void judge_delivery(struct judging *j, const struct supervise_channel_rules *c,
                           struct supervise_channel_state *cs, bool has_actual, int64_t actual)
{
    const uint32_t ch = c->channel;
    const bool settled = (j->sample->settled >> ch) & 1u;
    int64_t expected_low, expected_high, expected_gross;
    const int64_t gross_level =
        cs->previous_level_max > j->sample->level_max[ch] ? cs->previous_level_max : j->sample->level_max[ch];
    if (!has_actual || supervise_expect(c, j->sample->level_min[ch], &expected_low) < 0 ||
        supervise_expect(c, j->sample->level_max[ch], &expected_high) < 0 ||
        supervise_expect(c, gross_level, &expected_gross) < 0)
        return;
    const int64_t gross_bound = expected_gross + expected_gross / 2 + tolerance(c, 0);
    judge(j, FAULT_over_output_gross, actual > gross_bound, c->actual, actual, gross_bound,
          "measured %lld, more than 1.5 x the set %lld", (long long)actual, (long long)expected_gross);
    const int64_t high = expected_high + tolerance(c, expected_high);
    judge(j, FAULT_over_output, settled && actual > high, c->actual, actual, high,
          "measured %lld, above the set %lld by more than the tolerance (bound %lld)", (long long)actual,
          (long long)expected_high, (long long)high);
    const int64_t low = expected_low - tolerance(c, expected_low);
    judge(j, FAULT_under_output, settled && actual < low, c->actual, actual, low,
          "measured %lld, below the set %lld by more than the tolerance (bound %lld)", (long long)actual,
          (long long)expected_low, (long long)low);

    if (!cs->has_actual || actual != cs->last_actual) {
        cs->has_actual = true;
        cs->last_actual = actual;
        cs->level_at_change = j->sample->level_max[ch];
    }
    const int64_t moved = distance(j->sample->level_max[ch], cs->level_at_change);
    const int64_t must_move = cs->level_at_change / 1000 * STUCK_SHARE_PERMILLE + 4 * c->resolution;
    judge(j, FAULT_sensor_stuck, moved > must_move, c->actual, actual, must_move,
          "measured %lld has not moved although the level went from %lld to %lld", (long long)actual,
          (long long)cs->level_at_change, (long long)j->sample->level_max[ch]);
}

/* Impedance against its bounds, its smoothed last second and its value at the start. 0 or less is "not measured". */
static void judge_impedance(struct judging *j, const struct supervise_channel_rules *c,
                            struct supervise_channel_state *cs, bool contact_lost, bool contact_shorted, int64_t ohm)
{
    const bool open = contact_lost || (c->has_open && ohm > c->impedance_open_ohm);
    judge(j, FAULT_electrode_open, open, QUANTITY_impedance_ohm, ohm, c->impedance_open_ohm,
          "impedance %lld ohm%s, open above %lld ohm", (long long)ohm, contact_lost ? " and contact lost" : "",
          (long long)c->impedance_open_ohm);
    const bool shorted = contact_shorted || (c->has_short && ohm > 0 && ohm < c->impedance_short_ohm);
    judge(j, FAULT_electrode_short, shorted, QUANTITY_impedance_ohm, ohm, c->impedance_short_ohm,
          "impedance %lld ohm%s, short below %lld ohm", (long long)ohm, contact_shorted ? " and contact shorted" : "",
          (long long)c->impedance_short_ohm);
    if (ohm <= 0)
        return;
    if (!cs->has_first_impedance) {
        cs->has_first_impedance = cs->has_slow_impedance = true;
        cs->first_impedance_ohm = cs->slow_impedance_ohm = ohm;
    }
    const int64_t slow = cs->slow_impedance_ohm;
    const bool step = ohm >= 2 * slow || 2 * ohm <= slow;
    judge(j, FAULT_impedance_step, step, QUANTITY_impedance_ohm, ohm, slow,
          "impedance went from %lld to %lld ohm within a second", (long long)slow, (long long)ohm);
    if (!step) /* a step is judged against the value before it */
        cs->slow_impedance_ohm += (ohm - slow) / SMOOTHING + (ohm > slow ? 1 : ohm < slow ? -1 : 0);
    const int64_t rise = (ohm - cs->first_impedance_ohm) * 1000 / cs->first_impedance_ohm;
    judge(j, FAULT_impedance_trend, c->impedance_trend_permille > 0 && rise > c->impedance_trend_permille,
          QUANTITY_impedance_rise_permille, rise, c->impedance_trend_permille,
          "impedance has risen by %lld permille since the start, noticed above %lld", (long long)rise,
          (long long)c->impedance_trend_permille);
}

static bool reading(const struct modality_channel_status *status, enum modality_quantity q, int64_t *value)
{
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity == q) {
            *value = status->readings[i].value;
            return true;
        }
    }
    return false;
}

static void judge_limits(struct judging *j, const struct supervise_channel_rules *c, const struct quantity_set *values)
{
    for (size_t i = 0; i < c->n_limits; i++) {
        const struct limit *limit = c->limits[i];
        if (!quantity_has(values, limit->quantity))
            continue;
        const int64_t value = values->value[limit->quantity];
        const bool over = limit->has_max && value > limit->max;
        const bool under = limit->has_min && value < limit->min;
        if (!over && !under)
            continue;
        const int64_t bound = over ? limit->max : limit->min;
        judge(j, FAULT_over_limit, true, limit->quantity, value, bound, "%s: measured %lld, bound %lld (%s)", limit->id,
              (long long)value, (long long)bound, limit->origin);
        return;
    }
    judge(j, FAULT_over_limit, false, QUANTITY_COUNT, 0, 0, " ");
}

static void judge_channel(struct judging *j)
{
    const struct supervise_channel_rules *c = &j->rules->channels[j->index];
    struct supervise_channel_state *cs = &j->state->channels[j->index];
    if (c->channel >= MODALITY_CHANNELS_MAX)
        return;
    const struct modality_channel_status *status = &j->sample->status.channels[c->channel];
    const int64_t level = distance(j->sample->level_max[c->channel], c->rest_value);
    const bool on = status->output == OUTPUT_ON;
    if (on)
        j->state->started = true;
    judge(j, FAULT_output_lost, j->state->started && status->output == OUTPUT_REST && level > 0, QUANTITY_COUNT, 0, 0,
          "the device says that the output is off");

    int64_t actual = 0, ohm = 0, temperature = 0;
    const bool has_actual = c->has_actual && reading(status, c->actual, &actual);
    if (j->state->started)
        judge_delivery(j, c, cs, has_actual, actual);
    const bool judged = c->judge_contact && on && level > 0 && level >= c->contact_from;
    const bool lost = judged && status->contact == CONTACT_LOST;
    reading(status, QUANTITY_impedance_ohm, &ohm);
    if (j->rules->modality == MODALITY_ESTIM)
        judge_impedance(j, c, cs, lost, judged && status->contact == CONTACT_SHORTED, ohm);
    else
        judge(j, FAULT_coupling_lost, lost, QUANTITY_COUNT, 0, 0, "the head has no contact");
    const bool hot = reading(status, QUANTITY_applicator_temperature_millic, &temperature) &&
                     temperature > j->rules->temperature_max_millic;
    judge(j, FAULT_over_temperature, hot, QUANTITY_applicator_temperature_millic, temperature,
          j->rules->temperature_max_millic, "applicator at %lld mdegC, bound %lld mdegC", (long long)temperature,
          (long long)j->rules->temperature_max_millic);

    struct quantity_set values;
    if (supervise_measure(c, status, has_actual, actual, j->sample->level_max[c->channel], &values) == 0)
        judge_limits(j, c, &values);
    else /* what cannot be computed cannot be held against a limit, nor counted */
        judge(j, FAULT_over_limit, true, c->level, actual, 0, "the dose of the measured output cannot be computed");
    cs->previous_level_max = j->sample->level_max[c->channel];
    cs->last_level = j->sample->level_max[c->channel];
}

static void judge_totals(struct judging *j)
{
    const struct dose_amounts *d = &j->state->delivered, *m = &j->rules->totals_max;
    const struct {
        enum modality_quantity quantity;
        int64_t value, bound;
    } totals[] = {
        {QUANTITY_duration_ms, d->duration_ms, m->duration_ms},
        {QUANTITY_energy_uj, d->energy_uj, m->energy_uj},
        {QUANTITY_session_charge_uc, d->charge_uc, m->charge_uc},
        {QUANTITY_iontophoresis_dose_ua_min, d->ion_dose_ua_min, m->ion_dose_ua_min},
        {QUANTITY_contraction_count, d->contractions, m->contractions},
    };
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++) {
        if (totals[i].value > totals[i].bound)
            judge(j, FAULT_total_reached, true, totals[i].quantity, totals[i].value, totals[i].bound,
                  "%s reached %lld, bound %lld", modality_quantity_info(totals[i].quantity)->id,
                  (long long)totals[i].value, (long long)totals[i].bound);
    }
}

void supervise_sample(const struct supervise_rules *rules, struct supervise_state *state,
                      const struct link_sample *sample, struct supervise_outcome *out)
{
    *out = (struct supervise_outcome){0};
    if (sample->seq <= state->last_seq || sample->taken_ns < state->last_taken_ns)
        return; /* repeated or late: it is no fresh proof of anything */
    struct judging j = {.rules = rules, .state = state, .sample = sample, .out = out};
    const int64_t since_ns = sample->taken_ns - state->last_taken_ns;
    judge_unit(&j);
    for (j.index = 0; j.index < rules->n_channels && j.index < DOSE_CHANNELS_MAX; j.index++)
        judge_channel(&j);
    j.index = 0;
    supervise_integrate(rules, state, sample, since_ns);
    judge_timer(&j);
    judge_totals(&j);
    state->last_seq = sample->seq;
    state->last_taken_ns = sample->taken_ns;
    state->standing = out->action;
}

void supervise_tick(const struct supervise_rules *rules, const struct supervise_state *state, int64_t now_ns,
                    struct supervise_outcome *out)
{
    *out = (struct supervise_outcome){0};
    const int64_t age_ns = now_ns - state->last_taken_ns;
    if (age_ns <= rules->stale_ns)
        return;
    out->action = table[FAULT_stale].action;
    out->n = 1;
    out->findings[0] = (struct supervise_finding){.fault = FAULT_stale, .action = out->action, .channel = UINT32_MAX};
    snprintf(out->findings[0].detail, sizeof out->findings[0].detail,
             "no valid reply of the device for %lld ms, bound %lld ms", (long long)(age_ns / NS_PER_MS),
             (long long)(rules->stale_ns / NS_PER_MS));
}

bool supervise_may_permit(const struct supervise_rules *rules, const struct supervise_state *state, int64_t now_ns)
{
    return state->standing < ACTION_HOLD && now_ns - state->last_taken_ns <= rules->stale_ns;
}
