/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far a treatment that is led by its dose has come: of the whole for iontophoresis, of the present point for a
 * laser. Between two samples the rates of the newest one tell when it will be there, if no level moves.
 */
#include "supervise/supervise.h"

#include "dose/wide.h"
#include "modality/clock.h"

#define NC_PER_UA_MIN 60000
#define NJ_PER_UJ 1000

/* What the course counts, in nC or nJ: what is done, what is wanted, and how fast it comes. */
struct progress {
    int64_t done, wanted, per_second, unit;
};

static int64_t times(int64_t amount, int64_t unit)
{
    int64_t product;
    return wide_mul(amount, unit, &product) == 0 ? product : INT64_MAX;
}

static struct progress progress_of(const struct supervise_rules *rules, const struct supervise_state *state)
{
    struct progress p = {.wanted = INT64_MAX, .unit = 1};
    const bool ions = rules->course.end == COURSE_ION_DOSE;
    if (rules->course.end == COURSE_TIME)
        return p;
    for (size_t i = 0; i < rules->n_channels; i++) {
        const struct supervise_channel_state *cs = &state->channels[i];
        p.done += ions ? cs->charge_nc : cs->energy_nj;
        p.per_second += ions ? cs->charge_rate_nc : cs->energy_rate_nj;
    }
    if (!ions)
        p.done -= state->point_begun_nj;
    p.unit = ions ? NC_PER_UA_MIN : NJ_PER_UJ;
    p.wanted = times(rules->course.amount, p.unit);
    return p;
}

void supervise_begin_point(struct supervise_state *state)
{
    state->point_begun_nj = 0;
    for (size_t i = 0; i < DOSE_CHANNELS_MAX; i++)
        state->point_begun_nj += state->channels[i].energy_nj;
}

int64_t supervise_course_done(const struct supervise_rules *rules, const struct supervise_state *state)
{
    const struct progress p = progress_of(rules, state);
    return p.done / p.unit;
}

int64_t supervise_course_due_ns(const struct supervise_rules *rules, const struct supervise_state *state)
{
    const struct progress p = progress_of(rules, state);
    int64_t left_ns, due_ns;
    if (p.wanted == INT64_MAX)
        return INT64_MAX;
    if (p.done >= p.wanted)
        return state->last_taken_ns;
    if (!state->steady || p.per_second <= 0 ||
        wide_mul_div_up(p.wanted - p.done, NS_PER_S, p.per_second, &left_ns) < 0 ||
        wide_add(state->last_taken_ns, left_ns, &due_ns) < 0)
        return INT64_MAX;
    return due_ns;
}

bool supervise_course_reached(const struct supervise_rules *rules, const struct supervise_state *state, int64_t now_ns)
{
    return rules->course.end != COURSE_TIME && now_ns >= supervise_course_due_ns(rules, state);
}
