/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refusals: their order, their text, lists that are full, and the words of classes, scopes, layers and verification.
 */
#include "limit_fixture.h"

static void the_most_restrictive_refusal_comes_first(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    pictured(&t);
    struct dose_history history = {.has_last_end = true, .since_last_end_ms = 60000};
    struct limit limits[] = {
        fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 25000),     /* x 1.2 */
        fixture_least(QUANTITY_rest_interval_ms, SCOPE_PER_24H, 60 * 60000),  /* x 60 */
        fixture_limit(QUANTITY_session_count, SCOPE_PER_24H, 0),              /* nothing allowed: first */
        fixture_limit(QUANTITY_duration_ms, SCOPE_PER_SESSION, 15 * 60000),   /* x 2 */
        fixture_limit(QUANTITY_phase_charge_nc, SCOPE_PER_PULSE, 1000),       /* x 3 */
        fixture_limit(QUANTITY_pulse_rate_millihz, SCOPE_CONFIGURATION, 1000) /* x 100 */
    };
    assert_int_equal(check(limits, 6, &history), -EPERM);
    static const enum modality_quantity order[] = {QUANTITY_session_count,    QUANTITY_pulse_rate_millihz,
                                                   QUANTITY_rest_interval_ms, QUANTITY_phase_charge_nc,
                                                   QUANTITY_duration_ms,      QUANTITY_amplitude_ua};
    assert_int_equal(verdict.refused.n, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(verdict.refused.items[i].quantity, order[i]);
    }
}

static void a_full_list_keeps_the_most_restrictive_and_counts_the_rest(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit limits[REFUSALS_MAX + 20];
    size_t n = sizeof limits / sizeof limits[0];
    uint64_t seed = 5;
    pictured(&t);
    for (int round = 0; round < 50; round++) {
        int64_t tightest = INT64_MAX;
        for (size_t i = 0; i < n; i++) {
            limits[i] = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, random_between(&seed, 1, 29999));
            tightest = limits[i].max < tightest ? limits[i].max : tightest;
        }
        assert_int_equal(check(limits, n, NULL), -EPERM);
        assert_int_equal(verdict.refused.n, REFUSALS_MAX);
        assert_int_equal(verdict.refused.dropped, 20);
        assert_int_equal(verdict.refused.items[0].bound, tightest);
        for (size_t i = 1; i < REFUSALS_MAX; i++) {
            assert_true(verdict.refused.items[i].bound >= verdict.refused.items[i - 1].bound);
        }
        for (size_t i = 0; i < n; i++) { /* whatever was left out is no tighter than the last one kept */
            size_t kept = 0;
            while (kept < REFUSALS_MAX && verdict.refused.items[kept].bound != limits[i].max) {
                kept++;
            }
            assert_true(kept < REFUSALS_MAX || limits[i].max >= verdict.refused.items[REFUSALS_MAX - 1].bound);
        }
    }
}

static void a_refusal_says_subject_value_bound_and_origin(void **state)
{
    (void)state;
    struct dose_treatment t = fixture_tens();
    struct limit l = fixture_limit(QUANTITY_amplitude_ua, SCOPE_INSTANTANEOUS, 20000);
    pictured(&t);
    check(&l, 1, NULL);
    const struct refusal *r = &verdict.refused.items[0];
    assert_int_equal(r->token, TOKEN_LIMIT_EXCEEDED);
    assert_string_equal(r->subject, "under_test");
    assert_string_equal(r->origin, "limits.ini:41");
    assert_int_equal(r->layer, LAYER_INSTALLATION);
    assert_true(r->has_quantity && r->has_value && r->has_bound && !r->is_min);
    assert_string_equal(
        r->message, "amplitude_ua would be 30 mA in channel 1; limit under_test allows at most 20 mA (limits.ini:41)");
    struct dose_history history = {.session_count = 1};
    l = fixture_limit(QUANTITY_session_count, SCOPE_PER_24H, 1);
    check(&l, 1, &history);
    assert_string_equal(r->message,
                        "session_count would be 2 over 24 h; limit under_test allows at most 1 (limits.ini:41)");
}

static void a_full_list_of_added_refusals_spills(void **state)
{
    (void)state;
    struct refusals r;
    r.n = r.dropped = 0;
    for (int i = 0; i < REFUSALS_MAX + 3; i++) {
        struct refusal *item = refusal_add(&r, TOKEN_NOT_FOUND, "x", "number %d", i);
        item->channel = i;
    }
    assert_int_equal(r.n, REFUSALS_MAX);
    assert_int_equal(r.dropped, 3);
    assert_string_equal(r.items[REFUSALS_MAX - 1].message, "number 31");
    assert_int_equal(r.items[REFUSALS_MAX - 1].channel, REFUSALS_MAX - 1);
}

static void words_are_those_of_the_ini(void **state)
{
    (void)state;
    static const char *const scopes[] = {"per-pulse", "instantaneous", "per-session", "per-24h", "configuration"};
    static const char *const classes[] = {"hard", "notice", "target", "info", "device"};
    static const char *const layers[] = {"compiled", "installation", "protocol", "prescription", "device"};
    static const char *const verified[] = {"no", "yes", "choice"};
    for (unsigned i = 0; i < 5; i++) {
        assert_string_equal(limit_scope_id((enum limit_scope)i), scopes[i]);
        assert_string_equal(limit_layer_id((enum limit_layer)i), layers[i]);
        assert_string_equal(limit_class_id((enum limit_class)i), classes[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_string_equal(limit_verified_id((enum limit_verified)i), verified[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_most_restrictive_refusal_comes_first),
        cmocka_unit_test(a_full_list_keeps_the_most_restrictive_and_counts_the_rest),
        cmocka_unit_test(a_refusal_says_subject_value_bound_and_origin),
        cmocka_unit_test(a_full_list_of_added_refusals_spills),
        cmocka_unit_test(words_are_those_of_the_ini),
    };
    return DOSE_TESTS(tests);
}
