/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Walking the level: upward in multiples of the device's resolution, as far as slew has earned and step allows; toward
 * rest at once; surges cut the walked level into ramps and plateaus. Exact integers: no rounding is carried along.
 */
#include "dose/walk.h"

#include "dose/wide.h"

#include <errno.h>

#define NS_IN_S INT64_C(1000000000)
#define NS_IN_MS INT64_C(1000000)
#define RULE_MAX INT64_C(9000000000) /* a step of this times 10^9 ns still fits */
#define SURGE_MAX_MS INT64_C(86400000)
#define LEVEL_MAX INT64_C(1000000000000) /* what lies farther from rest is no level */

int walk_rules_check(const struct walk_rules *r)
{
    if (r->resolution < 1 || r->step > RULE_MAX || r->step < r->resolution || r->slew_per_s < 1 ||
        r->slew_per_s > RULE_MAX) {
        return -EINVAL;
    }
    if (!r->surged) {
        return 0;
    }
    if (r->surge_on_ms < 1 || r->surge_on_ms > SURGE_MAX_MS || r->surge_off_ms < 0 || r->surge_off_ms > SURGE_MAX_MS ||
        r->ramp_up_ms < 0 || r->ramp_down_ms < 0 || r->ramp_up_ms > r->surge_on_ms ||
        r->ramp_down_ms > r->surge_on_ms - r->ramp_up_ms) {
        return -EINVAL;
    }
    return 0;
}

void walk_begin(struct walk *w, int64_t now_ns)
{
    *w = (struct walk){.last_ns = now_ns, .credit = -1, .surge_start_ns = now_ns};
}

void walk_target(struct walk *w, int64_t target)
{
    w->target = target > 0 && target <= LEVEL_MAX ? target : 0;
}

/* The multiple of resolution at or below value; never below rest. */
static int64_t whole_steps(const struct walk_rules *rules, int64_t value)
{
    int64_t whole = value - value % rules->resolution;
    return whole > 0 ? whole : 0;
}

/* Where the level ends. */
static int64_t walk_goal(const struct walk_rules *rules, const struct walk *w)
{
    return whole_steps(rules, w->target);
}

/* Credit after dt_ns; more than a whole step is never kept, so a late advance cannot leap. */
static int64_t earned(const struct walk_rules *rules, int64_t credit, int64_t dt_ns)
{
    int64_t most = rules->step * NS_IN_S, earning = 0;
    if (wide_mul_div_down(rules->slew_per_s, dt_ns > 0 ? dt_ns : 0, 1, &earning) < 0 || earning > most - credit) {
        return most;
    }
    return credit + earning;
}

/* Raises the level by what the credit buys, in whole resolutions. */
static void climb(const struct walk_rules *rules, struct walk *w, int64_t goal)
{
    int64_t rise = w->credit / NS_IN_S;
    int64_t room = goal > w->level ? goal - w->level : 0;
    rise = whole_steps(rules, rise < room ? rise : room);
    int64_t level = w->level + rise;
    w->level = level < goal ? level : goal;
    w->credit -= rise * NS_IN_S; /* less than one resolution's worth is left, or the goal is reached */
}

static void move_level(const struct walk_rules *rules, struct walk *w, int64_t now_ns)
{
    int64_t goal = walk_goal(rules, w);
    if (goal <= w->level) {
        w->level = goal;
        w->credit = -1;
    } else if (w->credit < 0) {
        w->credit = 0; /* there is somewhere to go: the clock starts now */
    } else {
        w->credit = earned(rules, w->credit, now_ns - w->last_ns);
        climb(rules, w, goal);
        if (w->level == goal) {
            w->credit = -1;
        }
    }
    w->last_ns = now_ns;
}

/* Time since the current surge began; the surges' clock never runs backward. */
static int64_t surge_phase_ns(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    int64_t since = now_ns > w->surge_start_ns ? now_ns - w->surge_start_ns : 0;
    return since % ((rules->surge_on_ms + rules->surge_off_ms) * NS_IN_MS);
}

/* part/whole of level, toward rest. */
static int64_t share(int64_t level, int64_t part, int64_t whole)
{
    int64_t value = 0;
    if (part >= whole || wide_mul_div_down(level, part > 0 ? part : 0, whole, &value) < 0) {
        return part >= whole ? level : 0;
    }
    return value < level ? value : level;
}

static int64_t surge_level(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    if (!rules->surged) {
        return w->level;
    }
    int64_t phase = surge_phase_ns(rules, w, now_ns);
    int64_t on = rules->surge_on_ms * NS_IN_MS;
    int64_t up = rules->ramp_up_ms * NS_IN_MS, down = rules->ramp_down_ms * NS_IN_MS;
    int64_t value = 0;
    if (phase < up) {
        value = share(w->level, phase, up);
    } else if (phase <= on - down && phase < on) {
        value = w->level;
    } else if (phase < on) {
        value = share(w->level, on - phase, down);
    }
    return whole_steps(rules, value);
}

int64_t walk_advance(const struct walk_rules *rules, struct walk *w, int64_t now_ns)
{
    if (walk_rules_check(rules) < 0) {
        w->level = 0;
        w->last_ns = now_ns;
        return 0;
    }
    move_level(rules, w, now_ns);
    return surge_level(rules, w, now_ns);
}

/* When the level itself moves next. */
static int64_t level_next_ns(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    int64_t goal = walk_goal(rules, w), next = 0;
    if (goal == w->level) {
        return INT64_MAX;
    }
    if (goal < w->level || w->credit < 0) {
        return now_ns;
    }
    int64_t needed = rules->resolution * NS_IN_S - w->credit;
    if (needed <= 0) {
        return now_ns;
    }
    int64_t wait = needed / rules->slew_per_s + (needed % rules->slew_per_s != 0 ? 1 : 0);
    if (wide_add(w->last_ns, wait, &next) < 0) {
        return INT64_MAX;
    }
    return next > now_ns ? next : now_ns;
}

/* Phase at which a rising ramp first gives at least value; ceil, so that share() there is no less. Its end at most. */
static int64_t phase_reaching(int64_t value, int64_t level, int64_t ramp)
{
    int64_t phase = 0;
    return wide_mul_div_up(value, ramp, level, &phase) < 0 || phase > ramp ? ramp : phase;
}

/* Phase of the current or next surge at which its output changes next; may lie in the next period. */
static int64_t surge_next_phase(const struct walk_rules *rules, const struct walk *w, int64_t now_ns, int64_t phase)
{
    int64_t on = rules->surge_on_ms * NS_IN_MS, period = on + rules->surge_off_ms * NS_IN_MS;
    int64_t up = rules->ramp_up_ms * NS_IN_MS, down = rules->ramp_down_ms * NS_IN_MS;
    int64_t value = surge_level(rules, w, now_ns);
    if (phase < up) {
        int64_t at = phase_reaching(value + rules->resolution, w->level, up);
        return at < up ? at : up;
    }
    if (value > 0) { /* on the plateau, or falling: it stays while on - phase still gives value */
        int64_t at = on - phase_reaching(value, w->level, down) + 1;
        return at < on ? at : on;
    }
    return period + (up > 0 ? phase_reaching(rules->resolution, w->level, up) : 0);
}

static int64_t surge_next_ns(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    if (!rules->surged || w->level < rules->resolution ||
        (rules->surge_off_ms == 0 && rules->ramp_up_ms == 0 && rules->ramp_down_ms == 0)) {
        return INT64_MAX;
    }
    int64_t next = 0, phase = surge_phase_ns(rules, w, now_ns);
    int64_t wait = surge_next_phase(rules, w, now_ns, phase) - phase;
    if (wait <= 0) {
        wait = 1;
    }
    return wide_add(now_ns > w->surge_start_ns ? now_ns : w->surge_start_ns, wait, &next) < 0 ? INT64_MAX : next;
}

int64_t walk_next_ns(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    if (walk_rules_check(rules) < 0) {
        return w->level > 0 ? now_ns : INT64_MAX;
    }
    int64_t level = level_next_ns(rules, w, now_ns), surge = surge_next_ns(rules, w, now_ns);
    return level < surge ? level : surge;
}

int64_t walk_surges(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    if (!rules->surged || walk_rules_check(rules) < 0 || now_ns < w->surge_start_ns) {
        return 0;
    }
    return (now_ns - w->surge_start_ns) / ((rules->surge_on_ms + rules->surge_off_ms) * NS_IN_MS) + 1;
}

bool walk_settled(const struct walk_rules *rules, const struct walk *w, int64_t now_ns)
{
    if (walk_rules_check(rules) < 0 || w->level != walk_goal(rules, w)) {
        return false;
    }
    if (!rules->surged) {
        return true;
    }
    int64_t phase = surge_phase_ns(rules, w, now_ns);
    return phase >= rules->ramp_up_ms * NS_IN_MS && phase < (rules->surge_on_ms - rules->ramp_down_ms) * NS_IN_MS;
}
