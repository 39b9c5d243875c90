/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Protocols: a treatment stays inside, what a protocol does not have cannot be asked, and a therapy that rests on a
 * number nobody verified stays locked.
 */
#include "dose_test.h"

#include <errno.h>

#include "dose/protocol.h"
#include "fixture.h"

static struct refusals refusals;

static struct protocol tens(void)
{
    struct protocol p = {
        .id = "tens_conventional",
        .modality = MODALITY_ESTIM,
        .therapy = THERAPY_tens,
        .waveform = WAVEFORM_biphasic_symmetric,
        .n_channels_min = 1,
        .n_channels_max = 2,
        .rest_min_ms = 1800000,
        .sessions_per_day = 4,
        .sites = 1u << 3 | 1u << 5,
        .n_parameters = 4,
        .parameters = {{QUANTITY_amplitude_ua, 0, 10000, 30000, "protocols.ini:5"},
                       {QUANTITY_phase_width_us, 50, 80, 100, "protocols.ini:6"},
                       {QUANTITY_pulse_rate_millihz, 80000, 100000, 150000, "protocols.ini:7"},
                       {QUANTITY_duration_ms, 60000, 1800000, 1800000, "protocols.ini:8"}},
        .origin = "protocols.ini:1",
        .rest_origin = "protocols.ini:9",
        .sessions_origin = "protocols.ini:10",
    };
    return p;
}

static int check_by(const struct protocol *p, const struct dose_treatment *t)
{
    refusals.n = refusals.dropped = 0;
    return protocol_check(p, t, &refusals);
}

static int check(const struct dose_treatment *t)
{
    struct protocol p = tens();
    return check_by(&p, t);
}

static void a_treatment_inside_passes(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    if (check(&t) != 0) {
        fail_msg("%s", refusals.items[0].message);
    }
}

static void each_end_of_each_range_is_sharp(void **state)
{
    (void)state;
    struct protocol p = tens();
    for (size_t i = 0; i < 3; i++) {
        const struct protocol_parameter *range = &p.parameters[i];
        for (int side = 0; side < 2; side++) {
            int64_t bound = side == 0 ? range->min : range->max;
            for (int64_t d = -1; d <= 1; d++) {
                struct dose_treatment t = fixture_tens();
                fixture_both(&t.channels[0], range->quantity, bound + d);
                bool inside = bound + d >= range->min && bound + d <= range->max;
                assert_int_equal(check(&t), inside ? 0 : -EPERM);
                if (!inside) {
                    assert_int_equal(refusals.items[0].token, TOKEN_OUT_OF_RANGE);
                    assert_int_equal(refusals.items[0].bound, bound);
                    assert_int_equal(refusals.items[0].layer, LAYER_PROTOCOL);
                    assert_string_equal(refusals.items[0].origin, range->origin);
                    assert_int_equal(refusals.items[0].is_min, side == 0);
                }
            }
        }
    }
    struct dose_treatment t = fixture_tens();
    t.duration_ms = 1800001;
    assert_int_equal(check(&t), -EPERM);
    assert_int_equal(refusals.items[0].channel, -1);
    t.duration_ms = 59999;
    assert_int_equal(check(&t), -EPERM);
    t.duration_ms = 60000;
    assert_int_equal(check(&t), 0);
}

static void only_the_start_or_only_the_ceiling_may_be_out(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    PUT(t.channels[0].ceiling, amplitude_ua, 30001);
    assert_int_equal(check(&t), -EPERM);
    t = fixture_tens();
    PUT(t.channels[0].start, phase_width_us, 49);
    assert_int_equal(check(&t), -EPERM);
    assert_string_equal(refusals.items[0].message,
                        "phase_width_us would be 49 us; protocol tens_conventional allows at least 50 us "
                        "(protocols.ini:6)");
}

static void what_the_protocol_does_not_have_cannot_be_asked(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    BOTH(t.channels[0], burst_rate_millihz, 2000);
    assert_int_equal(check(&t), -EPERM);
    assert_int_equal(refusals.items[0].token, TOKEN_OUT_OF_RANGE);
    assert_int_equal(refusals.items[0].quantity, QUANTITY_burst_rate_millihz);
    t = fixture_tens();
    t.channels[0].start.present[0] = t.channels[0].ceiling.present[0] = 0;
    assert_int_equal(check(&t), -EPERM);
    assert_int_equal(refusals.items[0].token, TOKEN_INCOMPLETE);
}

#define RANGE(q, low, first, high)                                                                                     \
    {                                                                                                                  \
        .quantity = QUANTITY_##q, .min = (low), .initial = (first), .max = (high)                                      \
    }

static void a_dose_that_ends_the_treatment_is_a_parameter_like_others(void **state)
{
    (void)state;
    struct protocol p = {
        .id = "ionto",
        .modality = MODALITY_ESTIM,
        .therapy = THERAPY_ionto,
        .waveform = WAVEFORM_iontophoresis,
        .n_channels_min = 1,
        .n_channels_max = 1,
        .n_parameters = 5,
        .parameters = {RANGE(amplitude_ua, 500, 2000, 4000), RANGE(electrode_area_mm2, 800, 1000, 2500),
                       RANGE(active_polarity, 1, 1, 2), RANGE(duration_ms, 60000, 1800000, 2400000),
                       RANGE(iontophoresis_dose_ua_min, 1000, 40000, 80000)},
    };
    struct dose_treatment t = fixture_ionto();
    refusals.n = refusals.dropped = 0;
    assert_int_equal(protocol_check(&p, &t, &refusals), 0);
    BOTH(t.channels[0], iontophoresis_dose_ua_min, 80001);
    assert_int_equal(protocol_check(&p, &t, &refusals), -EPERM);
    assert_int_equal(refusals.items[0].quantity, QUANTITY_iontophoresis_dose_ua_min);
    assert_int_equal(refusals.items[0].bound, 80000);
    t = fixture_ionto();
    t.channels[0].start.present[QUANTITY_iontophoresis_dose_ua_min / 64] &=
        ~(UINT64_C(1) << (QUANTITY_iontophoresis_dose_ua_min % 64));
    refusals.n = 0;
    assert_int_equal(protocol_check(&p, &t, &refusals), -EPERM);
    assert_int_equal(refusals.items[0].token, TOKEN_INCOMPLETE);
    t = fixture_ionto();
    p.n_parameters = 4; /* a protocol by time: the dose is not asked */
    refusals.n = 0;
    assert_int_equal(protocol_check(&p, &t, &refusals), -EPERM);
    assert_int_equal(refusals.items[0].token, TOKEN_OUT_OF_RANGE);
    assert_int_equal(refusals.items[0].quantity, QUANTITY_iontophoresis_dose_ua_min);

    p = (struct protocol){
        .id = "points",
        .modality = MODALITY_LASER,
        .therapy = THERAPY_pbm,
        .waveform = WAVEFORM_laser_continuous,
        .n_channels_min = 1,
        .n_channels_max = 1,
        .n_parameters = 4,
        .parameters = {RANGE(power_uw, 10000, 100000, 200000), RANGE(duration_ms, 60000, 600000, 1200000),
                       RANGE(point_energy_uj, 1000000, 6000000, 8000000), RANGE(point_count, 1, 4, 6)},
    };
    t = fixture_laser();
    refusals.n = 0;
    assert_int_equal(protocol_check(&p, &t, &refusals), 0);
    BOTH(t.channels[0], point_count, 7);
    BOTH(t.channels[0], point_energy_uj, 999999);
    assert_int_equal(protocol_check(&p, &t, &refusals), -EPERM);
    assert_int_equal(refusals.n, 2);
}

static void another_shape_is_refused(void **state)
{
    (void)state;
    struct dose_treatment t;
#define BREAK(change)                                                                                                  \
    t = fixture_tens();                                                                                                \
    change;                                                                                                            \
    assert_int_equal(check(&t), -EPERM)
    BREAK(t.therapy = THERAPY_nmes);
    BREAK(t.thermal = true);
    BREAK(t.modality = MODALITY_COLD);
    BREAK(t.site = 4);
    BREAK(t.channels[0].waveform = WAVEFORM_monophasic);
    BREAK((t.n_channels = 3, t.channels[1] = t.channels[2] = t.channels[0]));
    BREAK(t.n_channels = 0);
#undef BREAK
    t = fixture_tens();
    t.n_channels = 2;
    t.channels[1] = t.channels[0];
    assert_int_equal(check(&t), 0);
}

/* A protocol that says so itself is no excuse: the name decides what is asked and which limits hold. */
static void a_therapy_is_not_given_by_a_waveform_of_another(void **state)
{
    (void)state;
    struct protocol p = tens();
    struct dose_treatment t = fixture_tens();
    p.waveform = t.channels[0].waveform = WAVEFORM_iontophoresis;
    assert_int_equal(check_by(&p, &t), -EPERM);
    p = tens();
    t = fixture_tens();
    p.thermal = t.thermal = true;
    assert_int_equal(check_by(&p, &t), -EPERM);
    assert_int_equal(refusals.n, 1);
    for (unsigned i = 0; i < THERAPY_COUNT; i++) {
        const enum modality_therapy therapy = (enum modality_therapy)i;
        const uint32_t waveforms = modality_therapy_waveforms(therapy);
        assert_true(waveforms != 0);
        for (unsigned w = 0; w < WAVEFORM_COUNT; w++)
            if (((waveforms >> w) & 1u) != 0)
                assert_int_equal(modality_waveform_modality((enum modality_waveform)w),
                                 modality_therapy_modality(therapy));
    }
}

static void its_own_rest_and_count_are_held(void **state)
{
    (void)state;
    struct protocol p = tens();
    struct dose_history h = {.session_count = 3, .has_last_end = true, .since_last_end_ms = 1800000};
    refusals.n = refusals.dropped = 0;
    assert_int_equal(protocol_check_history(&p, &h, &refusals), 0);
    h.since_last_end_ms = 1799999;
    assert_int_equal(protocol_check_history(&p, &h, &refusals), -EPERM);
    assert_int_equal(refusals.items[0].token, TOKEN_REST_INTERVAL);
    assert_string_equal(refusals.items[0].origin, "protocols.ini:9");
    refusals.n = 0;
    h = (struct dose_history){.session_count = 4};
    assert_int_equal(protocol_check_history(&p, &h, &refusals), -EPERM);
    assert_int_equal(refusals.items[0].quantity, QUANTITY_session_count);
    assert_int_equal(refusals.items[0].value, 5);
    refusals.n = 0;
    p.sessions_per_day = 0;
    assert_int_equal(protocol_check_history(&p, &h, &refusals), 0);
}

static void a_full_list_keeps_the_tokens_of_what_it_holds(void **state)
{
    (void)state;
    struct protocol p = tens();
    const struct dose_history h = {.has_last_end = true, .since_last_end_ms = 0};
    refusals.n = refusals.dropped = 0;
    for (size_t i = 0; i < REFUSALS_MAX; i++)
        refusal_add(&refusals, TOKEN_INCOMPLETE, "x", "missing");
    assert_int_equal(protocol_check_history(&p, &h, &refusals), -EPERM);
    assert_int_equal(refusals.items[REFUSALS_MAX - 1].token, TOKEN_INCOMPLETE);
    assert_int_equal(refusals.dropped, 1);
    refusals.n = refusals.dropped = 0;
}

static const struct limit *lock_of(const struct limit *l, const struct protocol *p)
{
    struct dose_tables tables = {.n_limits = 1, .limits = l};
    return protocol_lock(&tables, p);
}

static void an_unverified_hard_limit_locks_until_it_is_accepted(void **state)
{
    (void)state;
    struct protocol p = tens();
    struct limit unverified = fixture_limit(QUANTITY_duration_ms, SCOPE_PER_SESSION, 900000), l;
    unverified.verified = VERIFIED_NO;
    assert_ptr_equal(lock_of(&unverified, &p), &unverified);
#define UNLOCKED(change)                                                                                               \
    l = unverified;                                                                                                    \
    change;                                                                                                            \
    assert_null(lock_of(&l, &p))
    UNLOCKED(l.accepted = true);
    UNLOCKED(l.verified = VERIFIED_YES);
    UNLOCKED(l.verified = VERIFIED_CHOICE);
    UNLOCKED(l.class = LIMIT_NOTICE);
    UNLOCKED(l.class = LIMIT_TARGET);
    UNLOCKED(l.class = LIMIT_DEVICE);
    UNLOCKED(l.quantity = QUANTITY_minimum_setting_permille); /* of the device's tests, not of the dose */
    UNLOCKED(l.use = USE_FAULT);
    UNLOCKED(l.use = USE_WALK);
    UNLOCKED(l.modality = MODALITY_ULTRASOUND);
    UNLOCKED(l.when.therapies = 1u << THERAPY_ionto);
    UNLOCKED(l.when.waveforms = 1u << WAVEFORM_iontophoresis);
    UNLOCKED(l.when.sites = 1u << 4);
    UNLOCKED((p.thermal = true, l.when.unless_thermal = true));
#undef UNLOCKED
    p = tens();
    l = unverified;
    l.when.sites = 1u << 5;
    l.when.conditions = 1; /* some treatment by this protocol may meet it */
    assert_ptr_equal(lock_of(&l, &p), &l);
}

static void a_band_locks_only_a_protocol_that_can_reach_it(void **state)
{
    (void)state;
    struct protocol p = tens(); /* 80 to 150 Hz */
    struct limit l = fixture_limit(QUANTITY_duration_ms, SCOPE_PER_SESSION, 900000);
    l.verified = VERIFIED_NO;
    l.when.n_ranges = 1;
    struct {
        enum modality_quantity quantity;
        int64_t above;
        bool locked;
    } cases[] = {{QUANTITY_pulse_rate_millihz, 149999, true},      {QUANTITY_pulse_rate_millihz, 150000, false},
                 {QUANTITY_limit_frequency_millihz, 149999, true}, {QUANTITY_limit_frequency_millihz, 150000, false},
                 {QUANTITY_burst_rate_millihz, 1, false},          {QUANTITY_electrode_area_mm2, 1, true}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        l.when.ranges[0] =
            (struct limit_range){.quantity = cases[i].quantity, .has_above = true, .above = cases[i].above};
        assert_ptr_equal(lock_of(&l, &p), cases[i].locked ? &l : NULL);
    }
}

static void the_compiled_ceilings_lock_nothing(void **state)
{
    (void)state;
    size_t n = 0;
    struct dose_tables tables = {.limits = limit_compiled(&n)};
    tables.n_limits = n;
    for (int w = 0; w < WAVEFORM_COUNT; w++) {
        struct protocol p = tens();
        p.waveform = (enum modality_waveform)w;
        p.modality = modality_waveform_modality(p.waveform);
        assert_null(protocol_lock(&tables, &p));
    }
}

static void names_lead_to_rows(void **state)
{
    (void)state;
    struct protocol protocols[] = {tens(), tens()};
    protocols[1].id = "second";
    struct site sites[] = {{.id = "hip"}, {.id = "knee"}};
    struct applicator applicators[] = {{.id = "head5"}};
    struct dose_tables t = {.n_protocols = 2,
                            .protocols = protocols,
                            .n_applicators = 1,
                            .applicators = applicators,
                            .screening = {.n_sites = 2, .sites = sites}};
    assert_ptr_equal(protocol_find(&t, "second"), &protocols[1]);
    assert_null(protocol_find(&t, "third"));
    assert_int_equal(site_find(&t, "knee"), 1);
    assert_int_equal(site_find(&t, "elbow"), -1);
    assert_int_equal(applicator_find(&t, "head5"), 0);
    assert_int_equal(applicator_find(&t, ""), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_treatment_inside_passes),
        cmocka_unit_test(each_end_of_each_range_is_sharp),
        cmocka_unit_test(only_the_start_or_only_the_ceiling_may_be_out),
        cmocka_unit_test(what_the_protocol_does_not_have_cannot_be_asked),
        cmocka_unit_test(a_dose_that_ends_the_treatment_is_a_parameter_like_others),
        cmocka_unit_test(another_shape_is_refused),
        cmocka_unit_test(a_therapy_is_not_given_by_a_waveform_of_another),
        cmocka_unit_test(its_own_rest_and_count_are_held),
        cmocka_unit_test(a_full_list_keeps_the_tokens_of_what_it_holds),
        cmocka_unit_test(an_unverified_hard_limit_locks_until_it_is_accepted),
        cmocka_unit_test(a_band_locks_only_a_protocol_that_can_reach_it),
        cmocka_unit_test(the_compiled_ceilings_lock_nothing),
        cmocka_unit_test(names_lead_to_rows),
    };
    return DOSE_TESTS(tests);
}
