/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything in any order: people, hosts and clocks do random things, and what must always hold is held after each. Seeds
 * are fixed, so that what fails fails again.
 */
#include "fixture.h"

#define STEPS 4000

static uint64_t seed;
static unsigned seen; /* bit per state */

static uint32_t random_below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % n);
}

static bool may_be_fed(enum session_state s)
{
    return s == SESSION_starting || s == SESSION_ramping || s == SESSION_running;
}

/* Every message that went out belongs to a session that may have it. */
static void check_sent(struct room *r, size_t from)
{
    for (size_t i = from; i < r->n_sent; i++) {
        const union sent *m = &r->sent[i];
        if (m->header.type == LINK_PERMIT) {
            const struct session *s = session_by_number(r->sessions, m->permit.ref.session);
            assert_non_null(s);
            assert_true(m->permit.until_boot_ns <= r->now.boot_ns + 400 * NS_PER_MS);
            assert_true(m->permit.ref.turn == s->arm.ref.turn);
        }
        if (m->header.type == LINK_ARM) {
            char reason[LINK_TEXT_MAX];
            assert_int_equal(envelope_check(&m->arm.envelope, reason, sizeof reason), 0);
            assert_true(m->arm.end_boot_ns > r->now.boot_ns);
            for (size_t c = 0; c < m->arm.envelope.n_channels; c++)
                assert_true(m->arm.targets[c] <= m->arm.envelope.channels[c].level_ceiling);
        }
    }
}

static void check_sessions(const struct room *r)
{
    int armed[2] = {0};
    for (size_t i = 0; i < r->sessions->n_sessions; i++) {
        const struct session *s = r->sessions->list[i];
        seen |= 1u << s->state;
        assert_true(!s->armed || session_state_output(s->state));
        assert_true(s->state != SESSION_paused || !s->armed);
        assert_true(s->state != SESSION_ended || s->end != END_none);
        assert_true(s->treated_ms >= 0 && s->treated_ms <= s->planned_ms);
        assert_true(s->supervised.delivered.duration_ms >= 0);
        armed[s->unit->settings->link] += s->armed;
        for (size_t k = 0; k < s->n_channels && s->n_tables > 0; k++)
            assert_true(s->present[k].value[s->level] <= s->arm.envelope.channels[k].level_ceiling);
    }
    assert_true(armed[SOUND] <= 1 && armed[STIM] <= 2);
    assert_true(sessions_next_ns(r->sessions) <= r->now.monotonic_ns + NS_PER_S);
}

/* One that lives, mostly; the fixture's answers go by it. */
static struct session *any(struct room *r)
{
    struct session *s = NULL;
    for (int attempt = 0; attempt < 6; attempt++) {
        const size_t n = r->sessions->n_sessions;
        s = n ? r->sessions->list[random_below((uint32_t)n)] : NULL;
        if (s && s->state != SESSION_ended)
            break;
    }
    if (s)
        snprintf(r->session_id, sizeof r->session_id, "%s", s->id);
    return s;
}

static void a_person_does_something(struct room *r, struct session *s)
{
    const struct session_actor actor = room_actor();
    struct session_request q = random_below(3) ? room_tens() : room_sound();
    char patient[16];
    snprintf(patient, sizeof patient, "P%u", random_below(1000));
    q.patient_ref = patient;
    switch (random_below(8)) {
    case 0:
        session_prepare(r->sessions, &q, &actor, &r->now, room_reply(r));
        return;
    case 1:
        if (s)
            session_start(r->sessions, s->id, &(const struct session_confirmation){.token = s->token}, &actor, &r->now,
                          room_reply(r));
        return;
    case 2:
        if (s)
            session_pause(r->sessions, s->id, s->lease_key, &actor, &r->now, room_reply(r));
        return;
    case 3:
        if (s)
            session_resume(r->sessions, s->id, s->lease_key, &actor, &r->now, room_reply(r));
        return;
    case 4:
        if (s && s->n_tables > 0) {
            const struct session_adjust_request a = {.session_id = s->id,
                                                     .lease_key = s->lease_key,
                                                     .quantity = s->level,
                                                     .target = random_below(350) * 100,
                                                     .has_expect = true,
                                                     .expect = s->present[0].value[s->level]};
            session_adjust(r->sessions, &a, &actor, &r->now, room_reply(r));
        }
        return;
    case 5:
        if (random_below(4) == 0)
            session_stop_now(r->sessions, s && random_below(4) ? s->id : NULL, &r->now);
        return;
    case 6:
        if (random_below(10) == 0)
            device_reset(r->sessions, random_below(2) ? "stim1" : "us1", random_below(2) ? "disconnected" : "", &actor,
                         &r->now, room_reply(r));
        return;
    default:
        for (size_t i = 0; i < r->sessions->n_sessions; i++)
            session_keepalive(r->sessions, r->sessions->list[i]->id, r->sessions->list[i]->lease_key,
                              r->now.monotonic_ns, (struct session_reply){0});
        return;
    }
}

static void a_host_does_something(struct room *r, struct session *s)
{
    const size_t link = random_below(2);
    switch (random_below(6)) {
    case 0:
    case 1:
        host_levels(r, link, random_below(12) * 1000);
        if (random_below(6) == 0)
            r->sample[link].status.channels[0].contact =
                r->sample[link].status.channels[0].contact == CONTACT_LOST ? CONTACT_GOOD : CONTACT_LOST;
        if (random_below(40) == 0)
            r->sample[link].status.fault = true;
        host_sample(r, link);
        r->sample[link].status.fault = false;
        return;
    case 2:
        if (s)
            host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
        return;
    case 3:
        if (s)
            host_session(r, LINK_SESSION_RESTED,
                         random_below(4) ? LINK_REASON_TOLD : (enum link_reason)random_below(LINK_REASON_INTERLOCK + 1),
                         random_below(8) ? EVIDENCE_MEASURED : EVIDENCE_PRESUMED);
        return;
    case 4:
        if (s && random_below(8) == 0)
            host_session(r, (enum link_session_event)random_below(5), (enum link_reason)random_below(16),
                         EVIDENCE_REPORTED);
        return;
    default:
        if (random_below(20) == 0)
            sessions_host_gone(r->sessions, link, "killed", &r->now);
        else
            host_presence(r, link, random_below(10) ? UNIT_READY : (enum unit_state)random_below(8));
        return;
    }
}

static void walk(struct room *r, uint64_t begin)
{
    seed = begin;
    room_open(r);
    for (int i = 0; i < STEPS; i++) {
        r->n_sent = 0;
        json_array_clear(r->events);
        struct session *s = any(r);
        switch (random_below(8)) {
        case 0:
        case 1:
            a_person_does_something(r, s);
            break;
        case 2:
            room_advance(r, random_below(4) ? random_below(60) : random_below(2000));
            room_tick(r);
            break;
        case 3:
            room_flush(r);
            break;
        default:
            a_host_does_something(r, s);
        }
        check_sent(r, 0);
        check_sessions(r);
    }
    sessions_shutdown(r->sessions, &r->now);
    for (size_t i = 0; i < r->sessions->n_sessions; i++)
        assert_false(may_be_fed(r->sessions->list[i]->state));
}

static void whatever_comes_the_rules_hold(void **state)
{
    walk(*state, UINT64_C(0x9E3779B97F4A7C15));
}

static void whatever_comes_the_rules_hold_again(void **state)
{
    walk(*state, UINT64_C(0xD1B54A32D192ED03));
}

static void and_again(void **state)
{
    walk(*state, UINT64_C(0x2545F4914F6CDD1D));
}

static void every_state_was_met(void **state)
{
    (void)state;
    for (enum session_state s = 0; s < SESSION_STATE_COUNT; s++) {
        if (!((seen >> s) & 1u))
            fail_msg("no walk came through %s", session_state_id(s));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(whatever_comes_the_rules_hold),
        TEST(whatever_comes_the_rules_hold_again),
        TEST(and_again),
        cmocka_unit_test(every_state_was_met),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
