/* SPDX-License-Identifier: Apache-2.0 */
/* What a device must be before a session is prepared on it: there, ready, accepted, serviced, verified and free. */
#include "fixture.h"

static void an_absent_device_is_told_and_the_dose_is_checked_all_the_same(void **state)
{
    struct room *r = *state;
    room_open_without_hosts(r);
    struct session_request q = room_tens();
    q.output.parameters[0].ceiling = 60000;
    room_check(r, &q);
    assert_true(json_is_false(json_object_get(r->result, "allowed")));
    assert_true(room_refuses(r, TOKEN_DEVICE_ABSENT, NULL));
    assert_true(room_refuses(r, TOKEN_LIMIT_EXCEEDED, "amplitude_ua"));
    assert_non_null(json_object_get(r->result, "sheet"));
}

static void a_device_must_be_ready(void **state)
{
    static const struct {
        enum unit_state state;
        enum modality_token token;
    } not_ready[] = {{UNIT_PROBING, TOKEN_DEVICE_NOT_READY},        {UNIT_ABSENT, TOKEN_DEVICE_ABSENT},
                     {UNIT_WRONG_IDENTITY, TOKEN_DEVICE_NOT_READY}, {UNIT_QUARANTINE, TOKEN_DEVICE_NOT_READY},
                     {UNIT_PLUGIN_FAILED, TOKEN_DEVICE_NOT_READY},  {UNIT_OUTPUT_UNKNOWN, TOKEN_OUTPUT_UNKNOWN}};
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    for (size_t i = 0; i < sizeof not_ready / sizeof not_ready[0]; i++) {
        host_presence(r, STIM, not_ready[i].state);
        room_try(r, &q);
        assert_refused(r, not_ready[i].token);
    }
}

static void a_pressed_hand_switch_or_a_fault_refuses(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    r->sample[STIM].status.patient_stop = true;
    host_sample(r, STIM);
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
    r->sample[STIM].status.patient_stop = false;
    r->sample[STIM].status.fault = true;
    host_sample(r, STIM);
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
}

static void a_device_that_may_keep_its_output_needs_acceptance(void **state)
{
    struct room *r = *state;
    r->units[0].device.on_link_loss = LINK_LOSS_CONTINUES;
    room_open(r);
    const struct session_request q = room_tens();
    struct session_request other = room_tens();
    room_try(r, &q); /* it has a watchdog */
    assert_answered(r);
    r->units[0].device.watchdog_ms = 0;
    host_describe(r, STIM);
    other.patient_ref = "P2";
    other.output.group = other.output.channels[0] = "ch2";
    other.output.electrodes[0].channel = other.output.electrodes[1].channel = "ch2";
    room_try(r, &other);
    assert_refused(r, TOKEN_DEVICE_NOT_ACCEPTED);
    r->devices[0].accepted_link_loss = true;
    room_try(r, &other);
    assert_answered(r);
}

static void overdue_devices_and_heads_are_refused(void **state)
{
    struct room *r = *state;
    const int64_t today = civil_day(r->now.wall_ms);
    r->devices[1].has_calibration_due = true;
    r->devices[1].calibration_due_day = today;
    room_open(r);
    const struct session_request q = room_sound();
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed"))); /* due today is not overdue */
    r->devices[1].calibration_due_day = today - 1;
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_OVERDUE);
    r->devices[1].has_calibration_due = false;
    r->devices[1].has_safety_test_due = true;
    r->devices[1].safety_test_due_day = today - 1;
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_OVERDUE);
    r->devices[1].has_safety_test_due = false;
    r->applicators[0].calibration_due_day = today - 1;
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_OVERDUE);
}

static void a_head_must_be_known_and_belong(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_sound();
    q.output.applicator_ref = NULL;
    room_try(r, &q);
    assert_refused(r, TOKEN_INCOMPLETE);
    q.output.applicator_ref = "other";
    room_try(r, &q);
    assert_refused(r, TOKEN_NOT_FOUND);
    q.output.applicator_ref = "head5";
    r->applicators[0].device = "us2";
    room_try(r, &q);
    assert_refused(r, TOKEN_IDENTITY_MISMATCH);
    r->applicators[0].device = NULL;
    r->applicators[0].frequencies_khz[0] = 3000;
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    r->applicators[0].frequencies_khz[0] = 1000;
    r->applicators[0].bnr_permille = 9000; /* above the compiled ceiling */
    room_try(r, &q);
    assert_refused(r, TOKEN_LIMIT_EXCEEDED);
}

static void firmware_that_nobody_verified_is_refused(void **state)
{
    static const char *const verified[] = {"2.0"};
    struct room *r = *state;
    r->devices[0].n_firmware = 1;
    r->devices[0].firmware = verified;
    room_open(r);
    const struct session_request q = room_tens();
    room_try(r, &q);
    assert_refused(r, TOKEN_DEVICE_NOT_READY);
}

static void a_claimed_output_is_busy_with_its_holder(void **state)
{
    struct room *r = *state;
    room_open(r);
    const struct session_request q = room_tens();
    room_prepare(r, &q);
    char holder[64];
    snprintf(holder, sizeof holder, "%s", r->session_id);
    room_try(r, &q);
    assert_refused(r, TOKEN_BUSY);
    assert_string_equal(json_string_value(json_object_get(r->data, "holder")), holder);
    struct session_request pair = room_tens();
    pair.patient_ref = "P2";
    pair.output.group = "pair"; /* shares a channel */
    pair.output.n_channels = 2;
    pair.output.channels[1] = "ch2";
    pair.output.n_electrodes = 4;
    for (size_t i = 2; i < 4; i++) {
        pair.output.electrodes[i] = pair.output.electrodes[0];
        pair.output.electrodes[i].label = i == 2 ? "C" : "D";
        pair.output.electrodes[i].channel = "ch2";
    }
    room_try(r, &pair);
    assert_refused(r, TOKEN_BUSY);
    struct session_request free_one = room_tens();
    free_one.patient_ref = "P2";
    free_one.output.group = free_one.output.channels[0] = "ch2";
    free_one.output.electrodes[0].channel = free_one.output.electrodes[1].channel = "ch2";
    room_try(r, &free_one);
    assert_answered(r);
}

static void an_excluded_group_is_busy(void **state)
{
    struct room *r = *state;
    r->units[0].device.groups[1].excludes = 1;
    room_open(r);
    const struct session_request q = room_tens();
    room_prepare(r, &q);
    struct session_request other = room_tens();
    other.output.group = other.output.channels[0] = "ch2";
    other.output.electrodes[0].channel = other.output.electrodes[1].channel = "ch2";
    room_try(r, &other);
    assert_refused(r, TOKEN_BUSY);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_absent_device_is_told_and_the_dose_is_checked_all_the_same),
        TEST(a_device_must_be_ready),
        TEST(a_pressed_hand_switch_or_a_fault_refuses),
        TEST(a_device_that_may_keep_its_output_needs_acceptance),
        TEST(overdue_devices_and_heads_are_refused),
        TEST(a_head_must_be_known_and_belong),
        TEST(firmware_that_nobody_verified_is_refused),
        TEST(a_claimed_output_is_busy_with_its_holder),
        TEST(an_excluded_group_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
