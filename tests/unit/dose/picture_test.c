/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The picture of a treatment: what it refuses to be made of, the worst of what lies between start and ceiling, and what
 * its channels add up to.
 */
#include "limit_fixture.h"

static void refused(const struct dose_treatment *t, enum modality_token token, const char *subject)
{
    refusals.n = refusals.dropped = 0;
    assert_int_equal(dose_picture_make(t, &picture, &refusals), -EINVAL);
    assert_true(refusals.n >= 1);
    assert_int_equal(refusals.items[0].token, token);
    if (subject != NULL) {
        assert_string_equal(refusals.items[0].subject, subject);
    }
}

static void incomplete_or_impossible_treatments_are_refused(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    t.n_channels = 0;
    refused(&t, TOKEN_OUT_OF_RANGE, NULL);
    t = fixture_tens();
    t.n_channels = DOSE_CHANNELS_MAX + 1;
    refused(&t, TOKEN_OUT_OF_RANGE, NULL);
    t = fixture_tens();
    t.duration_ms = 0;
    refused(&t, TOKEN_OUT_OF_RANGE, "duration_ms");
    t = fixture_tens();
    t.site = DOSE_SITES_MAX;
    refused(&t, TOKEN_NOT_FOUND, NULL);
    t = fixture_tens();
    t.modality = MODALITY_COLD;
    refused(&t, TOKEN_OUT_OF_RANGE, "waveform_class");
    t = fixture_tens();
    t.channels[0].ceiling.present[QUANTITY_phase_width_us / 64] &= ~(UINT64_C(1) << (QUANTITY_phase_width_us % 64));
    refused(&t, TOKEN_INCOMPLETE, "phase_width_us");
    t.channels[0].start.present[QUANTITY_phase_width_us / 64] &= ~(UINT64_C(1) << (QUANTITY_phase_width_us % 64));
    refused(&t, TOKEN_INCOMPLETE, "phase_width_us");
    t = fixture_tens();
    PUT(t.channels[0].ceiling, amplitude_ua, 9999);
    refused(&t, TOKEN_OUT_OF_RANGE, "amplitude_ua");
    t = fixture_tens();
    PUT(t.channels[0].start, amplitude_ua, -1);
    refused(&t, TOKEN_OUT_OF_RANGE, "amplitude_ua");
    t = fixture_tens();
    PUT(t.channels[0].ceiling, electrode_area_mm2, 2400);
    refused(&t, TOKEN_OUT_OF_RANGE, "electrode_area_mm2");
    t = fixture_cold();
    PUT(t.channels[0].ceiling, temperature_millic, 14000); /* warmer is the safer side */
    refused(&t, TOKEN_OUT_OF_RANGE, "temperature_millic");
    t = fixture_tens();
    BOTH(t.channels[0], pulse_rate_millihz, 6000000);
    refused(&t, TOKEN_OUT_OF_RANGE, "pulse_rate_millihz");
}

static void all_that_is_missing_is_said_at_once(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_ifc();
    for (size_t i = 0; i < 2; i++) {
        t.channels[i].start = t.channels[i].ceiling = (struct quantity_set){0};
    }
    refused(&t, TOKEN_INCOMPLETE, NULL);
    assert_int_equal(refusals.n, 2);
    assert_int_equal(refusals.items[0].channel, 0);
    assert_int_equal(refusals.items[1].channel, 1);
}

static void the_worst_lies_between_the_ends_too(void **state)
{
    (void)state;
    /* a carrier that may fall carries more charge at the lower end, whichever end that is */
    struct dose_treatment t = fixture_ifc(), fixed = fixture_ifc();
    for (size_t i = 0; i < 2; i++) {
        PUT(t.channels[i].start, carrier_frequency_millihz, 2000000);
        PUT(t.channels[i].ceiling, carrier_frequency_millihz, 4000000);
        BOTH(fixed.channels[i], carrier_frequency_millihz, 2000000);
    }
    pictured(&fixed);
    int64_t worst = picture.ceiling[0].value[QUANTITY_phase_charge_nc];
    pictured(&t);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_phase_charge_nc], worst);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_carrier_frequency_millihz], 4000000);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_limit_frequency_millihz], 4000000);
    assert_int_equal(picture.start[0].value[QUANTITY_limit_frequency_millihz], 2000000);
}

static void a_late_second_phase_is_an_imbalance(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct dose_channel *c = &t.channels[0];
    c->waveform = WAVEFORM_biphasic_asymmetric;
    BOTH(*c, phase_width_us, 200);
    BOTH(*c, phase2_width_us, 400);
    BOTH(*c, amplitude2_permille, 500);
    pictured(&t);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_net_charge_permille], 0);
    /* both ends balance, but 220 us against the old second phase does not */
    PUT(c->ceiling, phase_width_us, 220);
    PUT(c->ceiling, phase2_width_us, 440);
    pictured(&t);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_net_charge_permille], 100);
    assert_true(picture.ceiling[0].value[QUANTITY_dc_current_ua] > 0);
}

static void surges_are_counted_with_the_shortest_period(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct dose_channel *c = &t.channels[0];
    t.duration_ms = 600000;
    PUT(c->start, surge_on_ms, 5000);
    PUT(c->ceiling, surge_on_ms, 10000);
    PUT(c->start, surge_off_ms, 50000);
    PUT(c->ceiling, surge_off_ms, 25000);
    pictured(&t);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_contraction_count], 20);
    assert_int_equal(picture.whole.value[QUANTITY_contraction_count], 20);
    /* and their charge with the longest on and the shortest off */
    int64_t charge = picture.ceiling[0].value[QUANTITY_session_charge_uc];
    BOTH(*c, surge_on_ms, 10000);
    BOTH(*c, surge_off_ms, 25000);
    pictured(&t);
    assert_int_equal(picture.ceiling[0].value[QUANTITY_session_charge_uc], charge);
}

/* Two TENS channels of 25 cm2 and one of 10, all at 30 mA: each has 30 mA x sqrt(0.02) of r.m.s. */
static struct dose_treatment three_channels(void)
{
    struct dose_treatment t = fixture_tens();
    t.n_channels = 3;
    t.channels[1] = t.channels[2] = t.channels[0];
    BOTH(t.channels[2], electrode_area_mm2, 1000);
    return t;
}

static int64_t at_ceiling(size_t channel, enum modality_quantity q)
{
    return picture.ceiling[channel].value[q];
}

static void channels_that_share_an_electrode_count_in_each_others_densities(void **state)
{
    (void)state;
    struct dose_treatment t = three_channels();
    t.channels[0].shares = 1u << 1; /* one of the two says it: it holds for both */
    pictured(&t);
    int64_t rms = at_ceiling(0, QUANTITY_rms_current_ua);
    assert_int_equal(rms, 4243);
    assert_int_equal(at_ceiling(0, QUANTITY_rms_density_ua_cm2), 340); /* 8.486 mA over 25 cm2 */
    assert_int_equal(at_ceiling(1, QUANTITY_rms_density_ua_cm2), 340);
    assert_int_equal(at_ceiling(2, QUANTITY_rms_density_ua_cm2), 425);    /* its own 4.243 mA over 10 cm2 */
    assert_int_equal(at_ceiling(0, QUANTITY_power_density_uw_cm2), 1441); /* 8.486 mA squared x 500 ohm / 25 cm2 */
    assert_int_equal(at_ceiling(2, QUANTITY_power_density_uw_cm2), 900);
    assert_int_equal(at_ceiling(0, QUANTITY_rms_current_ua), rms); /* the current of a channel stays its own */
    int64_t start = picture.start[0].value[QUANTITY_rms_current_ua];
    assert_int_equal(picture.start[0].value[QUANTITY_rms_density_ua_cm2], (2 * start * 100 + 2499) / 2500);
    t.channels[2].shares = 1u << 0 | 1u << 2; /* its own bit says nothing */
    pictured(&t);
    assert_int_equal(at_ceiling(0, QUANTITY_rms_density_ua_cm2), 510); /* all three pass its electrodes */
    assert_int_equal(at_ceiling(1, QUANTITY_rms_density_ua_cm2), 340); /* the third is none of this one's */
    assert_int_equal(at_ceiling(2, QUANTITY_rms_density_ua_cm2), 849); /* the first and its own over 10 cm2 */
}

static void direct_parts_add_up_in_a_shared_electrode(void **state)
{
    (void)state;
    struct dose_treatment t = three_channels();
    for (size_t c = 0; c < 3; c++) {
        t.channels[c].waveform = WAVEFORM_dc;
        BOTH(t.channels[c], amplitude_ua, 2000);
    }
    BOTH(t.channels[0], cathode_area_mm2, 5000);
    t.channels[1].shares = 1u << 0;
    pictured(&t);
    assert_int_equal(at_ceiling(0, QUANTITY_dc_density_ua_cm2), 160);
    assert_int_equal(at_ceiling(0, QUANTITY_anode_density_ua_cm2), 160);
    assert_int_equal(at_ceiling(0, QUANTITY_cathode_density_ua_cm2), 80);
    assert_int_equal(at_ceiling(1, QUANTITY_cathode_density_ua_cm2), 160);
    assert_int_equal(at_ceiling(2, QUANTITY_dc_density_ua_cm2), 200);
    assert_int_equal(at_ceiling(0, QUANTITY_dc_current_ua), 2000);
    t.channels[1].shares = 1u << 3;
    refused(&t, TOKEN_OUT_OF_RANGE, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(incomplete_or_impossible_treatments_are_refused),
        cmocka_unit_test(all_that_is_missing_is_said_at_once),
        cmocka_unit_test(the_worst_lies_between_the_ends_too),
        cmocka_unit_test(a_late_second_phase_is_an_imbalance),
        cmocka_unit_test(surges_are_counted_with_the_shortest_period),
        cmocka_unit_test(channels_that_share_an_electrode_count_in_each_others_densities),
        cmocka_unit_test(direct_parts_add_up_in_a_shared_electrode),
    };
    return DOSE_TESTS(tests);
}
