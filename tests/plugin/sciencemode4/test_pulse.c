/* SPDX-License-Identifier: Apache-2.0 */
/* Pulses: their points, their balance, and everything that the device cannot repeat exactly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <errno.h>
#include <string.h>

#include "modality/range.h"
#include "pulse.h"

static struct pulse_shape symmetric(void)
{
    return (struct pulse_shape){.waveform = WAVEFORM_biphasic_symmetric,
                                .amplitude_ua = 20000,
                                .phase_width_us = 200,
                                .interphase_us = 100,
                                .pulse_rate_millihz = 50000};
}

/* A second phase of a quarter the height and four times the width. */
static struct pulse_shape asymmetric(void)
{
    return (struct pulse_shape){.waveform = WAVEFORM_biphasic_asymmetric,
                                .amplitude_ua = 20000,
                                .phase_width_us = 200,
                                .phase2_width_us = 800,
                                .amplitude2_permille = 250,
                                .pulse_rate_millihz = 50000};
}

static struct sm4_pulse built(const struct pulse_shape *shape)
{
    struct sm4_pulse pulse = {0};
    const char *why = "";
    int r = pulse_build(shape, &pulse, &why);
    if (r < 0)
        fail_msg("refused: %s", why);
    int64_t charge = 0;
    for (size_t i = 0; i < pulse.n_points; i++)
        charge += (int64_t)pulse.points[i].duration_us * pulse.points[i].current;
    assert_int_equal(charge, 0);
    return pulse;
}

static void refused(const struct pulse_shape *shape)
{
    struct sm4_pulse pulse, untouched;
    const char *why = NULL;
    memset(&pulse, 0x5a, sizeof pulse);
    memset(&untouched, 0x5a, sizeof untouched);
    assert_int_equal(pulse_build(shape, &pulse, &why), -EINVAL);
    assert_non_null(why);
    assert_memory_equal(&pulse, &untouched, sizeof pulse);
}

static void symmetric_pulse_is_two_phases_and_their_gap(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    struct sm4_pulse pulse = built(&shape);
    assert_int_equal(pulse.n_points, 3);
    assert_int_equal(pulse.points[0].duration_us, 200);
    assert_int_equal(pulse.points[0].current, 40);
    assert_int_equal(pulse.points[1].duration_us, 100);
    assert_int_equal(pulse.points[1].current, 0);
    assert_int_equal(pulse.points[2].duration_us, 200);
    assert_int_equal(pulse.points[2].current, -40);
    assert_int_equal(sm4_period_us(&pulse), 20000);
    assert_int_equal(pulse.ramp, 0); /* the host walks the level */
    shape.interphase_us = 0;
    pulse = built(&shape);
    assert_int_equal(pulse.n_points, 2);
    assert_int_equal(pulse.points[1].current, -40);
}

static void asymmetric_pulse_gives_back_what_it_gave(void **state)
{
    (void)state;
    struct pulse_shape shape = asymmetric();
    struct sm4_pulse pulse = built(&shape);
    assert_int_equal(pulse.n_points, 2);
    assert_int_equal(pulse.points[1].duration_us, 800);
    assert_int_equal(pulse.points[1].current, -10);
}

static void level_at_rest_is_a_pulse_of_zero(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    shape.amplitude_ua = 0;
    struct sm4_pulse pulse = built(&shape);
    for (size_t i = 0; i < pulse.n_points; i++)
        assert_int_equal(pulse.points[i].current, 0);
}

static void current_is_exact_or_refused(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    for (int64_t ua = 0; ua <= 130000; ua += 500) {
        shape.amplitude_ua = ua;
        assert_int_equal(built(&shape).points[0].current * 500, ua);
    }
    static const int64_t wrong[] = {-500, 1, 499, 501, 19999, 20100, 130001, 130500, 131000, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        shape.amplitude_ua = wrong[i];
        refused(&shape);
    }
}

static void widths_are_the_devices(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    static const int64_t right[] = {10, 11, 4095}, wrong[] = {-1, 0, 9, 4096, 8192 + 200, INT64_MAX};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        shape.phase_width_us = right[i];
        assert_int_equal(built(&shape).points[0].duration_us, right[i]);
        assert_int_equal(built(&shape).points[2].duration_us, right[i]);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        shape = symmetric();
        shape.phase_width_us = wrong[i];
        refused(&shape);
        shape = symmetric();
        shape.interphase_us = wrong[i];
        if (wrong[i] != 0)
            refused(&shape);
    }
}

static void period_is_exact_or_refused(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    static const struct {
        int64_t millihz, us;
        bool quarters;
    } right[] = {{100000, 10000, false}, {80000, 12500, false}, {160000, 6250, true},  {1000, 1000000, false},
                 {64, 15625000, false},  {125, 8000000, false}, {32000, 31250, true},  {500, 2000000, false},
                 {108109, 9250, true},   {111112, 9000, false}, {30304, 33000, false}, {62, 16129500, false}};
    static const int64_t wrong[] = {110000, 35000, 30000, 60000, 61, 0, -50000, 2000001, INT64_MAX};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        shape.pulse_rate_millihz = right[i].millihz;
        struct sm4_pulse pulse = built(&shape);
        assert_int_equal(sm4_period_us(&pulse), right[i].us);
        assert_int_equal(pulse.quarters, right[i].quarters);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        shape.pulse_rate_millihz = wrong[i];
        refused(&shape);
    }
}

static void value_that_no_pulse_can_have_is_known_alone(void **state)
{
    (void)state;
    assert_null(pulse_refusal(QUANTITY_pulse_rate_millihz, 50000));
    assert_null(pulse_refusal(QUANTITY_pulse_rate_millihz, 160000));
    assert_non_null(pulse_refusal(QUANTITY_pulse_rate_millihz, 110000));
    assert_null(pulse_refusal(QUANTITY_interphase_us, 0));
    assert_null(pulse_refusal(QUANTITY_interphase_us, 10));
    assert_non_null(pulse_refusal(QUANTITY_interphase_us, 9));
    assert_null(pulse_refusal(QUANTITY_phase_width_us, 200));
}

/* Every rate that is built has the period that was asked for, whatever the rate. */
static void no_rate_is_rounded(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    shape.phase_width_us = 10;
    shape.interphase_us = 0;
    unsigned n = 0;
    for (int64_t millihz = 1; millihz <= 2000000; millihz++) {
        struct sm4_pulse pulse;
        const char *why;
        shape.pulse_rate_millihz = millihz;
        bool taken = millihz >= PULSE_RATE_MIN_MILLIHZ && modality_period_has(millihz, PULSE_PERIOD_STEP_US);
        assert_int_equal(pulse_build(&shape, &pulse, &why) == 0, taken); /* as it is told to the host, no other */
        if (!taken)
            continue;
        n++;
        assert_true(sm4_period_us(&pulse) * millihz >= MODALITY_US_MILLIHZ);
        assert_true(sm4_period_us(&pulse) * (millihz - 1) < MODALITY_US_MILLIHZ);
    }
    assert_true(n > 30);
}

static void second_phase_that_does_not_balance_is_refused(void **state)
{
    (void)state;
    struct pulse_shape shape = asymmetric();
    static const int64_t widths[] = {0, 200, 799, 801, 4096};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        shape.phase2_width_us = widths[i];
        refused(&shape);
        shape.amplitude_ua = 0; /* also at rest: it would be refused on the first step of the level */
        refused(&shape);
        shape.amplitude_ua = 20000;
    }
    shape = asymmetric();
    static const int64_t shares[] = {-250, 0, 249, 251, 1000, 1001};
    for (size_t i = 0; i < sizeof shares / sizeof *shares; i++) {
        shape.amplitude2_permille = shares[i];
        refused(&shape);
    }
}

static void second_phase_between_two_steps_is_refused(void **state)
{
    (void)state;
    struct pulse_shape shape = asymmetric();
    for (int64_t ua = 0; ua <= 130000; ua += 500) {
        shape.amplitude_ua = ua;
        if (ua % 2000 == 0)
            assert_int_equal(built(&shape).points[1].current * 500 * 4, -ua);
        else
            refused(&shape);
    }
}

static void step_makes_every_second_phase_exact(void **state)
{
    (void)state;
    assert_int_equal(pulse_step_ua(1000), 500);
    assert_int_equal(pulse_step_ua(500), 1000);
    assert_int_equal(pulse_step_ua(250), 2000);
    assert_int_equal(pulse_step_ua(200), 2500);
    assert_int_equal(pulse_step_ua(750), 2000);
    assert_int_equal(pulse_step_ua(333), 500000);
    assert_int_equal(pulse_step_ua(0), 0);
    assert_int_equal(pulse_step_ua(1001), 0);
    for (int64_t share = 1; share <= 1000; share++)
        assert_int_equal(pulse_step_ua(share) / 500 * share % 1000, 0);
}

static void other_waveforms_are_refused(void **state)
{
    (void)state;
    for (int64_t w = -1; w <= WAVEFORM_COUNT; w++) {
        struct pulse_shape shape = asymmetric();
        shape.waveform = w;
        shape.phase2_width_us = 800;
        if (w != WAVEFORM_biphasic_symmetric && w != WAVEFORM_biphasic_asymmetric)
            refused(&shape);
    }
}

static void pulse_longer_than_its_period_is_refused(void **state)
{
    (void)state;
    struct pulse_shape shape = symmetric();
    shape.pulse_rate_millihz = 1000000; /* 1 ms: 400 us, the gap of 100 us and 60 us beside them fit */
    built(&shape);
    shape.phase_width_us = 419; /* 838 + 100 + 60 = 998 us */
    built(&shape);
    shape.phase_width_us = 420; /* 1000 us: not below */
    refused(&shape);
}

static void load_of_all_channels_counts_together(void **state)
{
    (void)state;
    struct sm4_pulse pulses[SM4_CHANNELS];
    struct pulse_shape shape = symmetric();
    shape.phase_width_us = 290;        /* 680 + 60 = 740 us */
    shape.pulse_rate_millihz = 160000; /* in 6.25 ms: 118.4, rounded up 119 us per ms */
    for (size_t c = 0; c < SM4_CHANNELS; c++)
        pulses[c] = built(&shape);
    assert_int_equal(pulse_check_load(0xff, pulses), 0); /* 952 */
    shape.phase_width_us = 313;                          /* 786 us: 125.76, so 126; 1008 in all */
    for (size_t c = 0; c < SM4_CHANNELS; c++)
        pulses[c] = built(&shape);
    assert_int_equal(pulse_check_load(0xff, pulses), -EINVAL);
    assert_int_equal(pulse_check_load(0x7f, pulses), 0);
    assert_int_equal(pulse_check_load(0, pulses), 0);
    /* Exactly a second of a second is too much. */
    shape = symmetric();
    shape.interphase_us = 0;
    shape.pulse_rate_millihz = 500000; /* 2 ms */
    shape.phase_width_us = 220;        /* 500 us: 250 per ms */
    for (size_t c = 0; c < 4; c++)
        pulses[c] = built(&shape);
    assert_int_equal(pulse_check_load(0x0f, pulses), -EINVAL);
    assert_int_equal(pulse_check_load(0x07, pulses), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(symmetric_pulse_is_two_phases_and_their_gap),
        cmocka_unit_test(asymmetric_pulse_gives_back_what_it_gave),
        cmocka_unit_test(level_at_rest_is_a_pulse_of_zero),
        cmocka_unit_test(current_is_exact_or_refused),
        cmocka_unit_test(widths_are_the_devices),
        cmocka_unit_test(period_is_exact_or_refused),
        cmocka_unit_test(value_that_no_pulse_can_have_is_known_alone),
        cmocka_unit_test(no_rate_is_rounded),
        cmocka_unit_test(second_phase_that_does_not_balance_is_refused),
        cmocka_unit_test(second_phase_between_two_steps_is_refused),
        cmocka_unit_test(step_makes_every_second_phase_exact),
        cmocka_unit_test(other_waveforms_are_refused),
        cmocka_unit_test(pulse_longer_than_its_period_is_refused),
        cmocka_unit_test(load_of_all_channels_counts_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
