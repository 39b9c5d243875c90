/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device senses before it may be armed: which head or probe is connected, key and interlock, the skin sensor of
 * a cold unit. Supervision holds the same things while it runs; here they are told before anybody has waited for them.
 */
#include "session/internal.h"

static const struct modality_channel_status *status_of(const struct unit *unit, uint32_t channel)
{
    const bool known = unit->has_sample && unit->presence != UNIT_ABSENT && unit->presence != UNIT_PROBING;
    return known && channel < unit->sample.status.n_channels ? &unit->sample.status.channels[channel] : NULL;
}

static bool interlock_open(const struct modality_channel_status *status)
{
    for (size_t i = 0; i < status->n_readings && i < MODALITY_READINGS_MAX; i++) {
        if (status->readings[i].quantity == QUANTITY_interlock_closed && status->readings[i].value == 0)
            return true;
    }
    return false;
}

/* The limit to be named: the installation's, which is as tight as the compiled one, else that. */
static const struct limit *bound(const struct assessment *a, enum modality_quantity q)
{
    const struct dose_tables *t = a->plan.dose.tables;
    size_t own = 0;
    while (own < t->n_limits && t->limits[own].layer == LAYER_COMPILED)
        own++;
    if (!a->has_picture)
        return NULL;
    const struct limit *l = limit_tightest(t->limits + own, t->n_limits - own, &a->picture, q, LIMIT_HARD, true);
    return l ? l : limit_tightest(t->limits, own, &a->picture, q, LIMIT_HARD, true);
}

/* The device's own word for what is connected, against the one whose calibration the dose rests on. */
static void check_head(const struct plan *plan, const struct modality_channel_status *status, struct refusals *r)
{
    const int index = plan->dose.treatment.applicator;
    const struct applicator *a = index >= 0 ? &plan->dose.tables->applicators[index] : NULL;
    if (status->applicator[0] == '\0' || (a && a->serial && strcmp(a->serial, status->applicator) == 0))
        return;
    if (!a)
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, plan->unit->id,
                    "device %s says that %.63s is connected: applicator_ref must name it", plan->unit->id,
                    status->applicator);
    else
        refusal_add(r, TOKEN_IDENTITY_MISMATCH, a->id,
                    "device %s says that %.63s is connected, applicator %s has serial %.63s (%s)", plan->unit->id,
                    status->applicator, a->id, a->serial ? a->serial : "none", a->origin)
            ->origin = a->origin;
}

static void check_interlock(const struct sessions *s, const struct assessment *a,
                            const struct modality_channel_status *status, struct refusals *r)
{
    const struct limit *limit = bound(a, QUANTITY_interlock_closed);
    const char *id = a->plan.unit->id;
    char way[64];
    if (!interlock_open(status))
        return;
    struct refusal *refusal =
        refusal_add(r, TOKEN_DEVICE_NOT_READY, limit ? limit->id : id,
                    "%s%skey switch or interlock of device %s is open: close it and %s%s%s%s", limit ? limit->id : "",
                    limit ? ": " : "", id, unit_way_out(s, a->plan.unit, ALARM_KIND_interlock_open, way, sizeof way),
                    limit ? " (" : "", limit ? limit->origin : "", limit ? ")" : "");
    refusal->has_quantity = refusal->has_value = refusal->has_bound = refusal->is_min = true;
    refusal->quantity = QUANTITY_interlock_closed;
    refusal->value = 0;
    refusal->bound = 1;
    refusal->origin = limit ? limit->origin : NULL;
}

static bool sees_skin(const struct modality_channel *c)
{
    for (size_t i = 0; i < c->n_ranges && i < MODALITY_RANGES_MAX; i++) {
        if (c->ranges[i].quantity == QUANTITY_skin_temperature_millic && c->ranges[i].readable)
            return true;
    }
    return false;
}

/* Without a sensor on the skin the pad itself must keep above the skin's floor. */
static void check_pad(const struct assessment *a, size_t i, struct refusals *r)
{
    char given[64], floor[64];
    const struct limit *limit = bound(a, QUANTITY_skin_temperature_millic);
    const int64_t coldest = a->plan.dose.treatment.channels[i].ceiling.value[QUANTITY_temperature_millic];
    if (!limit || coldest >= limit->min)
        return;
    struct refusal *refusal = refusal_add(
        r, TOKEN_LIMIT_EXCEEDED, limit->id,
        "%s: device %s does not measure the skin, its pad at %s must keep above the floor of %s (%s)", limit->id,
        a->plan.unit->id, value_format(QUANTITY_temperature_millic, coldest, given, sizeof given),
        value_format(QUANTITY_temperature_millic, limit->min, floor, sizeof floor), limit->origin);
    refusal->has_quantity = refusal->has_value = refusal->has_bound = refusal->is_min = true;
    refusal->quantity = QUANTITY_temperature_millic;
    refusal->value = coldest;
    refusal->bound = limit->min;
    refusal->layer = limit->layer;
    refusal->origin = limit->origin;
    refusal->channel = (int)i;
}

static void check_skin(const struct assessment *a, size_t i, const struct modality_channel_status *status,
                       bool starting, struct refusals *r)
{
    const struct unit *unit = a->plan.unit;
    if (!sees_skin(a->plan.device[i])) {
        check_pad(a, i, r);
        return;
    }
    const bool off = unit->info.device.contact_monitored && status->contact == CONTACT_LOST;
    const bool missing = !status_reading(status, QUANTITY_skin_temperature_millic);
    if (starting && (off || missing)) /* at prepare the pad need not lie on the patient yet */
        refusal_add(r, TOKEN_DEVICE_NOT_READY, unit->id, "the skin sensor of device %s is %s", unit->id,
                    off ? "off the skin" : "missing");
}

void check_sensors(const struct sessions *s, const struct assessment *a, bool starting, struct refusals *r)
{
    const struct plan *plan = &a->plan;
    for (size_t i = 0; plan->resolved && i < plan->dose.treatment.n_channels; i++) {
        const struct modality_channel_status *status = status_of(plan->unit, plan->channels[i]);
        if (!status)
            continue;
        check_head(plan, status, r);
        check_interlock(s, a, status, r);
        if (plan->dose.treatment.modality == MODALITY_COLD && a->has_picture)
            check_skin(a, i, status, starting, r);
    }
}

static bool skin_unseen(const struct supervise_channel_rules *rules, const struct modality_channel_status *status)
{
    return rules->has_skin && ((rules->judge_contact && status->contact == CONTACT_LOST) ||
                               !status_reading(status, QUANTITY_skin_temperature_millic));
}

const char *session_sensors_stand(const struct session *session, char *why, size_t size)
{
    for (size_t i = 0; i < session->n_channels; i++) {
        const struct modality_channel_status *status = status_of(session->unit, session->channels[i]);
        const struct supervise_channel_rules *rules = &session->rules.channels[i];
        const char *is = status ? status->applicator : "";
        if (status && interlock_open(status))
            snprintf(why, size, "key switch or interlock of device %s is open", session->unit->id);
        else if (is[0] ? strcmp(is, rules->applicator) != 0 : status && rules->applicator_told)
            snprintf(why, size, "device %s says that %s is connected, the treatment is for %s", session->unit->id,
                     is[0] ? is : "nothing", rules->applicator);
        else if (status && skin_unseen(rules, status))
            snprintf(why, size, "the skin sensor of device %s is missing or off the skin", session->unit->id);
        else
            continue;
        return why;
    }
    return NULL;
}
