/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ultrasound contact, the one thing that may go on by itself: contact lost rests the output and stops the treatment's
 * clock; contact seen good again at rest arms anew, ramping from rest. A head that cannot sense contact at rest goes on
 * by the operator's resume. Past contact_hold the session ends. Lease and host are never outlived.
 */
#include "session/internal.h"

/* Contact must be good in this many samples in a row before the output returns. */
#define GOOD_SAMPLES 2

void session_hold(struct session *session, const char *detail, const struct session_time *now)
{
    (void)detail;
    session->origin = "device";
    session->hold_until_ns = now->monotonic_ns + session->contact_hold_ms * NS_PER_MS;
    session_rest(session, EVENT_hold, now);
}

static void go_on(struct session *session, const struct session_time *now)
{
    session->origin = "device";
    state_apply(session, EVENT_resume, now);
    session->faults_told = 0;
    alarms_condition_over(session->owner->alarms, ALARM_KIND_coupling_lost, session->unit->id, session->id,
                          now->wall_ms);
    session_arm(session, now);
}

void session_hold_sample(struct session *session, const struct session_time *now)
{
    const struct unit *unit = session->unit;
    const struct link_sample *sample = &unit->sample;
    if (session->state != SESSION_held || unit->presence != UNIT_READY || unit->unproved || session->lease_lost ||
        sample->taken_ns <= session->since.monotonic_ns)
        return;
    bool good = true;
    for (size_t i = 0; i < session->n_channels; i++)
        good = good && sample->status.channels[session->channels[i]].contact == CONTACT_GOOD;
    session->contact_good = good ? session->contact_good + 1 : 0;
    if (session->contact_good >= GOOD_SAMPLES)
        go_on(session, now);
}

void session_hold_tick(struct session *session, const struct session_time *now)
{
    const bool holds = session->state == SESSION_held || session->state == SESSION_holding;
    if (holds && now->monotonic_ns >= session->hold_until_ns)
        session_end_by(session, END_contact_hold_expired, "daemon", "contact did not return in time", now);
}
