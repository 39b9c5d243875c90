/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Presence of devices, and several units on one line.
 */
#include "cmocka_includes.h"

#include "rig.h"

static struct rig *ready(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    for (unsigned u = 0; u < (options->units ? options->units : 1); u++)
        rig_wait(r, 3000, rig_unit_state, u * 100 + UNIT_READY);
    return r;
}

static int64_t ms_between(int64_t a, int64_t b)
{
    return (b - a) / NS_PER_MS;
}

/* ---- presence ---- */

static void be_silent(struct fake_world *world)
{
    world->units[0].silent = 1;
}

static void be_down(struct fake_world *world)
{
    world->link_down = 1;
}

static void be_foreign(struct fake_world *world)
{
    world->units[0].foreign = 1;
}

static void be_stuck(struct fake_world *world)
{
    world->units[0].stuck = 1;
    world->units[0].running[1] = 1;
}

static void an_absent_device_comes_when_it_comes(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_silent});
    rig_wait(r, 2000, rig_unit_state, UNIT_ABSENT);
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    rig_arm(r, &arm, false);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_REFUSED);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE), 0);
    unsigned from = r->world->n_trace;
    rig_pass(r, 1500);
    assert_in_range(rig_trace_count(r, from, 0, FAKE_IDENTIFY), 1, 8); /* backed off */
    r->world->units[0].silent = 0;
    rig_wait(r, 1500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void a_link_that_cannot_be_opened_is_absence(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_down});
    rig_wait(r, 2000, rig_unit_state, UNIT_ABSENT);
    r->world->link_down = 0;
    rig_wait(r, 1500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void another_device_is_never_written_to(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_foreign});
    rig_wait(r, 2000, rig_unit_state, UNIT_WRONG_IDENTITY);
    rig_pass(r, 200);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE), 0);
    r->world->units[0].foreign = 0;
    rig_wait(r, 2500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void another_device_in_the_place_of_one_that_may_be_on_is_output_unknown(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.replacement = true, .prepare = be_foreign});
    rig_wait(r, 2000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    unsigned safe = rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE);
    rig_pass(r, 200);
    assert_int_equal(rig_trace_count(r, 0, 0, FAKE_MAKE_SAFE), safe); /* blind once, then no more */
    r->world->units[0].foreign = 0;
    rig_wait(r, 2500, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void an_idle_device_that_vanishes_returns_with_a_new_epoch(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    uint64_t epoch = r->presence[0].epoch;
    r->world->units[0].silent = 1;
    rig_wait(r, 1000, rig_unit_state, UNIT_ABSENT);
    unsigned from = r->world->n_trace;
    r->world->units[0].silent = 0;
    rig_wait(r, 1500, rig_unit_state, UNIT_READY);
    assert_true(r->presence[0].epoch > epoch);
    int identify = rig_trace(r, from, 0, FAKE_IDENTIFY, 0), safe = rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0);
    assert_true(identify >= 0 && safe > identify);
    rig_end(r);
}

static void an_answering_device_that_does_not_rest_is_output_unknown(void **state)
{
    (void)state;
    struct rig *r = rig_start(&(struct rig_options){.prepare = be_stuck});
    rig_wait(r, 2000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    r->world->units[0].stuck = 0;
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

static void make_safe_on_order_is_done_and_answered(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    unsigned said = r->n_presence[0], from = r->world->n_trace;
    struct link_unit_ref order = {.unit = 0};
    link_message_head(&order, LINK_MAKE_SAFE, sizeof(order));
    rig_send(r, &order);
    rig_pass(r, 100);
    assert_true(rig_trace(r, from, 0, FAKE_MAKE_SAFE, 0) >= 0);
    assert_true(r->n_presence[0] > said);
    rig_wait(r, 1000, rig_unit_state, UNIT_READY);
    rig_end(r);
}

/* ---- a shared line ---- */

static void stop_all_writes_rest_to_every_unit_before_it_reads_back(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 3});
    for (uint32_t u = 0; u < 3; u++)
        rig_arm_and_run(r, 10 + u, u, 1000);
    unsigned from = r->world->n_trace;
    rig_stop(r, 0);
    for (uint64_t u = 0; u < 3; u++)
        rig_wait(r, 1000, rig_has_session, (10 + u) * 100 + LINK_SESSION_RESTED);
    int last_stop = -1, first_read = -1;
    int first_stop = rig_trace(r, from, 0, FAKE_STOP, 0);
    for (uint32_t u = 0; u < 3; u++) {
        int stop = rig_trace(r, from, u, FAKE_STOP, 0);
        assert_true(stop >= 0);
        int read = rig_trace(r, (unsigned)first_stop, u, FAKE_STATUS, 0);
        last_stop = stop > last_stop ? stop : last_stop;
        first_read = first_read < 0 || read < first_read ? read : first_read;
    }
    assert_true(first_read > last_stop);
    rig_end(r);
}

static void a_silent_unit_does_not_delay_the_others_stop(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 3});
    for (uint32_t u = 0; u < 3; u++)
        rig_arm_and_run(r, 10 + u, u, 1000);
    r->world->units[1].silent = 1;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_STOPPING);
    unsigned from = r->world->n_trace;
    rig_stop(r, 0);
    rig_wait(r, 1000, rig_has_session, 1000 + LINK_SESSION_RESTED);
    rig_wait(r, 1000, rig_has_session, 1200 + LINK_SESSION_RESTED);
    const struct fake_entry *a = &r->world->trace[rig_trace(r, from, 0, FAKE_STOP, 0)];
    const struct fake_entry *b = &r->world->trace[rig_trace(r, from, 2, FAKE_STOP, 0)];
    /* At most the one call to the silent unit that was running when the stop came, and its reopening. */
    assert_true(ms_between(a->at_ns, b->end_ns) < rig_soon(30));
    assert_true(ms_between(r->world->trace[from].at_ns, b->end_ns) < rig_soon(90));
    r->world->units[1].silent = 0;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_RESTED);
    rig_end(r);
}

static void a_tenth_at_most(struct rig *r)
{
    rig_pass(r, 300);
    unsigned from = r->world->n_trace;
    int64_t begun = clock_monotonic_ns(), busy = 0, polls = 0;
    rig_pass(r, 2000);
    for (unsigned i = from; i < r->world->n_trace; i++) {
        const struct fake_entry *e = &r->world->trace[i];
        if (e->unit == 1 && e->end_ns > 0)
            busy += e->end_ns - e->at_ns;
        if (e->unit == 0 && e->call == FAKE_STATUS)
            polls++;
    }
    assert_true(busy * 100 / (clock_monotonic_ns() - begun) <= 12);
    assert_true(polls > 50); /* of 100, on a machine that may have much else to do */
}

static void a_silent_unit_gets_a_tenth_of_the_line(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 2});
    r->world->units[1].silent = 1;
    rig_wait(r, 1000, rig_unit_state, 100 + UNIT_ABSENT);
    a_tenth_at_most(r);
    rig_end(r);
}

/* One that may have output is tried hardest, and the others still have the line. */
static void a_silent_unit_that_may_be_on_gets_no_more(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.units = 2});
    rig_arm_and_run(r, 11, 1, 1000);
    rig_arm_and_run(r, 10, 0, 1000);
    r->world->units[1].silent = 1;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_UNPROVED);
    a_tenth_at_most(r);
    assert_null(rig_session(r, 10, LINK_SESSION_STOPPING));
    r->world->units[1].silent = 0;
    rig_wait(r, 2000, rig_has_session, 1100 + LINK_SESSION_RESTED);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(an_absent_device_comes_when_it_comes),
        rig_test(a_link_that_cannot_be_opened_is_absence),
        rig_test(another_device_is_never_written_to),
        rig_test(another_device_in_the_place_of_one_that_may_be_on_is_output_unknown),
        rig_test(an_idle_device_that_vanishes_returns_with_a_new_epoch),
        rig_test(an_answering_device_that_does_not_rest_is_output_unknown),
        rig_test(make_safe_on_order_is_done_and_answered),
        rig_test(stop_all_writes_rest_to_every_unit_before_it_reads_back),
        rig_test(a_silent_unit_does_not_delay_the_others_stop),
        rig_test(a_silent_unit_gets_a_tenth_of_the_line),
        rig_test(a_silent_unit_that_may_be_on_gets_no_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
