/* SPDX-License-Identifier: Apache-2.0 */
/* Building the points of a pulse, and what the device can serve of them. */
#include "pulse.h"

#include <errno.h>

#include "modality/range.h"

#define PERMILLE 1000
#define QUARTER_US 250
/* CLIB smpt_ml_packet_validity.c: time beside each pulse, and the share of a second (in us per ms) never reached. */
#define LOAD_BESIDE_US 60
#define LOAD_BOUND 1000
#define GAP_REASON "the gap between the phases is neither 0 nor 10 to 4095 us"

static int refuse(const char **why, const char *reason)
{
    *why = reason;
    return -EINVAL;
}

static void add_point(struct sm4_pulse *pulse, int64_t duration_us, int64_t current)
{
    pulse->points[pulse->n_points++] =
        (struct sm4_point){.duration_us = (int32_t)duration_us, .current = (int32_t)current};
}

static bool is_duration(int64_t us)
{
    return us >= SM4_POINT_US_MIN && us <= SM4_POINT_US_MAX;
}

/*
 * Code of the period and its unit: NULL, or why there is none. Above 8191 ms the device counts halves of a ms; the next
 * of them has the same rate in whole mHz.
 */
static const char *find_period(int64_t millihz, int64_t *code, bool *in_quarters)
{
    int64_t quarters = modality_period_steps(millihz, PULSE_PERIOD_STEP_US);
    if (quarters > INT16_MAX && quarters % 2 != 0)
        quarters++;
    if (quarters == 0 || modality_period_rate(quarters, PULSE_PERIOD_STEP_US) != millihz)
        return "the period of this pulse rate is no multiple of 0.25 ms";
    *in_quarters = quarters % 2 != 0;
    *code = *in_quarters ? quarters : quarters / 2;
    return *code > INT16_MAX ? "the period of this pulse rate is too long" : NULL;
}

static int set_period(const struct pulse_shape *s, struct sm4_pulse *pulse, const char **why)
{
    int64_t code;
    bool in_quarters;
    if (s->pulse_rate_millihz < PULSE_RATE_MIN_MILLIHZ || s->pulse_rate_millihz > PULSE_RATE_MAX_MILLIHZ)
        return refuse(why, "the pulse rate is out of range");
    const char *reason = find_period(s->pulse_rate_millihz, &code, &in_quarters);
    if (reason)
        return refuse(why, reason);
    pulse->quarters = in_quarters;
    pulse->period_code = (int32_t)code;
    return 0;
}

const char *pulse_refusal(enum modality_quantity quantity, int64_t value)
{
    int64_t code;
    bool in_quarters;
    if (quantity == QUANTITY_pulse_rate_millihz)
        return find_period(value, &code, &in_quarters);
    if (quantity == QUANTITY_interphase_us && value != 0 && !is_duration(value))
        return GAP_REASON;
    return NULL;
}

/* The second phase: current of opposite sign and width such that its charge is that of the first. */
static int second_phase(const struct pulse_shape *s, int64_t current, int64_t *current2, int64_t *width2,
                        const char **why)
{
    *current2 = current;
    *width2 = s->phase_width_us;
    if (s->waveform == WAVEFORM_biphasic_symmetric)
        return 0;
    if (s->waveform != WAVEFORM_biphasic_asymmetric)
        return refuse(why, "the device does not produce this waveform");
    if (s->amplitude2_permille < 1 || s->amplitude2_permille > PERMILLE || !is_duration(s->phase2_width_us))
        return refuse(why, "the second phase is out of range");
    if (s->phase2_width_us * s->amplitude2_permille != s->phase_width_us * PERMILLE)
        return refuse(why, "the charge of the second phase is not that of the first");
    if (current * s->amplitude2_permille % PERMILLE != 0)
        return refuse(why, "the second phase is no multiple of 0.5 mA");
    *current2 = current * s->amplitude2_permille / PERMILLE;
    *width2 = s->phase2_width_us;
    return 0;
}

static bool is_balanced(const struct sm4_pulse *pulse)
{
    int64_t charge = 0;
    for (size_t i = 0; i < pulse->n_points; i++)
        charge += (int64_t)pulse->points[i].duration_us * pulse->points[i].current;
    return charge == 0;
}

int pulse_build(const struct pulse_shape *s, struct sm4_pulse *out, const char **why)
{
    struct sm4_pulse pulse = {0};
    int64_t current2, width2;
    if (s->amplitude_ua < 0 || s->amplitude_ua > PULSE_AMPLITUDE_MAX_UA)
        return refuse(why, "the current is out of range");
    if (s->amplitude_ua % PULSE_STEP_UA != 0)
        return refuse(why, "the current is no multiple of 0.5 mA");
    if (!is_duration(s->phase_width_us))
        return refuse(why, "the width of the phase is out of range");
    if (s->interphase_us != 0 && !is_duration(s->interphase_us))
        return refuse(why, GAP_REASON);
    int64_t current = s->amplitude_ua / PULSE_STEP_UA;
    int r = second_phase(s, current, &current2, &width2, why);
    if (r == 0)
        r = set_period(s, &pulse, why);
    if (r < 0)
        return r;
    add_point(&pulse, s->phase_width_us, current);
    if (s->interphase_us != 0)
        add_point(&pulse, s->interphase_us, 0);
    add_point(&pulse, width2, -current2);
    if (!is_balanced(&pulse))
        return refuse(why, "the pulse is not balanced");
    if (pulse_check_load(1, &pulse) < 0)
        return refuse(why, "the pulse does not fit its period");
    *out = pulse;
    return 0;
}

/* What one channel uses of a second, in us per ms, rounded up. */
static int64_t load_of(const struct sm4_pulse *pulse)
{
    int64_t quarters = sm4_period_us(pulse) / QUARTER_US, used = LOAD_BESIDE_US;
    for (size_t i = 0; i < pulse->n_points; i++)
        used += pulse->points[i].duration_us;
    return (used * 4 + quarters - 1) / quarters;
}

int pulse_check_load(unsigned mask, const struct sm4_pulse *pulses)
{
    int64_t load = 0;
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        if (mask & (1u << c))
            load += load_of(&pulses[c]);
    return load < LOAD_BOUND ? 0 : -EINVAL;
}

int64_t pulse_step_ua(int64_t amplitude2_permille)
{
    if (amplitude2_permille < 1 || amplitude2_permille > PERMILLE)
        return 0;
    int64_t a = PERMILLE, b = amplitude2_permille;
    while (b != 0) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return PERMILLE / a * PULSE_STEP_UA;
}
