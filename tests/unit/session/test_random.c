/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Anything in any order: people, hosts and clocks do random things, and what must always hold is held after each. Seeds
 * are fixed, so that what fails fails again.
 */
#include "fixture.h"

#include "record/amounts.h"

#define STEPS 6000
#define GIVEN 64

static uint64_t seed;
static unsigned seen; /* bit per state */
static struct {
    uint64_t session;
    struct dose_amounts amounts;
} given[GIVEN]; /* as it was after the step before */

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
            const struct session *s = session_by_number(r->sessions, m->arm.ref.session);
            for (size_t c = 0; c < m->arm.envelope.n_channels; c++)
                assert_false(quantity_unsafer(s->level, m->arm.targets[c], m->arm.envelope.channels[c].level_ceiling));
        }
    }
}

/* What has been delivered is never taken back, and no output is fed beyond what is allowed of it. */
static void check_amounts(struct session *s)
{
    struct dose_amounts *last = &given[s->number % GIVEN].amounts;
    if (given[s->number % GIVEN].session != s->number)
        *last = (struct dose_amounts){0};
    given[s->number % GIVEN].session = s->number;
    for (size_t i = 0; i < AMOUNT_COUNT; i++) {
        const int64_t now = amount_get(&s->supervised.delivered, i);
        assert_true(now >= amount_get(last, i));
        if (may_be_fed(s->state) && s->armed)
            assert_true(now <= amount_get(&s->rules.totals_max, i));
    }
    *last = s->supervised.delivered;
}

static void check_course(const struct session *s)
{
    const struct course *course = &s->rules.course;
    assert_true(s->points_done >= 0 && s->points_done <= course->turns);
    assert_true(!s->point_over || (s->state != SESSION_ramping && s->state != SESSION_running));
    if (s->end != END_complete || course->end == COURSE_TIME)
        return;
    assert_true(course->end == COURSE_POINTS ? s->points_done == course->turns
                                             : s->supervised.delivered.iontophoresis_dose_ua_min >= course->amount);
}

static void check_sessions(struct room *r)
{
    int armed[ROOM_DEVICES] = {0};
    for (size_t i = 0; i < r->sessions->n_sessions; i++) {
        struct session *s = r->sessions->list[i];
        seen |= 1u << s->state;
        assert_true(!s->armed || session_state_output(s->state));
        assert_true(s->state != SESSION_paused || !s->armed);
        assert_true(s->state != SESSION_ended || s->end != END_none);
        assert_true(s->treated_ms >= 0 && s->treated_ms <= s->planned_ms);
        assert_true(s->supervised.delivered.duration_ms >= 0);
        armed[s->unit->settings->link] += s->armed;
        if (!s->ruled)
            continue;
        for (size_t k = 0; k < s->n_channels; k++)
            assert_false(
                quantity_unsafer(s->level, s->present[k].value[s->level], s->arm.envelope.channels[k].level_ceiling));
        check_course(s);
        check_amounts(s);
    }
    for (size_t link = 0; link < ROOM_DEVICES; link++)
        assert_true(armed[link] <= (link == STIM ? 2 : 1));
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

/* Near its ceiling or start mostly, else anything. */
static int64_t some_level(const struct session *s)
{
    const int64_t present = s->present[0].value[s->level], ceiling = s->arm.envelope.channels[0].level_ceiling;
    switch (random_below(4)) {
    case 0:
        return ceiling;
    case 1:
        return present - 1000 + random_below(20) * 100;
    case 2:
        return random_below(350) * 100;
    default:
        return present;
    }
}

static void a_person_does_something(struct room *r, struct session *s)
{
    const struct session_actor actor = room_actor();
    static struct session_request (*const requests[ROOM_DEVICES])(void) = {room_tens, room_sound, room_laser, room_cold,
                                                                           room_ions};
    struct session_request q = requests[random_below(ROOM_DEVICES)]();
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
        if (s && s->ruled) {
            const struct session_adjust_request a = {.session_id = s->id,
                                                     .lease_key = s->lease_key,
                                                     .quantity = s->level,
                                                     .target = some_level(s),
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
        if (random_below(2) == 0)
            device_reset(r->sessions, r->devices[random_below(ROOM_DEVICES)].id, random_below(2) ? "disconnected" : "",
                         &actor, &r->now, room_reply(r));
        return;
    default:
        for (size_t i = 0; i < r->sessions->n_sessions; i++)
            session_keepalive(r->sessions, r->sessions->list[i]->id, r->sessions->list[i]->lease_key,
                              r->now.monotonic_ns, (struct session_reply){0});
        return;
    }
}

static const enum modality_quantity some_reading[] = {QUANTITY_impedance_ohm, QUANTITY_interlock_closed,
                                                      QUANTITY_skin_temperature_millic, QUANTITY_amplitude_ua};

/* What was ordered, mostly. */
static int64_t what_runs(const struct room *r, size_t link)
{
    for (size_t i = 0; i < r->sessions->n_sessions; i++) {
        const struct session *s = r->sessions->list[i];
        if (s->unit->settings->link == link && s->armed && s->ruled && random_below(20))
            return s->present[0].value[s->level];
    }
    return link == COLD ? 25000 - random_below(16) * 1000 : random_below(12) * 1000;
}

static void a_host_does_something(struct room *r, struct session *s)
{
    const size_t link = random_below(ROOM_DEVICES);
    switch (random_below(6)) {
    case 0:
    case 1:
        host_levels(r, link, what_runs(r, link));
        if (random_below(8) == 0)
            host_reading(r, link, some_reading[random_below(4)], random_below(30000));
        if (random_below(60) == 0)
            snprintf(r->sample[link].status.channels[0].applicator, MODALITY_NAME_MAX, "%u", random_below(800));
        if (random_below(20) == 0)
            r->sample[link].status.channels[0].contact =
                r->sample[link].status.channels[0].contact == CONTACT_LOST ? CONTACT_GOOD : CONTACT_LOST;
        if (random_below(40) == 0)
            r->sample[link].status.fault = true;
        host_sample(r, link);
        r->sample[link].status.fault = false;
        r->sample[link].status.channels[0].applicator[0] = '\0';
        return;
    case 2:
        if (s)
            host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
        return;
    case 3:
        if (s)
            host_session(r, LINK_SESSION_RESTED,
                         random_below(4) ? LINK_REASON_TOLD
                                         : (enum link_reason)random_below(LINK_REASON_CONTACT_LOST + 1),
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

/* The treatment goes on for a while as it was meant. */
static void all_is_well(struct room *r, const struct session *s)
{
    const size_t link = s->unit->settings->link;
    for (size_t i = 0; i < r->sample[link].status.n_channels; i++)
        r->sample[link].status.channels[i].contact = CONTACT_GOOD;
    snprintf(r->lease_key, sizeof r->lease_key, "%s", s->lease_key);
    host_levels(r, link, s->present[0].value[s->level]);
    room_run(r, link, 50 + random_below(random_below(8) ? 500 : 20000));
}

/* What should come next does. */
static void next_step(struct room *r, const struct session *s)
{
    const struct session_actor actor = room_actor();
    switch (s->state) {
    case SESSION_prepared:
        session_start(r->sessions, s->id, &(const struct session_confirmation){.token = s->token}, &actor, &r->now,
                      room_reply(r));
        room_flush(r);
        return;
    case SESSION_starting:
        host_presence(r, s->unit->settings->link, UNIT_ENERGISED);
        host_session(r, LINK_SESSION_STARTED, LINK_REASON_NONE, EVIDENCE_NONE);
        return;
    case SESSION_ramping:
    case SESSION_running:
        all_is_well(r, s);
        return;
    case SESSION_pausing:
    case SESSION_holding:
    case SESSION_stopping:
        host_session(r, LINK_SESSION_RESTED, LINK_REASON_TOLD, EVIDENCE_MEASURED);
        return;
    case SESSION_paused:
        session_resume(r->sessions, s->id, s->lease_key, &actor, &r->now, room_reply(r));
        return;
    case SESSION_held:
    case SESSION_output_unknown:
    case SESSION_ended:
    case SESSION_STATE_COUNT:
        break;
    }
    host_presence(r, s->unit->settings->link, UNIT_READY);
}

static void walk(struct room *r, uint64_t begin)
{
    seed = begin;
    memset(given, 0, sizeof given);
    room_open(r);
    for (int i = 0; i < STEPS; i++) {
        r->n_sent = 0;
        json_array_clear(r->events);
        struct session *s = any(r);
        switch (random_below(16)) {
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
        case 4:
        case 5:
        case 6:
        case 7:
            a_host_does_something(r, s);
            break;
        default:
            if (s)
                next_step(r, s);
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
