/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prescriptions: a sane one becomes the treatment that it says; each name, value and pad that does not fit is refused,
 * and what can be resolved is resolved all the same.
 */
#include "prescription_fixture.h"

static void a_sane_one_becomes_the_treatment_that_it_says(void **state)
{
    (void)state;
    assert_int_equal(make(), 0);
    assert_int_equal(refusals.n, 0);
    const struct dose_treatment *t = &prescribed.treatment;
    assert_int_equal(t->therapy, THERAPY_tens);
    assert_int_equal(t->site, THIGH);
    assert_int_equal(t->sites, 1u << THIGH);
    assert_int_equal(t->applicator, -1);
    assert_int_equal(t->duration_ms, 1200000);
    assert_int_equal(at_start(0, QUANTITY_amplitude_ua), 12000);
    assert_int_equal(t->channels[0].ceiling.value[QUANTITY_amplitude_ua], 20000);
    assert_int_equal(at_start(0, QUANTITY_phase_width_us), 80);
    assert_int_equal(at_start(0, QUANTITY_electrode_area_mm2), 2500);
    assert_int_equal(prescription_judge(&prescription, &prescribed, NULL, &picture, &verdict, &refusals), 0);
    assert_int_equal(refusals.n, 0);
}

static void what_is_not_asked_for_is_the_protocols(void **state)
{
    (void)state;
    prescription.n_parameters = 0;
    prescription.duration_ms = 600000;
    assert_int_equal(make(), 0);
    assert_int_equal(at_start(0, QUANTITY_amplitude_ua), 10000);
    assert_int_equal(prescribed.treatment.channels[0].ceiling.value[QUANTITY_amplitude_ua], 10000);
    assert_int_equal(prescribed.treatment.duration_ms, 600000);
    prescription.n_parameters = 1;
    parameters[0].start_absent = true;
    parameters[0].ceiling = 30000;
    assert_int_equal(make(), 0);
    assert_int_equal(at_start(0, QUANTITY_amplitude_ua), 10000);
    assert_int_equal(prescribed.treatment.channels[0].ceiling.value[QUANTITY_amplitude_ua], 30000);
    parameters[0].start_absent = false;
    parameters[0].ceiling_absent = true;
    assert_int_equal(make(), 0);
    assert_int_equal(prescribed.treatment.channels[0].ceiling.value[QUANTITY_amplitude_ua], 12000);
}

static void unknown_names_are_told_together(void **state)
{
    (void)state;
    prescription.protocol = "nothing";
    prescription.site = "nowhere";
    assert_int_equal(make(), -EINVAL);
    told(TOKEN_NOT_FOUND, "there is no protocol nothing");
    told(TOKEN_NOT_FOUND, "there is no body site nowhere");
    prescription.protocol = prescription.site = NULL;
    assert_int_equal(make(), -EINVAL);
    assert_int_equal(refusals.n, 2);
}

static void a_side_is_the_sites(void **state)
{
    (void)state;
    prescription.side = NULL;
    assert_int_equal(make(), 0);
    told(TOKEN_INCOMPLETE, "site thigh needs a side");
    prescription.side = "midline";
    assert_int_equal(make(), 0);
    told(TOKEN_OUT_OF_RANGE, "site thigh has no side midline");
    prescription.site = "spine";
    assert_int_equal(make(), 0);
    assert_int_equal(refusals.n, 0);
    prescription.side = "left";
    assert_int_equal(make(), 0);
    told(TOKEN_OUT_OF_RANGE, "site spine has no side left");
}

static void what_the_protocol_has_not_is_refused(void **state)
{
    (void)state;
    static const enum modality_quantity misplaced[] = {QUANTITY_duration_ms, QUANTITY_treated_area_mm2,
                                                       QUANTITY_electrode_area_mm2, QUANTITY_era_mm2};
    for (size_t i = 0; i < sizeof misplaced / sizeof misplaced[0]; i++) {
        parameters[0].quantity = misplaced[i];
        make();
        told(TOKEN_OUT_OF_RANGE, "is not one of the parameters: it is taken from");
        assert_int_equal(refusals.items[0].quantity, misplaced[i]);
    }
    parameters[0].quantity = QUANTITY_amplitude_mv;
    make();
    told(TOKEN_OUT_OF_RANGE, "protocol tens has no parameter amplitude_mv");
    prescription.n_parameters = 0;
    prescription.treated_area_mm2 = 1000;
    prescription.applicator = "head";
    make();
    told(TOKEN_OUT_OF_RANGE, "knows no treated area");
    told(TOKEN_OUT_OF_RANGE, "electrical stimulation has no applicator");
}

static void no_time_and_no_channel_are_no_treatment(void **state)
{
    (void)state;
    static struct protocol timeless;
    timeless = protocols[0];
    timeless.n_parameters = 3;
    tables.protocols = &timeless;
    tables.n_protocols = 1;
    assert_int_equal(make(), -EINVAL);
    told(TOKEN_INCOMPLETE, "give no duration");
    prescription.duration_ms = 60000;
    prescription.n_channels = 0;
    assert_int_equal(make(), -EINVAL);
    told(TOKEN_INCOMPLETE, "no channel is named");
}

static void the_smaller_pad_decides_and_poles_are_kept(void **state)
{
    (void)state;
    prescription.protocol = "ionto";
    prescription.n_parameters = 0;
    electrodes[0].area_mm2 = 3000;
    electrodes[1].area_mm2 = 1000;
    static const char *const poles[][2] = {{"positive", "negative"}, {"positive", NULL}, {NULL, "negative"}};
    for (size_t i = 0; i < 3; i++) {
        electrodes[0].polarity = poles[i][0];
        electrodes[1].polarity = poles[i][1];
        assert_int_equal(make(), 0);
        assert_int_equal(at_start(0, QUANTITY_electrode_area_mm2), 1000);
        assert_int_equal(at_start(0, QUANTITY_anode_area_mm2), 3000);
        assert_int_equal(at_start(0, QUANTITY_cathode_area_mm2), 1000);
    }
    electrodes[0].polarity = electrodes[1].polarity = "common";
    assert_int_equal(make(), 0);
    assert_false(quantity_has(&prescribed.treatment.channels[0].start, QUANTITY_anode_area_mm2));
    electrodes[0].polarity = electrodes[1].polarity = "positive";
    make();
    told(TOKEN_OUT_OF_RANGE, "both electrodes of channel a are positive");
    parameters[0] = (struct prescription_parameter){.quantity = QUANTITY_active_polarity, .start = 1, .ceiling = 2};
    prescription.n_parameters = 1;
    make();
    told(TOKEN_OUT_OF_RANGE, "active_polarity cannot change");
}

/* Two channels: A and B on a, C and D on b. */
static void two_channels(void)
{
    electrodes[2] = (struct prescription_electrode){.label = "C", .channel = "b", .area_mm2 = 2500};
    electrodes[3] = (struct prescription_electrode){.label = "D", .channel = "b", .area_mm2 = 2500};
    prescription.n_channels = 2;
    prescription.n_electrodes = 4;
}

static void a_label_is_one_pad(void **state)
{
    (void)state;
    two_channels();
    assert_int_equal(make(), 0);
    assert_int_equal(refusals.n, 0);
    assert_int_equal(prescribed.treatment.channels[0].shares, 0);
    electrodes[2].label = "B";
    assert_int_equal(make(), 0);
    assert_int_equal(refusals.n, 0);
    assert_int_equal(prescribed.treatment.channels[0].shares, 2);
    assert_int_equal(prescribed.treatment.channels[1].shares, 1);
    electrodes[2].area_mm2 = 2600;
    make();
    told(TOKEN_OUT_OF_RANGE, "another area, site or side");
    electrodes[2].area_mm2 = 2500;
    electrodes[2].side = "right";
    make();
    told(TOKEN_OUT_OF_RANGE, "another area, site or side");
    electrodes[2] = electrodes[1];
    electrodes[2].channel = "a";
    make();
    told(TOKEN_OUT_OF_RANGE, "electrode B is named twice on channel a");
}

static void an_electrode_is_complete_and_on_a_channel(void **state)
{
    (void)state;
    electrodes[1].channel = "b";
    make();
    told(TOKEN_OUT_OF_RANGE, "electrode B names channel b, which is not in the request");
    told(TOKEN_INCOMPLETE, "channel a needs 2 electrodes, 1 are named");
    electrodes[1] = (struct prescription_electrode){.channel = "a", .area_mm2 = 2500};
    make();
    told(TOKEN_INCOMPLETE, "electrode 2 needs a label");
    electrodes[1] = (struct prescription_electrode){.label = "B", .channel = "a"};
    make();
    told(TOKEN_INCOMPLETE, "electrode B needs its contact area");
    electrodes[1] = (struct prescription_electrode){.label = "B", .channel = "a", .area_mm2 = 2500, .side = "right"};
    make();
    told(TOKEN_IDENTITY_MISMATCH, "electrode B lies on the right side");
    prescription.n_electrodes = 0;
    assert_int_equal(make(), 0);
    told(TOKEN_INCOMPLETE, "channel a needs 2 electrodes, 0 are named");
}

static void every_site_touched_counts(void **state)
{
    (void)state;
    electrodes[1].skin_site = "hip";
    assert_int_equal(make(), 0);
    assert_int_equal(refusals.n, 0);
    assert_int_equal(prescribed.treatment.sites, 1u << THIGH | 1u << HIP);
    prescription.n_answers = 1; /* what is asked at the hip was not answered */
    make();
    assert_non_null(told(TOKEN_CONTRAINDICATED, "electrode site hip: "));
    assert_true((prescribed.treatment.conditions & 2u) != 0);
    prescription.n_answers = 0; /* what is asked at both is told once */
    make();
    assert_int_equal(refusals.n, 2);
    prescription.n_answers = 2;
    electrodes[1].skin_site = "moon";
    make();
    told(TOKEN_NOT_FOUND, "electrode B sits at moon, which is no body site here");
    electrodes[0].skin_site = electrodes[1].skin_site = "hip";
    make();
    told(TOKEN_IDENTITY_MISMATCH, "no electrode lies at the target's site thigh");
}

static void the_level_is_the_waveforms(void **state)
{
    (void)state;
    assert_int_equal(prescription_level(WAVEFORM_hvpc), QUANTITY_amplitude_mv);
    assert_int_equal(prescription_level(WAVEFORM_russian), QUANTITY_amplitude_ua);
    assert_int_equal(prescription_level(WAVEFORM_us_pulsed), QUANTITY_intensity_satp_uw_cm2);
    assert_int_equal(prescription_level(WAVEFORM_laser_pulsed), QUANTITY_peak_power_uw);
    assert_int_equal(prescription_level(WAVEFORM_laser_continuous), QUANTITY_power_uw);
    assert_int_equal(prescription_level(WAVEFORM_cold_contact), QUANTITY_temperature_millic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sane_one_becomes_the_treatment_that_it_says),
        TEST(what_is_not_asked_for_is_the_protocols),
        TEST(unknown_names_are_told_together),
        TEST(a_side_is_the_sites),
        TEST(what_the_protocol_has_not_is_refused),
        TEST(no_time_and_no_channel_are_no_treatment),
        TEST(the_smaller_pad_decides_and_poles_are_kept),
        TEST(a_label_is_one_pad),
        TEST(an_electrode_is_complete_and_on_a_channel),
        TEST(every_site_touched_counts),
        TEST(the_level_is_the_waveforms),
    };
    return DOSE_TESTS(tests);
}
