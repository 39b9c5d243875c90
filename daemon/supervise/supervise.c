/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fault table at work: each sample raises or clears the count of each fault on each channel; a fault acts when its
 * count is reached. Output and load are judged in supervise_output.c, what else a device senses in supervise_sensor.c;
 * what the measurements mean in dose is supervise_dose.c.
 */
#include "supervise/supervise.h"

#include <stdarg.h>
#include <stdio.h>

#include "dose/picture_parts.h"
#include "dose/wide.h"
#include "modality/clock.h"
#include "supervise/dose.h"
#include "supervise/judge.h"

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

/* A device timer that does not move for this long, or for two of its steps, is stalled, whatever its tolerance. */
#define TIMER_STALL_NS (2 * NS_PER_S)

_Static_assert(FAULT_COUNT <= 64, "a fault has a bit in what a session has told");

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
    const int64_t duration_ns = state->duration_ns, point_begun_nj = state->point_begun_nj;
    struct supervise_channel_state fresh[DOSE_CHANNELS_MAX] = {0};
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++) {
        fresh[i].charge_nc = state->channels[i].charge_nc;
        fresh[i].energy_nj = state->channels[i].energy_nj;
        fresh[i].heat_nk = state->channels[i].heat_nk;
        fresh[i].cem43_ns = state->channels[i].cem43_ns;
        fresh[i].cold_millic_ns = state->channels[i].cold_millic_ns;
    }
    *state = (struct supervise_state){.last_seq = seq,
                                      .last_taken_ns = now_ns,
                                      .armed_ns = now_ns,
                                      .delivered = delivered,
                                      .duration_ns = duration_ns,
                                      .point_begun_nj = point_begun_nj,
                                      .surges_before = delivered.contraction_count};
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++)
        state->channels[i] = fresh[i];
}

static struct supervise_finding *find_or_add(struct supervise_outcome *out, enum supervise_fault fault)
{
    for (size_t i = 0; i < out->n; i++) {
        if (out->findings[i].fault == fault)
            return NULL;
    }
    return &out->findings[out->n++];
}

bool supervise_count(struct judging *j, enum supervise_fault fault, bool present)
{
    uint16_t *count = &j->state->counts[fault][j->index];
    if (!present) {
        *count = 0;
        return false;
    }
    if (*count < UINT16_MAX)
        (*count)++;
    return *count >= table[fault].samples;
}

void supervise_found(struct judging *j, enum supervise_fault fault, enum modality_quantity quantity, int64_t value,
                     int64_t bound, const char *format, ...)
{
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
    supervise_judge(j, FAULT_device_fault, status->fault, QUANTITY_COUNT, 0, 0, "the device reports fault %u (%s)",
                    status->fault_code, status->fault_text[0] ? status->fault_text : "no text");
    supervise_judge(j, FAULT_patient_stop, status->patient_stop, QUANTITY_COUNT, 0, 0, "the patient's stop is pressed");
    supervise_judge(j, FAULT_device_restarted, status->restarted, QUANTITY_COUNT, 0, 0,
                    "the device restarted in the treatment");
    supervise_judge(j, FAULT_watchdog_tripped, status->watchdog_tripped, QUANTITY_COUNT, 0, 0,
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
    const int64_t step_ms = j->rules->timer_step_ms, step_ns = 2 * step_ms * NS_PER_MS;
    const bool stalled = now - state->timer_moved_ns > (step_ns > TIMER_STALL_NS ? step_ns : TIMER_STALL_NS);
    supervise_judge(j, FAULT_device_timer, stalled || error > j->rules->timer_tolerance_ms + step_ms,
                    QUANTITY_timer_error_ms, error, j->rules->timer_tolerance_ms,
                    "the device's timer %s: off by %s, allowed %s%s", stalled ? "stands still" : "runs apart",
                    IN_UNITS_BESIDE(QUANTITY_timer_error_ms, error, j->rules->timer_tolerance_ms),
                    IN_UNITS(QUANTITY_timer_error_ms, j->rules->timer_tolerance_ms), BY(j, BOUND_timer));
}

const struct supervise_channel_rules *judged_rules(const struct judging *j)
{
    return &j->rules->channels[j->index];
}

struct supervise_channel_state *judged_state(struct judging *j)
{
    return &j->state->channels[j->index];
}

const struct modality_channel_status *judged_status(const struct judging *j)
{
    return &j->sample->status.channels[judged_rules(j)->channel];
}

bool supervise_reading(const struct modality_channel_status *status, enum modality_quantity q, int64_t *value)
{
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity == q) {
            *value = status->readings[i].value;
            return true;
        }
    }
    return false;
}

/* The first limit that a value of this channel violates; one judgement per sample, so that the count is right. */
static void judge_limits(struct judging *j, const struct quantity_set *values)
{
    const struct supervise_channel_rules *c = judged_rules(j);
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
        supervise_judge(j, FAULT_over_limit, true, limit->quantity, value, bound, "%s: %s %s, bound %s (%s)", limit->id,
                        modality_quantity_info(limit->quantity)->id, IN_UNITS_BESIDE(limit->quantity, value, bound),
                        IN_UNITS(limit->quantity, bound), limit->origin);
        return;
    }
    supervise_judge(j, FAULT_over_limit, false, QUANTITY_COUNT, 0, 0, " ");
}

/* Currents of all channels together, where a limit bounds their sum. */
static void judge_sum(struct judging *j, const struct quantity_set *values)
{
    int64_t sum = 0;
    for (size_t i = 0; i < j->rules->n_channels && i < DOSE_CHANNELS_MAX; i++) {
        if (wide_add(sum, quantity_or_zero(&values[i], QUANTITY_rms_current_ua), &sum) < 0)
            sum = INT64_MAX;
    }
    if (sum > j->rules->rms_sum_max_ua)
        supervise_judge(j, FAULT_over_limit, true, QUANTITY_rms_current_sum_ua, sum, j->rules->rms_sum_max_ua,
                        "r.m.s. current of all channels %s, bound %s%s", IN_UNITS(QUANTITY_rms_current_sum_ua, sum),
                        IN_UNITS(QUANTITY_rms_current_sum_ua, j->rules->rms_sum_max_ua), BY(j, BOUND_rms_sum));
}

static void judge_channel(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const struct modality_channel_status *status = judged_status(j);
    int64_t temperature = 0;
    if (status->output == OUTPUT_ON)
        j->state->started = j->state->began = true;
    supervise_judge(j, FAULT_output_lost,
                    j->state->started && status->output == OUTPUT_REST &&
                        supervise_distance(c, supervise_farthest(c, j->sample)) > 0,
                    QUANTITY_COUNT, 0, 0, "the device says that the output is off");
    judge_setpoint(j);
    judge_commanded(j);
    if (j->state->started) {
        judge_delivery(j);
        judge_photodiode(j);
    }
    if (j->rules->modality == MODALITY_ESTIM)
        judge_load(j);
    else if (j->rules->modality == MODALITY_COLD)
        judge_skin(j);
    else
        judge_coupling(j);
    const bool hot = supervise_reading(status, QUANTITY_applicator_temperature_millic, &temperature) &&
                     temperature > j->rules->temperature_max_millic;
    supervise_judge(j, FAULT_over_temperature, hot, QUANTITY_applicator_temperature_millic, temperature,
                    j->rules->temperature_max_millic, "applicator at %s, bound %s%s",
                    IN_UNITS(QUANTITY_applicator_temperature_millic, temperature),
                    IN_UNITS(QUANTITY_applicator_temperature_millic, j->rules->temperature_max_millic),
                    BY(j, BOUND_temperature));
}

/* What was measured, and what follows from it on all channels together, against the limits of each. */
static void judge_values(struct judging *j)
{
    struct quantity_set values[DOSE_CHANNELS_MAX] = {0};
    bool known = true;
    for (j->index = 0; j->index < j->rules->n_channels; j->index++) {
        if (supervise_measure(judged_rules(j), judged_state(j), j->sample, &values[j->index]) == 0)
            continue;
        known = false; /* what cannot be computed cannot be held against a limit, nor counted */
        supervise_judge(j, FAULT_over_limit, true, judged_rules(j)->level, 0, 0,
                        "the dose of the measured output cannot be computed");
    }
    if (known && j->rules->treatment)
        picture_share(j->rules->treatment, values);
    for (j->index = 0; known && j->index < j->rules->n_channels; j->index++) {
        judge_limits(j, &values[j->index]);
        judge_head(j, &values[j->index]);
    }
    j->index = 0;
    if (known)
        judge_sum(j, values);
}

/* The rates of this sample hold on until the next one only where no level moved meanwhile. */
static bool all_steady(const struct supervise_rules *rules, const struct link_sample *sample)
{
    bool steady = true;
    for (size_t i = 0; i < rules->n_channels; i++) {
        const uint32_t c = rules->channels[i].channel;
        steady = steady && sample->level_min[c] == sample->level_max[c] && sample->level[c] == sample->level_max[c];
    }
    return steady;
}

void supervise_sample(const struct supervise_rules *rules, struct supervise_state *state,
                      const struct link_sample *sample, struct supervise_outcome *out)
{
    *out = (struct supervise_outcome){0};
    if (sample->seq <= state->last_seq || sample->taken_ns < state->last_taken_ns)
        return; /* repeated or late: it is no fresh proof of anything */
    struct judging j = {.rules = rules, .state = state, .sample = sample, .out = out};
    const int64_t since_ns = sample->taken_ns - state->last_taken_ns;
    for (j.index = 0; j.index < rules->n_channels; j.index++)
        judge_identity(&j);
    j.index = 0;
    judge_unit(&j);
    for (j.index = 0; j.index < rules->n_channels; j.index++)
        judge_channel(&j);
    j.index = 0;
    supervise_integrate(rules, state, sample, since_ns);
    judge_values(&j);
    judge_timer(&j);
    judge_totals(&j);
    for (j.index = 0; j.index < rules->n_channels; j.index++)
        judged_remember(&j);
    state->steady = all_steady(rules, sample);
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
