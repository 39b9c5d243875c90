/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bounds of a treatment as JSON: each that applies is told once, with how it stands or why it has no value yet; the
 * side that binds, on the channel that comes nearest.
 */
#include "dose_test.h"

#include "document/document.h"
#include "fixture.h"

#define LIMITS_MAX 16

static struct limit limits[LIMITS_MAX];
static struct dose_tables tables;
static struct protocol protocol;
static struct prescribed d;
static struct dose_picture picture;
static json_t *told;

static int sane(void **state)
{
    (void)state;
    tables = (struct dose_tables){.limits = limits};
    protocol = (struct protocol){.id = "p",
                                 .modality = MODALITY_ESTIM,
                                 .therapy = THERAPY_tens,
                                 .waveform = WAVEFORM_biphasic_symmetric,
                                 .source = "a trial",
                                 .verified = VERIFIED_YES,
                                 .n_parameters = 1,
                                 .parameters = {{QUANTITY_amplitude_ua, 0, 10000, 40000, "p.ini:5"}}};
    d = (struct prescribed){.tables = &tables, .protocol = &protocol, .treatment = fixture_tens()};
    told = NULL;
    return 0;
}

static int over(void **state)
{
    (void)state;
    json_decref(told);
    return 0;
}

static struct limit *add(struct limit l)
{
    assert_true(tables.n_limits < LIMITS_MAX);
    limits[tables.n_limits] = l;
    return &limits[tables.n_limits++];
}

static void tell(const struct dose_history *history, const struct doc_device *device)
{
    struct refusals r = {.n = 0};
    assert_int_equal(dose_picture_make(&d.treatment, &picture, &r), 0);
    json_decref(told);
    told = doc_limits(&d, &picture, history, history, device);
}

/* The one bound of this id, or NULL. */
static const json_t *bound(const char *id)
{
    const json_t *found = NULL, *item;
    size_t i;
    json_array_foreach(told, i, item)
    {
        if (strcmp(json_string_value(json_object_get(item, "id")), id) == 0) {
            assert_null(found);
            found = item;
        }
    }
    return found;
}

static const char *text(const json_t *o, const char *key)
{
    const char *value = json_string_value(json_object_get(o, key));
    return value ? value : "";
}

static int64_t number(const json_t *o, const char *key)
{
    assert_true(json_is_integer(json_object_get(o, key)));
    return json_integer_value(json_object_get(o, key));
}

static void a_limit_tells_value_bound_room_and_where_it_comes_from(void **state)
{
    (void)state;
    add(fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 50000))->id = "most";
    add(fixture_least(QUANTITY_electrode_area_mm2, SCOPE_CONFIGURATION, 2600))->id = "least";
    tell(NULL, NULL);
    const json_t *most = bound("most"), *least = bound("least");
    assert_int_equal(number(most, "value"), 30000);
    assert_int_equal(number(most, "bound"), 50000);
    assert_int_equal(number(most, "headroom"), 20000);
    assert_string_equal(text(most, "state"), "within");
    assert_string_equal(text(most, "origin"), "limits.ini:41");
    assert_string_equal(text(most, "layer"), "installation");
    assert_string_equal(text(most, "source"), "test");
    assert_string_equal(text(most, "verified"), "yes");
    assert_false(json_is_true(json_object_get(most, "accepted")));
    assert_string_equal(text(least, "direction"), "min");
    assert_string_equal(text(least, "state"), "exceeded");
    assert_int_equal(number(least, "headroom"), -100);
    assert_true(json_is_true(json_object_get(least, "exceeded")));
}

static void what_has_no_value_yet_says_why(void **state)
{
    (void)state;
    add(fixture_limit(QUANTITY_amplitude_slew_ua_s, SCOPE_INSTANTANEOUS, 5000))->id = "slew";
    add(fixture_limit(QUANTITY_amplitude_slew_mv_s, SCOPE_INSTANTANEOUS, 5000))->id = "slew_of_volts";
    add(fixture_limit(QUANTITY_delivery_error_permille, SCOPE_INSTANTANEOUS, 200))->id = "accuracy";
    add(fixture_limit(QUANTITY_patient_leakage_ua, SCOPE_CONFIGURATION, 100))->id = "leakage";
    add(fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 60000))->id = "rest";
    add(fixture_limit(QUANTITY_amplitude_mv, SCOPE_INSTANTANEOUS, 500000))->id = "volts";
    struct limit *shown = add(fixture_limit(QUANTITY_phase_charge_nc, SCOPE_PER_PULSE, 0));
    shown->id = "shown";
    shown->class = LIMIT_DEVICE;
    shown->has_max = false;
    tell(NULL, NULL);
    assert_string_equal(text(bound("slew"), "state"), "walked");
    assert_string_equal(text(bound("slew"), "use"), "walk");
    assert_string_equal(text(bound("accuracy"), "state"), "held_while_running");
    assert_string_equal(text(bound("leakage"), "state"), "not_reported");
    assert_string_equal(text(bound("rest"), "state"), "nothing_before");
    assert_int_equal(number(bound("rest"), "bound"), 60000);
    assert_null(json_object_get(bound("rest"), "value"));
    assert_string_equal(text(bound("shown"), "state"), "shown");
    assert_int_equal(number(bound("shown"), "value"), 3000);
    assert_null(json_object_get(bound("shown"), "bound"));
    assert_null(bound("volts")); /* nothing of this treatment is in volts */
    assert_null(bound("slew_of_volts"));
    const struct dose_history before = {.has_last_end = true, .since_last_end_ms = 59999};
    fixture_both(&d.treatment.channels[0], QUANTITY_patient_leakage_ua, 99);
    tell(&before, NULL);
    assert_string_equal(text(bound("rest"), "state"), "exceeded");
    assert_int_equal(number(bound("leakage"), "headroom"), 1);
}

static void what_does_not_apply_is_not_told_and_what_locks_says_so(void **state)
{
    (void)state;
    struct limit *elsewhere = add(fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 50000));
    elsewhere->id = "elsewhere";
    elsewhere->when.sites = 1u << 9;
    struct limit *unread = add(fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 50000));
    unread->id = "unread";
    unread->verified = VERIFIED_NO;
    struct limit *both = add(fixture_limit(QUANTITY_pulse_rate_millihz, SCOPE_CONFIGURATION, 150000));
    both->id = "both";
    both->has_min = true;
    both->min = 1000;
    tell(NULL, NULL);
    assert_null(bound("elsewhere"));
    assert_true(json_is_true(json_object_get(bound("unread"), "locks")));
    assert_int_equal(number(bound("both"), "min"), 1000);
    assert_int_equal(number(bound("both"), "max"), 150000);
    unread->accepted = true;
    tell(NULL, NULL);
    assert_null(json_object_get(bound("unread"), "locks"));
    assert_true(json_is_true(json_object_get(bound("unread"), "accepted")));
}

/* The protocol's range of one quantity over the treatment's. */
static const json_t *range_of(enum modality_quantity q, int64_t min, int64_t max)
{
    protocol.parameters[0] = (struct protocol_parameter){q, min, min, max, "p.ini:5"};
    tell(NULL, NULL);
    assert_string_equal(text(bound("p"), "layer"), "protocol");
    assert_string_equal(text(bound("p"), "quantity"), modality_quantity_info(q)->id);
    assert_string_equal(text(bound("p"), "source"), "a trial");
    return bound("p");
}

static void a_range_is_told_at_the_side_that_binds(void **state)
{
    (void)state;
    const json_t *b = range_of(QUANTITY_amplitude_ua, 0, 40000); /* 10 to 30 mA */
    assert_string_equal(text(b, "direction"), "max");
    assert_int_equal(number(b, "headroom"), 10000);
    b = range_of(QUANTITY_amplitude_ua, 11000, 40000);
    assert_string_equal(text(b, "direction"), "min");
    assert_int_equal(number(b, "headroom"), -1000);
    b = range_of(QUANTITY_electrode_area_mm2, 2400, 5000); /* more is safer: the least binds */
    assert_string_equal(text(b, "direction"), "min");
    assert_int_equal(number(b, "headroom"), 100);
    fixture_both(&d.treatment.channels[0], QUANTITY_interphase_us, 50); /* neither is: the nearer one */
    assert_string_equal(text(range_of(QUANTITY_interphase_us, 0, 90), "direction"), "max");
    assert_string_equal(text(range_of(QUANTITY_interphase_us, 20, 90), "direction"), "min");
    b = range_of(QUANTITY_phase_width_us, 100, 100);
    assert_true(json_is_true(json_object_get(b, "fixed")));
    b = range_of(QUANTITY_duration_ms, 0, d.treatment.duration_ms - 1);
    assert_int_equal(number(b, "headroom"), -1);
    assert_null(json_object_get(b, "channel"));
}

static void cold_is_told_at_its_floor(void **state)
{
    (void)state;
    d.treatment = fixture_cold();
    protocol.modality = MODALITY_COLD;
    protocol.therapy = THERAPY_cryo;
    protocol.waveform = WAVEFORM_cold_contact;
    const json_t *b = range_of(QUANTITY_temperature_millic, 10000, 20000);
    assert_string_equal(text(b, "direction"), "min");
    assert_int_equal(number(b, "value"), 12000);
    assert_int_equal(number(b, "headroom"), 2000);
}

static void the_nearest_channel_stands_for_all_and_the_device_is_a_layer(void **state)
{
    (void)state;
    d.treatment.n_channels = 2;
    d.treatment.channels[1] = d.treatment.channels[0];
    PUT(d.treatment.channels[1].ceiling, amplitude_ua, 35000);
    const struct modality_channel strong = {
        .n_ranges = 1, .ranges = {{.quantity = QUANTITY_amplitude_ua, .max = 100000, .settable = true}}};
    const struct modality_channel weak = {
        .n_ranges = 2,
        .ranges = {{.quantity = QUANTITY_amplitude_ua, .max = 36000, .settable = true},
                   {.quantity = QUANTITY_pulse_rate_millihz, .max = 200000}}};
    const struct modality_channel *const channels[] = {&strong, &weak};
    const struct doc_device device = {.id = "dev", .origin = "devices.ini:1", .n_channels = 2, .channels = channels};
    tell(NULL, &device);
    assert_int_equal(number(bound("p"), "channel"), 1);
    assert_int_equal(number(bound("p"), "headroom"), 5000);
    assert_int_equal(number(bound("dev"), "channel"), 1); /* what cannot be set is no range of it */
    assert_int_equal(number(bound("dev"), "headroom"), 1000);
    assert_string_equal(text(bound("dev"), "layer"), "device");
    assert_string_equal(text(bound("dev"), "origin"), "devices.ini:1");
    assert_null(json_object_get(bound("dev"), "verified"));
}

static void the_protocols_schedule_is_told(void **state)
{
    (void)state;
    protocol.n_parameters = 0;
    protocol.sessions_per_day = 2;
    protocol.sessions_origin = "p.ini:9";
    const struct dose_history before = {.session_count = 2};
    tell(&before, NULL);
    assert_int_equal(number(bound("p"), "value"), 3);
    assert_string_equal(text(bound("p"), "origin"), "p.ini:9");
    assert_string_equal(text(bound("p"), "state"), "exceeded");
    protocol.sessions_per_day = 0;
    protocol.rest_min_ms = 60000;
    tell(&before, NULL);
    assert_string_equal(text(bound("p"), "state"), "nothing_before");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sane, over)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_limit_tells_value_bound_room_and_where_it_comes_from),
        TEST(what_has_no_value_yet_says_why),
        TEST(what_does_not_apply_is_not_told_and_what_locks_says_so),
        TEST(a_range_is_told_at_the_side_that_binds),
        TEST(cold_is_told_at_its_floor),
        TEST(the_nearest_channel_stands_for_all_and_the_device_is_a_layer),
        TEST(the_protocols_schedule_is_told),
    };
    return DOSE_TESTS(tests);
}
