/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lease: who presents its key may renew, adjust, pause and resume. A lost one ends the session or, where the
 * protocol says so, pauses it and ends it later. It is renewed from the time its line was read, never from now.
 */
#include "session/internal.h"

/* Compares without telling by its time how much was right. */
bool secret_equal(const char *a, const char *b)
{
    const size_t n = strlen(b);
    if (strlen(a) != n || n == 0)
        return false;
    unsigned char difference = 0;
    for (size_t i = 0; i < n; i++)
        difference = (unsigned char)(difference | (a[i] ^ b[i]));
    return difference == 0;
}

bool session_lease_holds(struct sessions *s, struct session *session, const char *key, const char *method,
                         const struct session_actor *actor, struct session_reply reply)
{
    if (key && session->lease_key[0] && secret_equal(key, session->lease_key))
        return true;
    say_refused(s, method, actor, session, reply, TOKEN_LEASE_INVALID, NULL,
                "the lease key is not the one of session %s", session->id);
    return false;
}

void session_keepalive(struct sessions *s, const char *session_id, const char *lease_key, int64_t read_ns,
                       struct session_reply reply)
{
    struct session *session = session_find(s, session_id);
    if (!session) {
        say_error(reply, TOKEN_NOT_FOUND, NULL, "there is no session %.64s", session_id ? session_id : "");
        return;
    }
    if (!lease_key || !session->lease_key[0] || !secret_equal(lease_key, session->lease_key)) {
        say_error(reply, TOKEN_LEASE_INVALID, NULL, "the lease key is not the one of session %s", session->id);
        return;
    }
    if (!session_live(session)) {
        say_error(reply, TOKEN_WRONG_STATE, NULL, "session %s is %s", session->id, session_state_id(session->state));
        return;
    }
    const int64_t until = read_ns + (int64_t)s->settings.lease_ms * NS_PER_MS;
    if (until > session->lease_until_ns) {
        session->lease_until_ns = until;
        session->lease_lost = false;
    }
    say_result(reply, json_pack("{s:I}", "lease_ms", (json_int_t)s->settings.lease_ms));
}

static void lose(struct session *session, const struct session_time *now)
{
    session->lease_lost = true;
    session->lease_lost_ns = now->monotonic_ns;
    const bool pauses = session->lease_loss == LEASE_LOSS_PAUSE && session->owner->settings.lease_pause_ms > 0;
    if (!pauses || session->state == SESSION_starting) {
        session_end_by(session, END_lease_lost, "daemon", "the operator's client is silent", now);
        return;
    }
    session_pause_by(session, "lease_lost", now);
    session->origin = "daemon";
    say_alarm(session->owner, ALARM_KIND_lease_lost, session->unit->id, session,
              "the operator's client is silent: paused, ends after %u s",
              session->owner->settings.lease_pause_ms / 1000);
}

void session_lease_tick(struct session *session, const struct session_time *now)
{
    const bool ends = session->state == SESSION_stopping || session->state == SESSION_output_unknown;
    if (!session_live(session) || ends)
        return;
    if (!session->lease_lost) {
        if (now->monotonic_ns >= session->lease_until_ns)
            lose(session, now);
        return;
    }
    const int64_t end_ns = session->lease_lost_ns + (int64_t)session->owner->settings.lease_pause_ms * NS_PER_MS;
    if (now->monotonic_ns >= end_ns)
        session_end_by(session, END_lease_lost, "daemon", "the operator's client stayed silent", now);
}
