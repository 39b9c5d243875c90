/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a device must be before it may be armed: described, answering, proved at rest, free, serviced, accepted where
 * it may keep its output. One refusal per thing that is not so.
 */
#include "session/internal.h"

#include <time.h>

int64_t civil_day(int64_t wall_ms)
{
    const time_t seconds = (time_t)(wall_ms / 1000);
    struct tm local;
    if (!localtime_r(&seconds, &local))
        return wall_ms / 86400000;
    return (int64_t)(timegm(&local) / 86400);
}

static bool groups_meet(const struct modality_device *d, uint32_t a, uint32_t b)
{
    if (a == b || a >= d->n_groups || b >= d->n_groups)
        return true;
    return (d->groups[a].channels & d->groups[b].channels) || ((d->groups[a].excludes >> b) & 1u) ||
           ((d->groups[b].excludes >> a) & 1u);
}

const struct session *unit_holder(const struct sessions *s, const struct unit *unit, uint32_t group,
                                  const struct session *own)
{
    for (size_t i = 0; i < s->n_sessions; i++) {
        const struct session *other = s->list[i];
        if (other != own && other->unit == unit && other->state != SESSION_ended &&
            groups_meet(&unit->info.device, group, other->group))
            return other;
    }
    return NULL;
}

static void check_presence(struct sessions *s, const struct plan *plan, const struct session *own, struct refusals *r)
{
    const struct unit *u = plan->unit;
    char text[LINK_TEXT_MAX];
    if (u->unproved || u->presence == UNIT_OUTPUT_UNKNOWN) {
        refusal_add(r, TOKEN_OUTPUT_UNKNOWN, u->id, "the output of device %s is not proved at rest: %.200s", u->id,
                    unit_detail_text(u, text));
        return;
    }
    const bool shared = u->presence == UNIT_ENERGISED && unit_holder(s, u, plan->group, own) == NULL;
    if (selftest_on_link(s, u->settings->link)) {
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id, "a self-test is under way on the link of device %s", u->id);
        return;
    }
    if (u->described && (u->presence == UNIT_READY || shared))
        return;
    if (u->presence == UNIT_ENERGISED)
        return; /* told as BUSY */
    const enum modality_token token =
        !u->described || u->presence == UNIT_ABSENT ? TOKEN_DEVICE_ABSENT : TOKEN_DEVICE_NOT_READY;
    refusal_add(r, token, u->id, "device %s is %s%s%.200s", u->id, unit_state_text(u), u->detail[0] ? ": " : "",
                u->detail);
}

const char *unit_way_out(const struct sessions *s, const struct unit *u, enum alarm_kind kind, char *text, size_t size)
{
    const uint64_t number = alarms_unacknowledged(s->alarms, kind, u->id);
    if (number > 0)
        snprintf(text, size, "acknowledge alarm %llu", (unsigned long long)number);
    else
        snprintf(text, size, "reset the device (device.reset)");
    return text;
}

static void check_status(const struct sessions *s, const struct unit *u, struct refusals *r)
{
    char way[64];
    if (!u->has_sample || u->presence == UNIT_ABSENT)
        return;
    if (u->sample.status.fault)
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id, "device %s reports fault %u (%s): remove its cause and %s", u->id,
                    u->sample.status.fault_code, u->sample.status.fault_text,
                    unit_way_out(s, u, ALARM_KIND_device_fault, way, sizeof way));
    if (u->sample.status.patient_stop)
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id,
                    "the patient's stop of device %s is pressed or latched: release it and %s", u->id,
                    unit_way_out(s, u, ALARM_KIND_patient_stop, way, sizeof way));
}

static void check_accepted(const struct unit *u, struct refusals *r)
{
    const struct modality_device *d = &u->info.device;
    if (!u->described || u->settings->accepted_link_loss)
        return;
    if (d->on_link_loss != LINK_LOSS_STOPS && d->watchdog_ms == 0)
        refusal_add(r, TOKEN_DEVICE_NOT_ACCEPTED, u->id,
                    "device %s has no watchdog and %s when its link is cut: [device %s] accept_link_loss is missing "
                    "(%s)",
                    u->id, d->on_link_loss == LINK_LOSS_CONTINUES ? "continues" : "may continue", u->id,
                    u->settings->origin);
    if (d->stop_leaves_output)
        refusal_add(r, TOKEN_DEVICE_NOT_ACCEPTED, u->id,
                    "a stop of device %s leaves output: [device %s] accept_link_loss is missing (%s)", u->id, u->id,
                    u->settings->origin);
}

static void check_service(const struct unit *u, const struct session_time *now, struct refusals *r)
{
    const struct session_device_settings *d = u->settings;
    const int64_t today = civil_day(now->wall_ms);
    if (d->has_calibration_due && d->calibration_due_day < today)
        refusal_add(r, TOKEN_DEVICE_OVERDUE, u->id, "calibration of device %s is overdue by %lld days (%s)", u->id,
                    (long long)(today - d->calibration_due_day), d->origin);
    if (d->has_safety_test_due && d->safety_test_due_day < today)
        refusal_add(r, TOKEN_DEVICE_OVERDUE, u->id, "safety test of device %s is overdue by %lld days (%s)", u->id,
                    (long long)(today - d->safety_test_due_day), d->origin);
    bool listed = d->n_firmware == 0;
    for (size_t i = 0; i < d->n_firmware; i++)
        listed = listed || strcmp(d->firmware[i], u->identity.firmware) == 0;
    if (u->described && u->presence != UNIT_ABSENT && u->presence != UNIT_PROBING && !listed)
        refusal_add(r, TOKEN_DEVICE_NOT_READY, u->id, "firmware '%s' of device %s is not among the verified ones (%s)",
                    u->identity.firmware, u->id, d->origin);
}

void check_device(struct sessions *s, const struct session *own, const struct plan *plan,
                  const struct session_time *now, struct refusals *r)
{
    if (!plan->unit)
        return;
    check_presence(s, plan, own, r);
    check_status(s, plan->unit, r);
    const struct session *holder = plan->resolved ? unit_holder(s, plan->unit, plan->group, own) : NULL;
    if (holder)
        refusal_add(r, TOKEN_BUSY, holder->id, "device %s is held by session %s (%s) of operator %.60s", plan->unit->id,
                    holder->id, session_state_id(holder->state), holder->operator_name);
    check_accepted(plan->unit, r);
    check_service(plan->unit, now, r);
}
