/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device senses besides its output: which head or probe is connected, key and interlock, the photodiode, whether
 * a head moves, and the skin under a pad. A sensor that is missing, off its place or impossible is no reason to go on.
 */
#include <string.h>

#include "modality/clock.h"
#include "supervise/dose.h"
#include "supervise/judge.h"

/* Above the bound for a still head, so long without motion: a slow stroke turns round within it. */
#define STILL_NS (3 * NS_PER_S)
/* Skin that lives and is not burnt is never outside of these. */
#define SKIN_LOWEST_MILLIC (-10000)
#define SKIN_HIGHEST_MILLIC 45000
/* Skin under a pad that is so much colder cools: the very same value for a minute is a sensor that does not look. */
#define FROZEN_NS (60 * NS_PER_S)
#define FROZEN_COLDER_MILLIC 5000

/* A key and a door may be two readings: one that is 0 is enough. */
static bool interlock_open(const struct modality_channel_status *status)
{
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity == QUANTITY_interlock_closed && status->readings[i].value == 0)
            return true;
    }
    return false;
}

void judge_identity(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const struct modality_channel_status *status = judged_status(j);
    const bool told = status->applicator[0] != '\0';
    const bool changed = told ? strcmp(status->applicator, c->applicator) != 0 : c->applicator_told;
    supervise_judge(j, FAULT_interlock_open, interlock_open(status), QUANTITY_interlock_closed, 0, 1,
                    "key switch or interlock is open");
    supervise_judge(j, FAULT_applicator_changed, changed, QUANTITY_COUNT, 0, 0,
                    "the device says that %s%s is connected, the treatment is for %s", told ? "" : "nothing",
                    status->applicator, c->applicator[0] ? c->applicator : "none");
}

void judge_photodiode(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const struct supervise_channel_state *cs = judged_state(j);
    const int64_t far = supervise_distance(c, supervise_farthest(c, j->sample));
    int64_t measured, set;
    if (c->readback_permille == INT64_MAX || !c->has_actual ||
        !supervise_reading(judged_status(j), c->actual, &measured) ||
        supervise_expect(c, c->rest_value + (cs->lag > far ? cs->lag : far), &set) < 0)
        return;
    const int64_t margin = c->noise > 2 * c->resolution ? c->noise : 2 * c->resolution;
    const int64_t share = set / 1000 * c->readback_permille + set % 1000 * c->readback_permille / 1000;
    const int64_t bound = share > set + margin ? share : set + margin;
    supervise_judge(j, FAULT_readback_over, measured > bound, c->actual, measured, bound,
                    "the photodiode shows %s, bound %s for the set %s%s", IN_UNITS(c->actual, measured),
                    IN_UNITS(c->actual, bound), IN_UNITS(c->actual, set), BY(j, BOUND_readback));
}

void judge_head(struct judging *j, const struct quantity_set *values)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    struct supervise_channel_state *cs = judged_state(j);
    const int64_t sata = quantity_or_zero(values, QUANTITY_intensity_sata_uw_cm2);
    const int64_t still = quantity_or_zero(values, QUANTITY_intensity_static_uw_cm2);
    const int64_t intensity = sata > still ? sata : still, now = j->sample->taken_ns;
    int64_t moving = 1;
    supervise_reading(judged_status(j), QUANTITY_head_moving, &moving);
    if (moving != 0 || intensity <= c->static_max_uw_cm2)
        cs->still_since_ns = 0;
    else if (cs->still_since_ns == 0)
        cs->still_since_ns = now;
    const bool too_long = cs->still_since_ns != 0 && now - cs->still_since_ns >= STILL_NS;
    supervise_judge(j, FAULT_head_still, too_long, QUANTITY_intensity_static_uw_cm2, intensity, c->static_max_uw_cm2,
                    "the head has not moved for %lld s at %s, at most %s for a still one%s",
                    (long long)((now - cs->still_since_ns) / NS_PER_S),
                    IN_UNITS(QUANTITY_intensity_static_uw_cm2, intensity),
                    IN_UNITS(QUANTITY_intensity_static_uw_cm2, c->static_max_uw_cm2), BY(j, BOUND_static));
}

/* --- cold --- */

/* The pad as measured, else its set point. */
static int64_t pad_of(const struct judging *j)
{
    int64_t pad = supervise_farthest(judged_rules(j), j->sample);
    supervise_reading(judged_status(j), QUANTITY_temperature_millic, &pad);
    return pad;
}

static bool frozen(struct judging *j, bool has_skin, int64_t skin)
{
    struct supervise_channel_state *cs = judged_state(j);
    const int64_t now = j->sample->taken_ns;
    const bool under_cold = has_skin && j->state->started && pad_of(j) <= skin - FROZEN_COLDER_MILLIC;
    if (!under_cold || !cs->has_skin || cs->skin_millic != skin)
        cs->skin_since_ns = now;
    cs->has_skin = has_skin;
    cs->skin_millic = skin;
    return under_cold && now - cs->skin_since_ns >= FROZEN_NS;
}

void judge_skin(struct judging *j)
{
    const struct supervise_channel_rules *c = judged_rules(j);
    const struct modality_channel_status *status = judged_status(j);
    int64_t skin = 0;
    const bool has_skin = supervise_reading(status, QUANTITY_skin_temperature_millic, &skin);
    const bool off = c->judge_contact && status->contact == CONTACT_LOST, missing = c->has_skin && !has_skin;
    supervise_judge(j, FAULT_sensor_lost, off || missing, QUANTITY_COUNT, 0, 0, "the skin sensor is %s",
                    off ? "off the skin" : "missing");
    const bool impossible = has_skin && (skin < SKIN_LOWEST_MILLIC || skin > SKIN_HIGHEST_MILLIC);
    supervise_judge(j, FAULT_sensor_implausible, impossible, QUANTITY_skin_temperature_millic, skin,
                    SKIN_HIGHEST_MILLIC, "the skin sensor shows %s, which skin cannot be",
                    IN_UNITS(QUANTITY_skin_temperature_millic, skin));
    supervise_judge(j, FAULT_sensor_frozen, frozen(j, has_skin, skin), QUANTITY_skin_temperature_millic, skin, skin,
                    "the skin sensor has shown exactly %s for %lld s under a cold pad",
                    IN_UNITS(QUANTITY_skin_temperature_millic, skin), (long long)(FROZEN_NS / NS_PER_S));
    const int64_t coldest = has_skin ? skin : pad_of(j);
    supervise_judge(j, FAULT_skin_cold, coldest < c->skin_min_millic, QUANTITY_skin_temperature_millic, coldest,
                    c->skin_min_millic, "%s at %s, floor %s%s",
                    has_skin ? "skin" : "pad, where no sensor sees the skin,",
                    IN_UNITS(QUANTITY_skin_temperature_millic, coldest),
                    IN_UNITS(QUANTITY_skin_temperature_millic, c->skin_min_millic), BY(j, BOUND_skin));
}
