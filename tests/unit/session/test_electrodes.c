/* SPDX-License-Identifier: Apache-2.0 */
/* Electrodes as areas: shared pads, poles, and properties that the device reports of itself. */
#include "fixture.h"

static struct session_request pair(void)
{
    struct session_request q = room_tens();
    q.output.group = "pair";
    q.output.n_channels = 2;
    q.output.channels[1] = "ch2";
    q.output.n_electrodes = 4;
    q.output.electrodes[2] =
        (struct prescription_electrode){.label = "C", .channel = "ch2", .side = "left", .area_mm2 = 2500};
    q.output.electrodes[3] =
        (struct prescription_electrode){.label = "D", .channel = "ch2", .side = "left", .area_mm2 = 2500};
    return q;
}

static const json_t *derived(const struct room *r, size_t channel, const char *members, const char *quantity)
{
    const json_t *output = json_array_get(json_object_get(json_object_get(r->result, "sheet"), "outputs"), 0);
    const json_t *c = json_array_get(json_object_get(output, "channels"), channel);
    return json_object_get(json_object_get(json_object_get(c, members), quantity), "value");
}

static int64_t density(const struct room *r, size_t channel)
{
    return json_integer_value(derived(r, channel, "derived", "rms_density_ua_cm2"));
}

static void a_shared_pad_carries_the_current_of_both_channels(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = pair();
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    const int64_t alone = density(r, 0);
    assert_true(alone > 0);
    q.output.electrodes[3].label = "A"; /* of channel 1 as well */
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
    assert_in_range(density(r, 0), 2 * alone - 1, 2 * alone);
    assert_in_range(density(r, 1), 2 * alone - 1, 2 * alone);
}

static void a_repeated_label_must_be_the_same_pad(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = pair();
    q.output.electrodes[3].label = "A";
    q.output.electrodes[3].area_mm2 = 2501;
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q.output.electrodes[3].area_mm2 = 2500;
    q.output.electrodes[3].skin_site = "lumbar";
    q.output.electrodes[3].side = "midline";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q.output.electrodes[3].skin_site = "knee"; /* the target's, said or not */
    q.output.electrodes[3].side = NULL;
    room_check(r, &q);
    assert_true(json_is_true(json_object_get(r->result, "allowed")));
}

static void a_label_twice_on_one_channel_is_not_two_pads(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = pair();
    q.output.electrodes[3].label = "C";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void the_poles_have_areas_of_their_own(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions(); /* anode 25 cm2, cathode 50 cm2 */
    room_check(r, &q);
    assert_int_equal(json_integer_value(derived(r, 0, "properties", "anode_area_mm2")), 2500);
    assert_int_equal(json_integer_value(derived(r, 0, "properties", "cathode_area_mm2")), 5000);
    assert_int_equal(json_integer_value(derived(r, 0, "derived", "anode_density_ua_cm2")), 160);
    assert_int_equal(json_integer_value(derived(r, 0, "derived", "cathode_density_ua_cm2")), 80);
    q.output.electrodes[0].polarity = NULL; /* one pad says it for both */
    room_check(r, &q);
    assert_int_equal(json_integer_value(derived(r, 0, "properties", "anode_area_mm2")), 2500);
    q.output.electrodes[1].polarity = NULL;
    room_check(r, &q);
    assert_null(derived(r, 0, "properties", "anode_area_mm2"));
}

static void two_pads_of_one_pole_are_refused(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    q.output.electrodes[1].polarity = "positive";
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
}

static void polarity_is_a_setting_that_does_not_change(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_ions();
    q.output.parameters[q.output.n_parameters++] =
        (struct prescription_parameter){.quantity = QUANTITY_active_polarity, .start = 1, .ceiling = 2};
    room_try(r, &q);
    assert_refused(r, TOKEN_OUT_OF_RANGE);
    q.output.parameters[q.output.n_parameters - 1].ceiling = 1;
    room_prepare(r, &q);
    room_start(r);
    const struct envelope_channel *e = &room_last(r, LINK_ARM)->arm.envelope.channels[0];
    bool sent = false;
    for (uint32_t i = 0; i < e->n_settings; i++)
        sent = sent || (e->settings[i].quantity == QUANTITY_active_polarity && e->settings[i].start == 1);
    assert_true(sent);
}

/* --- what the device is --- */

static void the_smallest_setting_is_that_of_the_device(void **state)
{
    struct room *r = *state;
    room_open(r);
    struct session_request q = room_tens();
    room_check(r, &q);
    assert_int_equal(json_integer_value(derived(r, 0, "properties", "minimum_setting_permille")), 2); /* 0.1 of 80 mA */
    r->units[STIM].device.channels[0].ranges[0].min = 9000;
    host_describe(r, STIM);
    room_try(r, &q);
    assert_refused(r, TOKEN_LIMIT_EXCEEDED); /* the compiled ceiling is 10 % */
    assert_true(room_refuses(r, TOKEN_LIMIT_EXCEEDED, "minimum_setting_permille"));
}

static void what_the_device_reports_is_a_property_of_the_treatment(void **state)
{
    struct room *r = *state;
    quantity_put(&r->devices[STIM].reported, QUANTITY_patient_leakage_ua, 90);
    quantity_put(&r->devices[STIM].reported, QUANTITY_minimum_setting_permille, 50);
    quantity_put(&r->devices[STIM].reported, QUANTITY_unwanted_radiation_uw_cm2, 5); /* of no concern to current */
    room_open(r);
    struct session_request q = room_tens();
    room_check(r, &q);
    assert_int_equal(json_integer_value(derived(r, 0, "properties", "patient_leakage_ua")), 90);
    assert_int_equal(json_integer_value(derived(r, 0, "properties", "minimum_setting_permille")), 50);
    assert_null(derived(r, 0, "properties", "unwanted_radiation_uw_cm2"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, room_setup, room_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_shared_pad_carries_the_current_of_both_channels),
        TEST(a_repeated_label_must_be_the_same_pad),
        TEST(a_label_twice_on_one_channel_is_not_two_pads),
        TEST(the_poles_have_areas_of_their_own),
        TEST(two_pads_of_one_pole_are_refused),
        TEST(polarity_is_a_setting_that_does_not_change),
        TEST(the_smallest_setting_is_that_of_the_device),
        TEST(what_the_device_reports_is_a_property_of_the_treatment),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
