/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether device and host still hold what they were told, and whether the measurement stays where it is while nothing
 * is changed. The one finds a level that changed in somebody's memory or on its way, the other a measurement that
 * something else disturbs: neither can be seen from one value beside its bound.
 */
#include "modality/quantity.h"
#include "supervise/judge.h"

/* A change of sides weighs so much, each sample without one takes away 1: six changes within a second are too many. */
#define SWING_WEIGHT 4
#define SWINGS_MAX 20

static bool settled(const struct judging *j)
{
    return (j->sample->settled >> judged_rules(j)->channel) & 1u;
}

/*
 * A device that holds its rest went there by itself, and says so in other words. More than was set is judged at any
 * time, less only once the set point has stood still: until then the one before it may still be read.
 */
void judge_setpoint(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const struct modality_channel_status *status = judged_status(j);
    const int64_t far = supervise_distance(c, supervise_farthest(c, j->sample));
    const int64_t near = supervise_distance(c, supervise_nearest(c, j->sample));
    const int64_t held = supervise_distance(c, status->setpoint), step = c->level_resolution;
    const bool judged = j->state->started && status->setpoint_known && status->output == OUTPUT_ON && held != 0;
    const bool more = held > supervise_settling(j, far) + step, less = settled(j) && held < near - step;
    supervise_judge(j, FAULT_setpoint_differs, judged && (more || less), c->level, status->setpoint,
                    supervise_farthest(c, j->sample), "the device holds %s, and %s was commanded",
                    IN_UNITS(c->level, status->setpoint), IN_UNITS(c->level, supervise_farthest(c, j->sample)));
}

/* A level that was lowered is on its way to the host for a moment; one that stands and is exceeded came from nobody. */
void judge_commanded(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    struct supervise_channel_state *cs = judged_state(j);
    const int64_t walked = j->sample->level[c->channel];
    const bool stands = c->has_commanded && cs->commanded == c->commanded;
    const bool beyond = stands && supervise_distance(c, walked) > supervise_distance(c, c->commanded);
    cs->commanded = c->commanded;
    supervise_judge(j, FAULT_host_differs, beyond, c->level, walked, c->commanded,
                    "the host is at %s, and %s was commanded", IN_UNITS(c->level, walked),
                    IN_UNITS(c->level, c->commanded));
}

/* Poor contact changes what is measured, and has its own judgement. */
static bool may_be_steady(const struct judging *j)
{
    const enum modality_contact contact = judged_status(j)->contact;
    return settled(j) && judged_rules(j)->lag_ns == 0 && contact != CONTACT_POOR && contact != CONTACT_LOST;
}

void judge_steady(struct judging *j, int side)
{
    struct supervise_channel_state *cs = judged_state(j);
    const bool steady = may_be_steady(j), swung = steady && side != cs->side;
    if (swung)
        cs->swings = (uint8_t)(cs->swings + SWING_WEIGHT);
    else if (cs->swings > 0)
        cs->swings--;
    cs->side = (int8_t)(steady ? side : 0);
    const bool too_often = cs->swings >= SWINGS_MAX;
    if (too_often)
        cs->swings = SWINGS_MAX;
    supervise_judge(j, FAULT_output_unsteady, too_often, QUANTITY_COUNT, 0, 0,
                    "the measured output jumps in and out of its tolerance while the set point stands still");
}
