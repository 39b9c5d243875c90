/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The second gate: what the host refuses whatever the daemon says, and that nothing was written to the device then.
 */
#include "cmocka_includes.h"

#include <string.h>

#include "rig.h"

static struct rig *ready(const struct rig_options *options)
{
    struct rig *r = rig_start(options);
    rig_wait(r, 3000, rig_unit_state, UNIT_READY);
    return r;
}

static void refused(struct rig *r, struct link_arm *arm, enum link_reason reason)
{
    unsigned from = r->world->n_trace;
    uint64_t key = arm->ref.session * 100 + LINK_SESSION_REFUSED;
    rig_arm(r, arm, false);
    rig_wait(r, 1000, rig_has_session, key);
    const struct link_session *s = rig_session(r, arm->ref.session, LINK_SESSION_REFUSED);
    assert_int_equal(s->reason, reason);
    assert_true(strlen(s->detail) > 10);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_APPLY), 0);
    assert_int_equal(rig_trace_count(r, from, 0, FAKE_START), 0);
}

static void the_gate_refuses_what_is_outside_envelope_or_device(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    struct link_arm arm = rig_arm_make(1, 0, 0, 20001); /* target above the ceiling */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(2, 0, 0, 2000);
    arm.envelope.channels[0].level_ceiling = 60001; /* above the device's range */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(3, 0, 0, 2000);
    arm.envelope.channels[0].settings[0].start = 19; /* below the device's range */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(4, 0, 0, 2000);
    arm.envelope.channels[0].waveform = WAVEFORM_russian; /* the device cannot */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(5, 0, 0, 2000);
    arm.envelope.channels[0].channel = 1; /* of another group */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(6, 0, 0, 2000);
    arm.envelope.total_ms = 3600001; /* longer than the device's timer */
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(7, 0, 0, 2000);
    arm.permit_boot_ns = clock_boot_ns() - 1;
    refused(r, &arm, LINK_REASON_NOT_READY);
    arm = rig_arm_make(8, 3, 0, 2000); /* no such unit */
    refused(r, &arm, LINK_REASON_NOT_READY);
    arm = rig_arm_make(9, 0, 0, 2000);
    arm.envelope.channels[0].n_settings = 3; /* the device has no burst rate */
    arm.envelope.channels[0].settings[2] = (struct envelope_setting){QUANTITY_burst_rate_millihz, 0, 1000, 1000};
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    rig_end(r);
}

static void a_rate_without_a_whole_period_is_refused(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"period_us=500"}});
    struct link_arm arm = rig_arm_make(1, 0, 0, 2000);
    arm.envelope.channels[0].settings[1].start = 30000;
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = rig_arm_make(2, 0, 0, 2000);
    arm.envelope.channels[0].settings[1].start = 29851;
    rig_arm(r, &arm, true);
    rig_wait(r, 2000, rig_has_session, 200 + LINK_SESSION_STARTED);
    rig_end(r);
}

static struct link_arm whole_arm(void)
{
    struct link_arm arm = rig_arm_make(1, 0, 0, 800);
    arm.envelope.channels[0].level_ceiling = arm.envelope.channels[0].rules.step = 1000; /* the largest step there is */
    return arm;
}

static struct rig *running_whole(void)
{
    struct rig *r = ready(&(struct rig_options){.extra = {"at_rest=yes"}});
    struct link_arm arm = whole_arm();
    rig_arm(r, &arm, true);
    rig_wait(r, 3000, rig_level_is, 800);
    return r;
}

/* From rest in one piece, back to rest, and from there to another. */
static void a_level_taken_at_rest_is_written_whole(void **state)
{
    (void)state;
    struct rig *r = running_whole();
    struct link_session_ref ref = {1, 1, 0};
    rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 0);
    rig_wait(r, 1000, rig_level_is, 0);
    rig_target(r, &ref, 0, QUANTITY_amplitude_ua, 1000);
    rig_wait(r, 4000, rig_level_is, 1000);
    int64_t last = 0;
    for (int i = rig_trace(r, 0, 0, FAKE_START, 0); i >= 0; i = rig_trace(r, (unsigned)i + 1, 0, FAKE_APPLY, 0)) {
        const struct fake_entry *e = &r->world->trace[i];
        if (e->call != FAKE_APPLY || e->quantity != QUANTITY_amplitude_ua)
            continue;
        assert_true(last == 0 || e->value == 0);
        last = e->value;
    }
    assert_int_equal(last, 1000);
    rig_end(r);
}

static void a_level_taken_at_rest_is_not_changed_into_another(void **state)
{
    (void)state;
    static const struct {
        enum modality_quantity quantity;
        int64_t value;
    } rows[] = {{QUANTITY_amplitude_ua, 900}, {QUANTITY_amplitude_ua, 500}, {QUANTITY_pulse_rate_millihz, 90000}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct rig *r = running_whole();
        struct link_session_ref ref = {1, 1, 0};
        rig_target(r, &ref, 0, rows[i].quantity, rows[i].value);
        rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
        assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OUTSIDE_ENVELOPE);
        rig_end(r);
    }
}

static void a_level_taken_at_rest_can_neither_surge_nor_be_walked(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"at_rest=yes"}});
    struct link_arm arm = whole_arm();
    struct walk_rules *rules = &arm.envelope.channels[0].rules;
    rules->surged = 1;
    rules->surge_on_ms = rules->surge_off_ms = 1000;
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    arm = whole_arm();
    arm.ref.session = 2;
    arm.envelope.channels[0].rules.step = 900;
    refused(r, &arm, LINK_REASON_OUTSIDE_ENVELOPE);
    rig_end(r);
}

static void a_target_outside_the_envelope_stops(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 1000);
    struct link_session_ref ref = {1, 1, 0};
    rig_target(r, &ref, 0, QUANTITY_phase_width_us, 301);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    assert_int_equal(rig_session(r, 1, LINK_SESSION_RESTED)->reason, LINK_REASON_OUTSIDE_ENVELOPE);
    assert_int_equal(r->world->units[0].width[0], 200);
    rig_end(r);
}

static void groups_that_exclude_each_other_are_not_energised_together(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){0});
    rig_arm_and_run(r, 1, 0, 1000);
    struct link_arm pair = rig_arm_make(2, 0, 2, 1000);
    rig_arm(r, &pair, false);
    rig_wait(r, 1000, rig_has_session, 200 + LINK_SESSION_REFUSED);
    struct link_arm other = rig_arm_make(3, 0, 1, 1000);
    rig_arm(r, &other, true);
    rig_wait(r, 1000, rig_has_session, 300 + LINK_SESSION_STARTED);
    rig_stop(r, 1);
    rig_wait(r, 1000, rig_has_session, 100 + LINK_SESSION_RESTED);
    rig_pass(r, 100);
    assert_int_equal(r->world->units[0].running[1], 1); /* the other group goes on */
    rig_end(r);
}

static void a_device_that_goes_on_without_its_link_needs_acceptance(void **state)
{
    (void)state;
    struct rig *r = ready(&(struct rig_options){.extra = {"link_loss=continues"}});
    struct link_arm arm = rig_arm_make(1, 0, 0, 1000);
    refused(r, &arm, LINK_REASON_NOT_READY);
    arm = rig_arm_make(2, 0, 0, 1000);
    arm.accepted_link_loss = 1;
    rig_arm(r, &arm, true);
    rig_wait(r, 1000, rig_has_session, 200 + LINK_SESSION_STARTED);
    rig_end(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        rig_test(the_gate_refuses_what_is_outside_envelope_or_device),
        rig_test(a_rate_without_a_whole_period_is_refused),
        rig_test(a_level_taken_at_rest_is_written_whole),
        rig_test(a_level_taken_at_rest_is_not_changed_into_another),
        rig_test(a_level_taken_at_rest_can_neither_surge_nor_be_walked),
        rig_test(a_target_outside_the_envelope_stops),
        rig_test(groups_that_exclude_each_other_are_not_energised_together),
        rig_test(a_device_that_goes_on_without_its_link_needs_acceptance),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
