/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device without a run point: its rest is a set point, warmer is safer, and its pad follows slowly. What proves rest,
 * what does not, and that a pad which is still cold from before is no over-output.
 */
#include "cmocka_includes.h"

#include <string.h>

#include "rig.h"

#define REST 25000
#define REST_WITHIN_MS 600 /* what the fake declares */

static void be_warm(struct fake_world *world)
{
    world->units[0].level[0] = REST;
    world->units[0].pad_millic = REST;
}

static struct rig *ready(void)
{
    struct rig *r = rig_start(&(struct rig_options){.plugin = TEST_FAKE_COLD, .prepare = be_warm});
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    return r;
}

/* 13 degC, never below 10. */
static struct link_arm cold_arm(uint64_t session, int64_t target_millic)
{
    struct link_arm arm = {
        .ref = {.session = session, .turn = 1},
        .end_boot_ns = clock_boot_ns() + 10 * NS_PER_S,
        .permit_boot_ns = clock_boot_ns() + RIG_PERMIT_MS * NS_PER_MS,
        .accepted_link_loss = 1,
        .targets = {target_millic},
        .envelope = {.modality = MODALITY_COLD,
                     .over_permille = 1500,
                     .total_ms = 9999,
                     .n_channels = 1,
                     .channels = {{.level_quantity = QUANTITY_temperature_millic,
                                   .waveform = WAVEFORM_cold_contact,
                                   .rest_value = REST,
                                   .level_start = 13000,
                                   .level_ceiling = 10000,
                                   .rules = {.step = 5000, .slew_per_s = 20000, .resolution = 100}}}}};
    link_message_head(&arm, LINK_ARM, sizeof(arm));
    return arm;
}

static bool setpoint_is(struct rig *r, uint64_t millic)
{
    return r->world->units[0].level[0] == (int64_t)millic;
}

static bool pad_seen(struct rig *r, uint64_t millic)
{
    const struct modality_channel_status *s = &r->sample[0].status.channels[0];
    return r->samples > 0 && s->n_readings == 1 && s->readings[0].value == (int64_t)millic;
}

/* Until the host has seen it: however slow the machine is, a pad that is moved next is seen to move. */
static bool pad_set(struct rig *r, int64_t millic)
{
    r->world->units[0].pad_millic = millic;
    rig_wait(r, 2000, pad_seen, (uint64_t)millic);
    return rig_session(r, 1, LINK_SESSION_STOPPING) == NULL;
}

/* The host has seen the set point at rest, and from where the pad is to come. */
static bool rest_seen(struct rig *r, uint64_t unused)
{
    (void)unused;
    return r->sample[0].status.channels[0].setpoint == REST;
}

static bool samples_are(struct rig *r, uint64_t n)
{
    return r->samples >= n;
}

/* A host leaves only when rest is proved: the pad warms up. */
static void over(struct rig *r)
{
    r->world->units[0].pad_millic = REST;
    rig_end(r);
}

static struct rig *cooled(void)
{
    struct rig *r = ready();
    struct link_arm arm = cold_arm(1, 13000);
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_STARTED);
    rig_wait(r, 3000, setpoint_is, 13000);
    for (int64_t pad = REST; pad >= 13000; pad -= 2000)
        assert_true(pad_set(r, pad));
    return r;
}

static void the_set_point_is_walked_from_rest_to_colder(void **state)
{
    (void)state;
    struct rig *r = cooled();
    int64_t before = REST;
    for (unsigned i = 0; i < r->world->n_trace; i++) {
        const struct fake_entry *e = &r->world->trace[i];
        if (e->call != FAKE_APPLY)
            continue;
        assert_true(e->value <= before && e->value >= 13000);
        before = e->value;
    }
    assert_int_equal(before, 13000);
    over(r);
}

/* 120 steps of the device's resolution within 0.6 s: they are not written one by one, and warmer is never kept waiting.
 */
static void a_walk_in_fine_steps_leaves_the_line_to_others(void **state)
{
    (void)state;
    struct rig *r = cooled();
    int64_t before = REST, written_ns = 0;
    unsigned writes = 0;
    for (unsigned i = (unsigned)rig_trace(r, 0, 0, FAKE_START, 0); i < r->world->n_trace; i++) {
        const struct fake_entry *e = &r->world->trace[i];
        if (e->call != FAKE_APPLY)
            continue;
        assert_true(e->at_ns - written_ns >= 20 * NS_PER_MS);
        assert_true(before - e->value <= 5000);
        before = e->value;
        written_ns = e->at_ns;
        writes++;
    }
    assert_in_range(writes, 3, 31);
    const struct link_session_ref ref = {.session = 1, .turn = 1};
    rig_target(r, &ref, 0, QUANTITY_temperature_millic, 12000);
    rig_wait(r, 1000, setpoint_is, 12000);
    const unsigned from = r->world->n_trace;
    rig_target(r, &ref, 0, QUANTITY_temperature_millic, 20000);
    rig_wait(r, 1000, setpoint_is, 20000);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 1);
    over(r);
}

static void rest_is_proved_by_the_set_point_and_a_pad_that_moves(void **state)
{
    (void)state;
    struct rig *r = cooled();
    rig_stop(r, 1);
    rig_wait(r, 2000, rest_seen, 0);
    rig_wait(r, 2000, samples_are, r->samples + 5);
    assert_null(rig_session(r, 1, LINK_SESSION_RESTED)); /* the pad has not moved: nothing is proved */
    pad_set(r, 13500);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->evidence, EVIDENCE_REPORTED);
    over(r);
}

static void rest_is_measured_when_the_pad_is_there(void **state)
{
    (void)state;
    struct rig *r = cooled();
    r->world->units[0].pad_millic = REST - 100;
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->evidence, EVIDENCE_MEASURED);
    over(r);
}

static void a_pad_that_does_not_move_toward_rest_in_time_is_unproved(void **state)
{
    (void)state;
    struct rig *r = cooled();
    rig_stop(r, 1);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_UNPROVED); /* 600 ms of its own, and the stop's bound */
    rig_wait(r, 1000, rig_unit_state, UNIT_OUTPUT_UNKNOWN);
    pad_set(r, 14000);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    over(r);
}

static void a_set_point_that_does_not_come_to_rest_is_unproved(void **state)
{
    (void)state;
    struct rig *r = cooled();
    r->world->units[0].stuck = 1;
    rig_stop(r, 1);
    pad_set(r, 14000); /* moving is no proof while the set point is cold */
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_UNPROVED);
    assert_null(rig_session(r, 1, LINK_SESSION_RESTED));
    r->world->units[0].stuck = 0;
    rig_wait(r, 2000, rest_seen, 0);
    pad_set(r, 16000);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    over(r);
}

static void a_pad_colder_than_its_set_point_is_over_output(void **state)
{
    (void)state;
    struct rig *r = cooled();
    assert_true(pad_set(r, 7000)); /* 18 K from rest, 1.5 x 12 K */
    r->world->units[0].pad_millic = 6700;
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_STOPPING);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_STOPPING)->reason, LINK_REASON_OVER_OUTPUT);
    assert_true(setpoint_is(r, REST));
    over(r);
}

static void a_pad_that_warms_slowly_is_none(void **state)
{
    (void)state;
    struct rig *r = cooled();
    struct link_session_ref ref = {1, 1, 0};
    rig_target(r, &ref, 0, QUANTITY_temperature_millic, 24000);
    rig_wait(r, 2000, setpoint_is, 24000);
    const int set = rig_trace(r, 0, 0, FAKE_APPLY, rig_trace_count(r, 0, 0, FAKE_APPLY) - 1);
    rig_wait(r, 3000, rig_has_session, 100 + LINK_SESSION_STOPPING);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_STOPPING)->reason, LINK_REASON_OVER_OUTPUT);
    /* 12 K from rest where 1 K is set: on its way for as long as the device needs, and not for longer. */
    const int stopped = rig_trace(r, (unsigned)set, 0, FAKE_STOP, 0);
    assert_true(r->world->trace[stopped].at_ns - r->world->trace[set].at_ns >= REST_WITHIN_MS * NS_PER_MS);
    over(r);
}

static void a_pad_that_is_still_cold_is_armed_again(void **state)
{
    (void)state;
    struct rig *r = cooled();
    rig_stop(r, 1);
    rig_wait(r, 2000, rest_seen, 0);
    pad_set(r, 22000);
    rig_wait(r, 2000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_wait(r, 2000, rig_unit_state, UNIT_READY);
    struct link_arm arm = cold_arm(2, 13000);
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, 200 + LINK_SESSION_STARTED);
    rig_wait(r, 3000, setpoint_is, 13000);
    assert_null(rig_session(r, 2, LINK_SESSION_STOPPING));
    over(r);
}

static void warmer_than_rest_or_colder_than_the_ceiling_is_refused(void **state)
{
    (void)state;
    struct rig *r = ready();
    struct link_arm arm = cold_arm(1, 9900);
    rig_arm(r, &arm, false);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_REFUSED);
    arm = cold_arm(2, 26000);
    rig_arm(r, &arm, false);
    rig_wait(r, 1000, rig_has_session, 200 + LINK_SESSION_REFUSED);
    assert_true(setpoint_is(r, REST));
    over(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(the_set_point_is_walked_from_rest_to_colder),
        rig_test(a_walk_in_fine_steps_leaves_the_line_to_others),
        rig_test(rest_is_proved_by_the_set_point_and_a_pad_that_moves),
        rig_test(rest_is_measured_when_the_pad_is_there),
        rig_test(a_pad_that_does_not_move_toward_rest_in_time_is_unproved),
        rig_test(a_set_point_that_does_not_come_to_rest_is_unproved),
        rig_test(a_pad_colder_than_its_set_point_is_over_output),
        rig_test(a_pad_that_warms_slowly_is_none),
        rig_test(a_pad_that_is_still_cold_is_armed_again),
        rig_test(warmer_than_rest_or_colder_than_the_ceiling_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
