/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Prescriptions held against what they rest on: the applicator, what the device reports, limits and locks; and the
 * order in which what refuses is told.
 */
#include "prescription_fixture.h"

static void limits_refuse_and_notices_are_acknowledged_by_name(void **state)
{
    (void)state;
    static const char *acknowledged[] = {"attention", "nonsense"};
    limits[0].max = 19999;
    limits[1] = fixture_limit(QUANTITY_rms_current_ua, SCOPE_INSTANTANEOUS, 100);
    limits[1].id = "attention";
    limits[1].class = LIMIT_NOTICE;
    tables.n_limits = 2;
    make();
    assert_int_equal(prescription_judge(&prescription, &prescribed, NULL, &picture, &verdict, &refusals), 0);
    told(TOKEN_LIMIT_EXCEEDED, "amplitude_ua would be 20 mA");
    told(TOKEN_NOTICE_REQUIRED, "rms_current_ua would be");
    refusals_sort(&refusals);
    assert_int_equal(refusals.items[0].token, TOKEN_LIMIT_EXCEEDED);
    prescription.acknowledged = acknowledged;
    prescription.n_acknowledged = 1;
    make();
    prescription_judge(&prescription, &prescribed, NULL, &picture, &verdict, &refusals);
    assert_int_equal(refusals.n, 1);
    assert_int_equal(verdict.notices.n, 1);
    prescription.n_acknowledged = 2;
    make();
    told(TOKEN_NOT_FOUND, "acknowledged names nonsense, which is no limit");
}

static void a_locked_protocol_is_refused_by_every_limit_it_rests_on(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        limits[i] = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 50000);
        limits[i].id = i == 0 ? "first" : "second";
        limits[i].verified = VERIFIED_NO;
    }
    tables.n_limits = 2;
    make();
    told(TOKEN_LIMIT_NOT_ACCEPTED, "rests on limit first");
    told(TOKEN_LIMIT_NOT_ACCEPTED, "rests on limit second");
    limits[0].accepted = limits[1].accepted = true;
    make();
    assert_int_equal(refusals.n, 0);
}

static void no_picture_leaves_an_empty_verdict(void **state)
{
    (void)state;
    prescription.n_electrodes = 0;
    assert_int_equal(make(), 0);
    assert_int_equal(prescription_judge(&prescription, &prescribed, NULL, &picture, &verdict, &refusals), -EINVAL);
    told(TOKEN_INCOMPLETE, "electrode_area_mm2 in channel 1 is missing");
    assert_int_equal(verdict.refused.n + verdict.notices.n, 0);
}

static void refusals_are_told_in_order(void **state)
{
    (void)state;
    refusals.n = refusals.dropped = 0;
    refusal_add(&refusals, TOKEN_INCOMPLETE, NULL, "1");
    for (int64_t value = 110; value <= 130; value += 10) {
        struct refusal *over = refusal_add(&refusals, TOKEN_LIMIT_EXCEEDED, NULL, "over");
        over->has_value = over->has_bound = true;
        over->value = value;
        over->bound = 100;
    }
    refusal_add(&refusals, TOKEN_BUSY, NULL, "2");
    refusal_add(&refusals, TOKEN_NOT_FOUND, NULL, "3");
    refusals_sort(&refusals);
    static const enum modality_token order[] = {TOKEN_NOT_FOUND,      TOKEN_LIMIT_EXCEEDED, TOKEN_LIMIT_EXCEEDED,
                                                TOKEN_LIMIT_EXCEEDED, TOKEN_BUSY,           TOKEN_INCOMPLETE};
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(refusals.items[i].token, order[i]);
    }
    assert_int_equal(refusals.items[1].value, 130);
    assert_int_equal(refusals.items[3].value, 110);
}

static void sound(void)
{
    prescription.protocol = "sound";
    prescription.applicator = "head";
    prescription.n_electrodes = prescription.n_parameters = 0;
}

static void the_applicator_gives_its_calibration(void **state)
{
    (void)state;
    sound();
    assert_int_equal(make(), 0);
    assert_int_equal(refusals.n, 0);
    assert_int_equal(prescribed.treatment.applicator, 0);
    assert_int_equal(at_start(0, QUANTITY_era_mm2), 500);
    assert_int_equal(at_start(0, QUANTITY_bnr_permille), 5000);
    assert_int_equal(at_start(0, QUANTITY_treated_area_mm2), 1000);
    prescription.treated_area_mm2 = 700;
    make();
    assert_int_equal(at_start(0, QUANTITY_treated_area_mm2), 700);
    prescription.device = "us1";
    make();
    assert_int_equal(refusals.n, 0);
    prescription.device = "us2";
    make();
    told(TOKEN_IDENTITY_MISMATCH, "applicator head belongs to device us1, not to us2");
}

static void a_head_that_is_wrong_is_told(void **state)
{
    (void)state;
    sound();
    prescription.applicator = NULL;
    make();
    told(TOKEN_INCOMPLETE, "ultrasound needs an applicator with its calibration");
    prescription.applicator = "another";
    make();
    told(TOKEN_NOT_FOUND, "there is no applicator another");
    prescription.applicator = "head";
    parameters[0] =
        (struct prescription_parameter){.quantity = QUANTITY_us_frequency_khz, .start = 3000, .ceiling = 3000};
    prescription.n_parameters = 1;
    make();
    told(TOKEN_OUT_OF_RANGE, "does not work at 3000 kHz");
    struct applicator other = applicators[0];
    other.calibration_due_day = TODAY - 2;
    other.bnr_permille = 0;
    other.modality = MODALITY_LASER;
    tables.applicators = &other;
    make();
    told(TOKEN_DEVICE_OVERDUE, "overdue by 2 days");
    told(TOKEN_INCOMPLETE, "needs its ERA and BNR");
    told(TOKEN_OUT_OF_RANGE, "is for laser, not for ultrasound");
    electrodes[0].area_mm2 = 2500;
    prescription.n_electrodes = 1;
    make();
    told(TOKEN_OUT_OF_RANGE, "ultrasound has no electrodes");
}

static void what_the_device_reports_is_a_property_of_each_channel(void **state)
{
    (void)state;
    struct quantity_set reported = {{0}, {0}};
    quantity_put(&reported, QUANTITY_patient_leakage_ua, 150);
    quantity_put(&reported, QUANTITY_unwanted_radiation_uw_cm2, 5);
    limits[1] = fixture_limit(QUANTITY_patient_leakage_ua, SCOPE_CONFIGURATION, 100);
    limits[1].class = LIMIT_DEVICE;
    limits[2] = fixture_limit(QUANTITY_rms_current_ua, SCOPE_INSTANTANEOUS, 100);
    limits[2].when.no_indicator = true;
    tables.n_limits = 3;
    make();
    prescription_judge(&prescription, &prescribed, NULL, &picture, &verdict, &refusals);
    assert_int_equal(refusals.n, 0);
    prescription.reported = &reported;
    prescription.no_indicator = true;
    make();
    assert_int_equal(at_start(0, QUANTITY_patient_leakage_ua), 150);
    assert_false(quantity_has(&prescribed.treatment.channels[0].start, QUANTITY_unwanted_radiation_uw_cm2));
    prescription_judge(&prescription, &prescribed, NULL, &picture, &verdict, &refusals);
    told(TOKEN_LIMIT_EXCEEDED, "patient_leakage_ua would be 150 uA");
    told(TOKEN_LIMIT_EXCEEDED, "rms_current_ua would be");
}

static void a_needle_is_no_pad_on_the_skin(void **state)
{
    (void)state;
    static const char *const kinds[] = {"adhesive", "rubber_sponge", "vacuum", "probe", NULL};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        electrodes[0].kind = kinds[i];
        make();
        assert_int_equal(refusals.n, 0);
    }
    electrodes[0].kind = "needle";
    electrodes[1].kind = "us_head";
    make();
    assert_int_equal(refusals.n, 2);
    told(TOKEN_OUT_OF_RANGE, "electrode A is a needle");
    told(TOKEN_OUT_OF_RANGE, "electrode B is a us_head");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_needle_is_no_pad_on_the_skin),
        TEST(limits_refuse_and_notices_are_acknowledged_by_name),
        TEST(a_locked_protocol_is_refused_by_every_limit_it_rests_on),
        TEST(no_picture_leaves_an_empty_verdict),
        TEST(refusals_are_told_in_order),
        TEST(the_applicator_gives_its_calibration),
        TEST(a_head_that_is_wrong_is_told),
        TEST(what_the_device_reports_is_a_property_of_each_channel),
    };
    return DOSE_TESTS(tests);
}
