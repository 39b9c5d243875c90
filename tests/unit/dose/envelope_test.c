/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The host's gate: a sane envelope passes, each broken field refuses it, compiled ceilings hold without the daemon's
 * help, set points stay inside, and tightening only ever tightens.
 */
#include "dose_test.h"

#include <errno.h>
#include <string.h>

#include "dose/envelope.h"

static char reason[REFUSAL_MESSAGE_MAX];

/* TENS on channel 2: 10 to 30 mA, 100 us, 80 to 100 Hz. */
static struct envelope tens(void)
{
    struct envelope e = {.n_channels = 1, .modality = MODALITY_ESTIM, .over_permille = 1500, .total_ms = 1800000};
    struct envelope_channel *c = &e.channels[0];
    c->channel = 2;
    c->level_quantity = QUANTITY_amplitude_ua;
    c->waveform = WAVEFORM_biphasic_symmetric;
    c->level_start = 10000;
    c->level_ceiling = 30000;
    c->area_mm2 = 2500;
    c->rules = (struct walk_rules){.step = 1000, .slew_per_s = 5000, .resolution = 100};
    c->n_settings = 2;
    c->settings[0] = (struct envelope_setting){QUANTITY_phase_width_us, 0, 100, 100};
    c->settings[1] = (struct envelope_setting){QUANTITY_pulse_rate_millihz, 0, 80000, 100000};
    return e;
}

static struct envelope cold(void)
{
    struct envelope e = {.n_channels = 1, .modality = MODALITY_COLD, .over_permille = 1500, .total_ms = 1200000};
    struct envelope_channel *c = &e.channels[0];
    c->level_quantity = QUANTITY_temperature_millic;
    c->waveform = WAVEFORM_cold_contact;
    c->rest_value = 25000;
    c->level_start = 13000;
    c->level_ceiling = 12000;
    c->rules = (struct walk_rules){.step = 1000, .slew_per_s = 500, .resolution = 100};
    return e;
}

static struct envelope ultrasound(void)
{
    struct envelope e = {.n_channels = 1, .modality = MODALITY_ULTRASOUND, .over_permille = 1500, .total_ms = 480000};
    struct envelope_channel *c = &e.channels[0];
    c->level_quantity = QUANTITY_intensity_satp_uw_cm2;
    c->waveform = WAVEFORM_us_pulsed;
    c->level_start = 500000;
    c->level_ceiling = 1000000;
    c->area_mm2 = 500;
    c->rules = (struct walk_rules){.step = 100000, .slew_per_s = 500000, .resolution = 10000};
    c->n_settings = 1;
    c->settings[0] = (struct envelope_setting){QUANTITY_duty_permille, 0, 200, 200};
    return e;
}

static void accepted(const struct envelope *e)
{
    if (envelope_check(e, reason, sizeof reason) != 0) {
        fail_msg("%s", reason);
    }
}

static void refused(const struct envelope *e, const char *about)
{
    reason[0] = '\0';
    assert_int_equal(envelope_check(e, reason, sizeof reason), -EPERM);
    if (strstr(reason, about) == NULL) {
        fail_msg("\"%s\" says nothing about %s", reason, about);
    }
}

static void sane_envelopes_are_accepted(void **state)
{
    (void)state;
    struct envelope all[] = {tens(), cold(), ultrasound()};
    for (size_t i = 0; i < 3; i++) {
        accepted(&all[i]);
    }
}

static void every_broken_field_is_refused(void **state)
{
    (void)state;
    struct envelope e;
#define BREAK(make, change, about)                                                                                     \
    e = make();                                                                                                        \
    change;                                                                                                            \
    refused(&e, about)
    BREAK(tens, e.n_channels = 0, "channels");
    BREAK(tens, e.n_channels = DOSE_CHANNELS_MAX + 1, "channels");
    BREAK(tens, e.modality = 0, "modality");
    BREAK(tens, e.modality = MODALITY_ESTIM | MODALITY_COLD, "modality");
    BREAK(tens, e.modality = MODALITY_COLD, "waveform");
    BREAK(tens, e.total_ms = 0, "treatment time");
    BREAK(tens, e.over_permille = 1000, "over-delivery");
    BREAK(tens, e.over_permille = 2001, "over-delivery");
    BREAK(tens, e.channels[0].waveform = WAVEFORM_COUNT, "waveform");
    BREAK(tens, e.channels[0].level_quantity = QUANTITY_COUNT, "level");
    BREAK(tens, e.channels[0].level_quantity = QUANTITY_rms_current_ua, "level");
    BREAK(tens, e.channels[0].level_quantity = QUANTITY_burst_rate_millihz, "rest");
    BREAK(tens, e.channels[0].rest_value = 1, "rest");
    BREAK(tens, e.channels[0].level_start = -1, "order");
    BREAK(tens, e.channels[0].level_start = 30001, "order");
    BREAK(cold, e.channels[0].level_ceiling = 13001, "order");
    BREAK(cold, e.channels[0].rest_value = 12999, "order");
    BREAK(tens, e.channels[0].rules.step = 0, "walked");
    BREAK(tens, e.channels[0].rules.resolution = 1001, "walked");
    BREAK(tens, e.channels[0].rules.step = 1001, "ceiling_es_step");
    BREAK(tens, e.channels[0].rules.slew_per_s = 5001, "ceiling_es_slew");
    BREAK(tens, e.channels[0].n_settings = ENVELOPE_SETTINGS_MAX + 1, "settings");
    BREAK(tens, e.channels[0].settings[0].quantity = QUANTITY_COUNT, "setting");
    BREAK(tens, e.channels[0].settings[0].quantity = QUANTITY_temperature_millic, "setting");
    BREAK(tens, e.channels[0].settings[0].quantity = QUANTITY_amplitude_ua, "setting");
    BREAK(tens, e.channels[0].settings[0].quantity = QUANTITY_pulse_rate_millihz, "twice");
    BREAK(tens, e.channels[0].settings[0].start = 101, "safer");
    BREAK(tens, e.channels[0].settings[0].start = -1, "negative");
    BREAK(tens, (e.n_channels = 2, e.channels[1] = e.channels[0]), "twice");
#undef BREAK
}

static void compiled_ceilings_hold_in_the_host_too(void **state)
{
    (void)state;
    struct envelope e = tens();
    e.channels[0].level_ceiling = 150001;
    refused(&e, "ceiling_es_peak");
    e = tens();
    e.channels[0].settings[0].ceiling = 1700; /* 30 mA x 1700 us: 51 uC, derived here from the envelope alone */
    e.channels[0].settings[1].ceiling = e.channels[0].settings[1].start = 1000;
    refused(&e, "ceiling_es_phase_charge");
    e.channels[0].area_mm2 = 0; /* not knowing the area excuses no charge */
    refused(&e, "ceiling_es_phase_charge");
    e = tens();
    e.channels[0].settings[1].ceiling = 6000000;
    refused(&e, "pulse_rate_millihz");
    e = tens();
    e.channels[0].area_mm2 = 100;
    e.channels[0].level_ceiling = 50000;
    refused(&e, "ceiling_es_rms_density");
    e = tens();
    e.total_ms = 90 * 60000 + 1;
    refused(&e, "ceiling_es_session");
    e = tens();
    e.channels[0].waveform = WAVEFORM_iontophoresis;
    e.channels[0].level_start = 1000;
    e.channels[0].level_ceiling = 4001;
    refused(&e, "ceiling_ion_current");
    e = ultrasound();
    e.channels[0].level_ceiling = 2500000;
    accepted(&e);
    e.channels[0].level_ceiling = 2500001;
    refused(&e, "ceiling_us_satp");
    e = cold();
    e.channels[0].level_ceiling = 10000;
    accepted(&e);
    e.channels[0].level_ceiling = 9999;
    refused(&e, "ceiling_cr_set_point");
}

static void a_laser_is_held_against_its_ceilings(void **state)
{
    (void)state;
    struct envelope e = {.n_channels = 1, .modality = MODALITY_LASER, .over_permille = 1200, .total_ms = 100000};
    struct envelope_channel *c = &e.channels[0];
    c->level_quantity = QUANTITY_power_uw;
    c->waveform = WAVEFORM_laser_continuous;
    c->level_start = 10000;
    c->level_ceiling = 500000;
    c->area_mm2 = 100;
    c->rules = (struct walk_rules){.step = 10000, .slew_per_s = 100000, .resolution = 1000};
    accepted(&e);
    c->level_ceiling = 500001;
    refused(&e, "ceiling_lz_power");
    c->level_ceiling = 500000;
    c->area_mm2 = 4; /* 12.5 W/cm2 */
    refused(&e, "ceiling_lz_irradiance");
}

static void set_points_stay_inside(void **state)
{
    (void)state;
    struct envelope e = tens();
    struct {
        uint32_t channel;
        enum modality_quantity quantity;
        int64_t value;
        int answer;
    } points[] = {{2, QUANTITY_amplitude_ua, 0, 0},
                  {2, QUANTITY_amplitude_ua, 9999, 0}, /* below start is toward rest */
                  {2, QUANTITY_amplitude_ua, 30000, 0},
                  {2, QUANTITY_amplitude_ua, 30001, -EPERM},
                  {2, QUANTITY_amplitude_ua, -1, -EPERM},
                  {2, QUANTITY_pulse_rate_millihz, 79999, -EPERM},
                  {2, QUANTITY_pulse_rate_millihz, 80000, 0},
                  {2, QUANTITY_pulse_rate_millihz, 100000, 0},
                  {2, QUANTITY_pulse_rate_millihz, 100001, -EPERM},
                  {2, QUANTITY_interphase_us, 0, -EPERM},
                  {0, QUANTITY_amplitude_ua, 0, -EPERM},
                  {2, QUANTITY_COUNT, 0, -EPERM}};
    for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
        reason[0] = '\0';
        assert_int_equal(
            envelope_gate(&e, points[i].channel, points[i].quantity, points[i].value, reason, sizeof reason),
            points[i].answer);
        assert_int_equal(reason[0] == '\0', points[i].answer == 0);
    }
    e = cold();
    assert_int_equal(envelope_gate(&e, 0, QUANTITY_temperature_millic, 12000, reason, sizeof reason), 0);
    assert_int_equal(envelope_gate(&e, 0, QUANTITY_temperature_millic, 25000, reason, sizeof reason), 0);
    assert_int_equal(envelope_gate(&e, 0, QUANTITY_temperature_millic, 11999, reason, sizeof reason), -EPERM);
    assert_int_equal(envelope_gate(&e, 0, QUANTITY_temperature_millic, 25001, reason, sizeof reason), -EPERM);
}

static void tightening_takes_the_safer_of_both(void **state)
{
    (void)state;
    struct envelope e = tens(), other = tens();
    other.channels[0].level_ceiling = 8000; /* below the start */
    other.channels[0].settings[1].ceiling = 90000;
    other.channels[0].rules.slew_per_s = 2000;
    other.total_ms = 60000;
    other.over_permille = 1300;
    assert_int_equal(envelope_tighten(&e, &other), 0);
    assert_int_equal(e.channels[0].level_ceiling, 8000);
    assert_int_equal(e.channels[0].level_start, 8000);
    assert_int_equal(e.channels[0].settings[1].ceiling, 90000);
    assert_int_equal(e.channels[0].rules.slew_per_s, 2000);
    assert_int_equal(e.channels[0].rules.step, 1000);
    assert_int_equal(e.total_ms, 60000);
    assert_int_equal(e.over_permille, 1300);
    accepted(&e);

    e = cold();
    other = cold();
    other.channels[0].level_ceiling = 14000;
    assert_int_equal(envelope_tighten(&e, &other), 0);
    assert_int_equal(e.channels[0].level_ceiling, 14000);
    assert_int_equal(e.channels[0].level_start, 14000);
    accepted(&e);
}

static void tightening_never_raises(void **state)
{
    (void)state;
    uint64_t seed = 8;
    for (int i = 0; i < 2000; i++) {
        struct envelope e = tens(), other = tens();
        other.channels[0].level_ceiling = random_between(&seed, 0, 60000);
        other.channels[0].settings[0].ceiling = random_between(&seed, 1, 300);
        other.channels[0].rules.step = random_between(&seed, 100, 3000);
        other.total_ms = random_between(&seed, 1, 4000000);
        struct envelope before = e;
        assert_int_equal(envelope_tighten(&e, &other), 0);
        for (int64_t value = 0; value <= 60000; value += 500) {
            if (envelope_gate(&e, 2, QUANTITY_amplitude_ua, value, reason, sizeof reason) == 0) {
                assert_int_equal(envelope_gate(&before, 2, QUANTITY_amplitude_ua, value, reason, sizeof reason), 0);
                assert_true(value <= other.channels[0].level_ceiling);
            }
        }
        assert_true(e.total_ms <= before.total_ms && e.channels[0].rules.step <= before.channels[0].rules.step);
        assert_true(e.channels[0].settings[0].ceiling <= before.channels[0].settings[0].ceiling);
        accepted(&e);
    }
}

static void another_shape_changes_nothing(void **state)
{
    (void)state;
    struct envelope e = tens(), before = e, other;
#define DIFFER(change)                                                                                                 \
    other = tens();                                                                                                    \
    other.channels[0].level_ceiling = 1;                                                                               \
    change;                                                                                                            \
    assert_int_equal(envelope_tighten(&e, &other), -EINVAL);                                                           \
    assert_memory_equal(&e, &before, sizeof e)
    DIFFER(other.group = 1);
    DIFFER(other.n_channels = 2);
    DIFFER(other.modality = MODALITY_COLD);
    DIFFER(other.channels[0].channel = 0);
    DIFFER(other.channels[0].waveform = WAVEFORM_dc);
    DIFFER(other.channels[0].level_quantity = QUANTITY_amplitude_mv);
    DIFFER(other.channels[0].n_settings = 1);
    DIFFER(other.channels[0].settings[0].quantity = QUANTITY_interphase_us);
#undef DIFFER
}

static void settings_without_a_direction_keep_what_both_allow(void **state)
{
    (void)state;
    struct envelope e = tens(), other;
    e.channels[0].settings[0] = (struct envelope_setting){QUANTITY_interphase_us, 0, 50, 100};
    other = e;
    other.channels[0].settings[0] = (struct envelope_setting){QUANTITY_interphase_us, 0, 120, 80};
    assert_int_equal(envelope_tighten(&e, &other), 0);
    assert_int_equal(e.channels[0].settings[0].start, 80);
    assert_int_equal(e.channels[0].settings[0].ceiling, 100);
    other.channels[0].settings[0] = (struct envelope_setting){QUANTITY_interphase_us, 0, 10, 20};
    assert_int_equal(envelope_tighten(&e, &other), -EINVAL);
}

/* An order is bytes that another process wrote: each of them may hold anything. */
static void every_byte_may_hold_anything(void **state)
{
    (void)state;
    struct envelope e = tens();
    e.channels[0].rules.surge_on_ms = 10000;
    e.channels[0].rules.surge_off_ms = 20000;
    memset(&e.channels[0].rules.surged, 2, sizeof e.channels[0].rules.surged);
    accepted(&e); /* neither yes nor no surges */
    e.channels[0].rules.surge_on_ms = 0;
    refused(&e, "surge");
    for (int byte = 0; byte < 256; byte++) {
        memset(&e, byte, sizeof e);
        reason[0] = '\0';
        assert_int_equal(envelope_check(&e, reason, sizeof reason), -EPERM);
        assert_string_not_equal(reason, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sane_envelopes_are_accepted),
        cmocka_unit_test(every_broken_field_is_refused),
        cmocka_unit_test(compiled_ceilings_hold_in_the_host_too),
        cmocka_unit_test(a_laser_is_held_against_its_ceilings),
        cmocka_unit_test(set_points_stay_inside),
        cmocka_unit_test(tightening_takes_the_safer_of_both),
        cmocka_unit_test(tightening_never_raises),
        cmocka_unit_test(another_shape_changes_nothing),
        cmocka_unit_test(settings_without_a_direction_keep_what_both_allow),
        cmocka_unit_test(every_byte_may_hold_anything),
    };
    return DOSE_TESTS(tests);
}
