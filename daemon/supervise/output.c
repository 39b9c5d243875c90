/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delivery, load and contact. A measurement is held against the set points that were in force since the sample before,
 * by its way from rest on the unsafe side: that is up for a current and down for the temperature of a pad.
 */
#include "supervise/dose.h"
#include "supervise/judge.h"

/* A measurement that should have moved is judged only after the level went this far from where it last moved. */
#define STUCK_SHARE_PERMILLE 250
/* An impedance is compared with its own smoothed past: weight of the newest sample, 1/16 at 50 ms is about a second. */
#define SMOOTHING 16
/* Devices with readings of 16 bit say "above range" by the largest of them. */
#define BEYOND_OHM 65535

int64_t supervise_distance(const struct supervise_channel_rules *c, int64_t absolute)
{
    return c->safer_up ? c->rest_value - absolute : absolute - c->rest_value;
}

int64_t supervise_farthest(const struct supervise_channel_rules *c, const struct link_sample *sample)
{
    return c->safer_up ? sample->level_min[c->channel] : sample->level_max[c->channel];
}

int64_t supervise_nearest(const struct supervise_channel_rules *c, const struct link_sample *sample)
{
    return c->safer_up ? sample->level_max[c->channel] : sample->level_min[c->channel];
}

static int64_t absolute_of(const struct supervise_channel_rules *c, int64_t distance)
{
    return c->safer_up ? c->rest_value - distance : c->rest_value + distance;
}

/* Way from rest of what is measured: that of the level, or a power, whose rest is none. */
static int64_t measured_distance(const struct supervise_channel_rules *c, int64_t actual)
{
    return c->actual == c->level ? supervise_distance(c, actual) : actual;
}

static int64_t measured_absolute(const struct supervise_channel_rules *c, int64_t distance)
{
    return c->actual == c->level ? absolute_of(c, distance) : distance;
}

/* What should be measured at this level, as a way from rest. */
static int expect(const struct supervise_channel_rules *c, int64_t level, int64_t *distance)
{
    int64_t expected = 0;
    const int r = supervise_expect(c, level, &expected);
    if (r < 0)
        return r;
    *distance = measured_distance(c, expected);
    return 0;
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

/* The farthest way from rest that an output may still show: now, or from before where it still counts. */
static int64_t lagging(const struct judging *j, int64_t now)
{
    const struct supervise_channel_state *cs = &j->state->channels[j->index];
    return j->sample->taken_ns <= cs->lag_until_ns && cs->lag > now ? cs->lag : now;
}

/* The farthest that an output which is no farther than it should be can be: a level that never stays still is no
 * excuse. */
int64_t supervise_settling(const struct judging *j, int64_t now)
{
    const struct supervise_channel_state *cs = &j->state->channels[j->index];
    const bool settled = (j->sample->settled >> judged_rules(j)->channel) & 1u;
    const int64_t far = !settled && j->sample->taken_ns <= cs->recent_until_ns && cs->recent > now ? cs->recent : now;
    return judged_rules(j)->lag_ns > 0 && !settled ? lagging(j, far) : far;
}

void judged_remember(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    struct supervise_channel_state *cs = judged_state(j);
    const int64_t now = supervise_distance(c, supervise_farthest(c, j->sample)), taken_ns = j->sample->taken_ns;
    if (now >= cs->recent || taken_ns > cs->recent_until_ns) {
        cs->recent = now;
        cs->recent_until_ns = taken_ns + c->settle_ns;
    }
    if (c->lag_ns > 0 && now < cs->lag && taken_ns <= cs->lag_until_ns)
        return;
    cs->lag = now;
    cs->lag_until_ns = c->lag_ns > 0 ? taken_ns + c->lag_ns : INT64_MAX; /* without a lag: until the next sample */
}

/* A slow output that is still away from rest when it is armed again may be so for its time. */
static void remember_start(struct judging *j, int64_t distance)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    struct supervise_channel_state *cs = judged_state(j);
    if (c->lag_ns == 0 || cs->has_actual || distance <= cs->lag)
        return;
    cs->lag = distance;
    cs->lag_until_ns = j->sample->taken_ns + c->lag_ns;
}

static void judge_over(struct judging *j, int64_t actual, int64_t far)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const int64_t measured = measured_distance(c, actual);
    int64_t past, expected;
    if (expect(c, absolute_of(c, lagging(j, far)), &past) < 0 ||
        expect(c, absolute_of(c, supervise_settling(j, far)), &expected) < 0)
        return;
    const int64_t gross = past + past / 2 + tolerance(c, 0), high = expected + tolerance(c, expected);
    supervise_judge(j, FAULT_over_output_gross, measured > gross, c->actual, actual, measured_absolute(c, gross),
                    "measured %s, more than 1.5 x the set %s",
                    IN_UNITS_BESIDE(c->actual, actual, measured_absolute(c, past)),
                    IN_UNITS(c->actual, measured_absolute(c, past)));
    supervise_judge(j, FAULT_over_output, measured > high, c->actual, actual, measured_absolute(c, high),
                    "measured %s, beyond the set %s by more than the tolerance, bound %s%s",
                    IN_UNITS(c->actual, actual), IN_UNITS(c->actual, measured_absolute(c, expected)),
                    IN_UNITS(c->actual, measured_absolute(c, high)), BY(j, BOUND_accuracy));
}

/* A pad that cools slowly harms nobody: it is told. A current that is too low is a broken lead or a lying device. */
static void judge_under(struct judging *j, int64_t actual, int64_t expected)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const int64_t low = expected - tolerance(c, expected);
    const bool settled = (j->sample->settled >> c->channel) & 1u, slow = c->lag_ns > 0;
    const bool under = settled && measured_distance(c, actual) < low;
    supervise_judge(j, FAULT_under_output, under && !slow, c->actual, actual, measured_absolute(c, low),
                    "measured %s, below the set %s by more than the tolerance, bound %s%s", IN_UNITS(c->actual, actual),
                    IN_UNITS(c->actual, measured_absolute(c, expected)), IN_UNITS(c->actual, measured_absolute(c, low)),
                    BY(j, BOUND_accuracy));
    supervise_judge(j, FAULT_slow_cooling, under && slow, c->actual, actual, measured_absolute(c, low),
                    "measured %s, and %s was set a while ago", IN_UNITS(c->actual, actual),
                    IN_UNITS(c->actual, measured_absolute(c, expected)));
}

static int64_t gap(int64_t near, int64_t far, int64_t other_near, int64_t other_far)
{
    return near > other_far ? near - other_far : other_near > far ? other_near - far : 0;
}

/*
 * The level may have been anywhere between its ends since the sample before. A slow output is given its time before its
 * sensor must have moved.
 */
static void judge_stuck(struct judging *j, int64_t actual, int64_t near, int64_t far)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    struct supervise_channel_state *cs = judged_state(j);
    if (!cs->has_actual || actual != cs->last_actual) {
        cs->has_actual = true;
        cs->last_actual = actual;
        cs->near_at_change = near;
        cs->far_at_change = far;
    }
    const int64_t moved = gap(near, far, cs->near_at_change, cs->far_at_change);
    const int64_t must_move = cs->far_at_change / 1000 * STUCK_SHARE_PERMILLE + 4 * c->resolution;
    const bool judged = c->lag_ns == 0 || ((j->sample->settled >> c->channel) & 1u);
    supervise_judge(j, FAULT_sensor_stuck, judged && moved > must_move, c->actual, actual, must_move,
                    "measured %s has not moved although the level went from %s to %s", IN_UNITS(c->actual, actual),
                    IN_UNITS(c->level, absolute_of(c, cs->far_at_change)), IN_UNITS(c->level, absolute_of(c, far)));
}

/* On which side of its tolerance a measurement is. */
static int side_of(const struct supervise_channel_rules *c, int64_t measured, int64_t expected)
{
    const int64_t tolerated = tolerance(c, expected);
    return measured > expected + tolerated ? 1 : measured < expected - tolerated ? -1 : 0;
}

void judge_delivery(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const int64_t far = supervise_distance(c, supervise_farthest(c, j->sample));
    const int64_t near = supervise_distance(c, supervise_nearest(c, j->sample));
    int64_t actual, low;
    if (!c->has_actual || !supervise_reading(judged_status(j), c->actual, &actual) ||
        expect(c, supervise_nearest(c, j->sample), &low) < 0)
        return;
    remember_start(j, measured_distance(c, actual));
    judge_over(j, actual, far);
    judge_under(j, actual, low);
    judge_stuck(j, actual, near, far);
    judge_steady(j, side_of(c, measured_distance(c, actual), low));
}

/* --- load and contact --- */

static bool contact_counts(const struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const int64_t far = supervise_distance(c, supervise_farthest(c, j->sample));
    return c->judge_contact && judged_status(j)->output == OUTPUT_ON && far > 0 && far >= c->contact_from;
}

void judge_coupling(struct judging *j)
{
    supervise_judge(j, FAULT_coupling_lost, contact_counts(j) && judged_status(j)->contact == CONTACT_LOST,
                    QUANTITY_COUNT, 0, 0, "the head has no contact");
}

/* Against its smoothed last second and its value at the start. */
static void judge_course(struct judging *j, int64_t ohm)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    struct supervise_channel_state *cs = judged_state(j);
    if (!cs->has_first_impedance) {
        cs->has_first_impedance = cs->has_slow_impedance = true;
        cs->first_impedance_ohm = cs->slow_impedance_ohm = ohm;
    }
    const int64_t slow = cs->slow_impedance_ohm;
    const bool step = ohm >= 2 * slow || 2 * ohm <= slow;
    supervise_judge(j, FAULT_impedance_step, step, QUANTITY_impedance_ohm, ohm, slow,
                    "impedance went from %s to %s within a second", IN_UNITS(QUANTITY_impedance_ohm, slow),
                    IN_UNITS(QUANTITY_impedance_ohm, ohm));
    if (!step) /* a step is judged against the value before it */
        cs->slow_impedance_ohm += (ohm - slow) / SMOOTHING + (ohm > slow ? 1 : ohm < slow ? -1 : 0);
    const int64_t rise = (ohm - cs->first_impedance_ohm) * 1000 / cs->first_impedance_ohm;
    supervise_judge(j, FAULT_impedance_trend, rise > c->impedance_trend_permille, QUANTITY_impedance_rise_permille,
                    rise, c->impedance_trend_permille, "impedance has risen by %s since the start, noticed above %s%s",
                    IN_UNITS(QUANTITY_impedance_rise_permille, rise),
                    IN_UNITS(QUANTITY_impedance_rise_permille, c->impedance_trend_permille), BY(j, BOUND_trend));
    supervise_judge(j, FAULT_impedance_risen, rise > c->impedance_rise_permille, QUANTITY_impedance_rise_permille, rise,
                    c->impedance_rise_permille, "impedance has risen by %s since the start, at most %s%s",
                    IN_UNITS(QUANTITY_impedance_rise_permille, rise),
                    IN_UNITS(QUANTITY_impedance_rise_permille, c->impedance_rise_permille), BY(j, BOUND_rise));
}

static const char *load_text(int64_t ohm, char *text, size_t size)
{
    if (ohm <= 0)
        return "not measured";
    return ohm >= BEYOND_OHM ? "above what can be measured" : value_format(QUANTITY_impedance_ohm, ohm, text, size);
}

/* Impedance against its bounds; 0 or less is "not measured". */
void judge_load(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const struct modality_channel_status *status = judged_status(j);
    const bool lost = contact_counts(j) && status->contact == CONTACT_LOST;
    const bool shorted = contact_counts(j) && status->contact == CONTACT_SHORTED;
    int64_t ohm = 0;
    supervise_reading(status, QUANTITY_impedance_ohm, &ohm);
    char load[VALUE_TEXT_MAX];
    supervise_judge(j, FAULT_electrode_open, lost || ohm > c->impedance_open_ohm, QUANTITY_impedance_ohm, ohm,
                    c->impedance_open_ohm, "open circuit: impedance %s%s, open above %s%s",
                    load_text(ohm, load, sizeof load), lost ? ", contact lost" : "",
                    c->impedance_open_ohm == INT64_MAX ? "no bound"
                                                       : IN_UNITS(QUANTITY_impedance_ohm, c->impedance_open_ohm),
                    BY(j, BOUND_open));
    supervise_judge(j, FAULT_electrode_short, shorted || (ohm > 0 && ohm < c->impedance_short_ohm),
                    QUANTITY_impedance_ohm, ohm, c->impedance_short_ohm,
                    "short circuit: impedance %s%s, short below %s%s", load_text(ohm, load, sizeof load),
                    shorted ? ", contact shorted" : "", IN_UNITS(QUANTITY_impedance_ohm, c->impedance_short_ohm),
                    BY(j, BOUND_short));
    if (ohm > 0)
        judge_course(j, ohm);
}
