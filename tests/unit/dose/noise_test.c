/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random treatments, texts and envelopes: whatever comes in, the answer is a picture, a refusal or an error, and the
 * sanitizers stay silent. A treatment that passes the compiled ceilings is held against them once more, by hand.
 */
#include "dose_test.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "dose/derive.h"
#include "dose/envelope.h"
#include "dose/protocol.h"
#include "fixture.h"

static struct dose_picture picture;
static struct limit_verdict verdict;
static struct refusals refusals;

/* A value of any size, now and then one of the edges. */
static int64_t noise(uint64_t *seed)
{
    static const int64_t edges[] = {0, 1, -1, 1000, INT64_MAX, INT64_MIN, DOSE_INPUT_MAX, DOSE_INPUT_MAX + 1};
    uint64_t r = random_next(seed);
    return r % 4 == 0 ? edges[r / 4 % 8] : (int64_t)random_length(seed);
}

static void noisy_set(struct quantity_set *s, uint64_t *seed)
{
    for (unsigned q = 0; q < QUANTITY_COUNT; q++) {
        if (random_next(seed) % 3 != 0) {
            quantity_put(s, (enum modality_quantity)q, noise(seed));
        }
    }
}

static struct dose_treatment noisy_treatment(uint64_t *seed)
{
    static const enum modality modalities[] = {MODALITY_ESTIM, MODALITY_ULTRASOUND, MODALITY_LASER, MODALITY_COLD};
    struct dose_treatment t = {.modality = modalities[random_next(seed) % 4],
                               .therapy = (enum modality_therapy)(random_next(seed) % THERAPY_COUNT),
                               .site = (unsigned)(random_next(seed) % 70),
                               .sites = random_next(seed),
                               .conditions = random_next(seed),
                               .applicator = (int)(random_next(seed) % 4) - 1,
                               .duration_ms = noise(seed),
                               .n_channels = random_next(seed) % (DOSE_CHANNELS_MAX + 2)};
    for (size_t c = 0; c < DOSE_CHANNELS_MAX; c++) {
        t.channels[c].shares = (uint8_t)random_next(seed);
        t.channels[c].waveform = (enum modality_waveform)(random_next(seed) % (WAVEFORM_COUNT + 1));
        noisy_set(&t.channels[c].start, seed);
        t.channels[c].ceiling = t.channels[c].start;
        noisy_set(&t.channels[c].ceiling, seed);
    }
    return t;
}

static void random_treatments_are_answered(void **state)
{
    (void)state;
    size_t n = 0;
    const struct limit *limits = limit_compiled(&n);
    struct limit_finding findings[128];
    uint64_t seed = 77;
    for (int i = 0; i < 3000; i++) {
        struct dose_treatment t = noisy_treatment(&seed);
        refusals.n = refusals.dropped = 0;
        int made = dose_picture_make(&t, &picture, &refusals);
        assert_int_equal(made, refusals.n > 0 ? -EINVAL : 0);
        struct protocol p = {.id = "p", .modality = MODALITY_ESTIM, .n_channels_max = 8};
        refusals.n = refusals.dropped = 0;
        protocol_check(&p, &t, &refusals);
    }
    /* values of the right shape, of any size */
    for (int i = 0; i < 12000; i++) {
        struct dose_treatment all[] = {fixture_tens(), fixture_ifc(),   fixture_ultrasound(),
                                       fixture_cold(), fixture_ionto(), fixture_laser()};
        struct dose_treatment *t = &all[i % 6];
        t->channels[0].shares = (uint8_t)(random_next(&seed) % 4);
        for (size_t c = 0; c < t->n_channels; c++) {
            for (unsigned q = 0; q < QUANTITY_COUNT; q++) {
                if (quantity_has(&t->channels[c].start, (enum modality_quantity)q) && random_next(&seed) % 2 == 0) {
                    fixture_both(&t->channels[c], (enum modality_quantity)q, (int64_t)(random_length(&seed) >> 24));
                }
            }
        }
        t->duration_ms = (int64_t)(random_length(&seed) >> 24);
        refusals.n = refusals.dropped = 0;
        if (dose_picture_make(t, &picture, &refusals) == 0) {
            struct dose_history h = {.duration_ms = noise(&seed),
                                     .energy_uj = noise(&seed),
                                     .session_charge_uc = noise(&seed),
                                     .cem43_ms = noise(&seed),
                                     .cold_dose_millic_min = noise(&seed),
                                     .ended = (uint32_t)random_next(&seed)};
            limit_check(limits, n, &picture, &h, &verdict);
            limit_explain(limits, n, &picture, &h, findings);
        }
    }
}

/* What passes is inside the standard's table, computed here in floating point from the commanded values alone. */
static void what_passes_is_inside_the_standard(void **state)
{
    (void)state;
    size_t n = 0, passed = 0;
    const struct limit *limits = limit_compiled(&n);
    uint64_t seed = 5;
    for (int i = 0; i < 15000; i++) {
        struct dose_treatment t = fixture_tens();
        int64_t ua = random_between(&seed, 10000, 160000), us = random_between(&seed, 20, 1000);
        int64_t millihz = random_between(&seed, 1000, 400000), mm2 = random_between(&seed, 100, 10000);
        PUT(t.channels[0].ceiling, amplitude_ua, ua);
        BOTH(t.channels[0], phase_width_us, us);
        BOTH(t.channels[0], pulse_rate_millihz, millihz);
        BOTH(t.channels[0], electrode_area_mm2, mm2);
        refusals.n = refusals.dropped = 0;
        if (dose_picture_make(&t, &picture, &refusals) < 0 || limit_check(limits, n, &picture, NULL, &verdict) < 0) {
            continue;
        }
        passed++;
        double a = (double)ua * 1e-6, w = (double)us * 1e-6, f = (double)millihz * 1e-3, cm2 = (double)mm2 / 100;
        double square = a * a * 2 * w * f;
        assert_true(square <= 0.05 * 0.05 * (1 + 1e-9));
        assert_true(square * 500 / cm2 <= 0.25 * (1 + 1e-9));
        assert_true(a * w <= 50e-6 * (1 + 1e-9));
        assert_true(a * a * 500 * 2 * w <= 0.3 * (1 + 1e-9));
    }
    assert_true(passed > 1500); /* the property was not held by refusing everything */
}

static void random_texts_are_answered(void **state)
{
    (void)state;
    static const char letters[] = "0123456789.+- \tmuknMAVsHzWJC/c2%1degKohminx";
    uint64_t seed = 12;
    for (int i = 0; i < 100000; i++) {
        char text[32], back[VALUE_TEXT_MAX];
        size_t length = random_next(&seed) % (sizeof text - 1);
        for (size_t k = 0; k < length; k++) {
            text[k] = letters[random_next(&seed) % (sizeof letters - 1)];
        }
        text[length] = '\0';
        enum modality_quantity q = (enum modality_quantity)(random_next(&seed) % QUANTITY_COUNT);
        int64_t value = 4711, again = 0;
        int r = value_parse(q, text, &value);
        if (r < 0) {
            assert_true(value == 4711 && (r == -EINVAL || r == -ERANGE));
            continue;
        }
        value_format(q, value, back, sizeof back);
        assert_int_equal(value_parse(q, back, &again), 0);
        assert_int_equal(again, value);
    }
}

static void random_envelopes_are_answered(void **state)
{
    (void)state;
    uint64_t seed = 4;
    char reason[REFUSAL_MESSAGE_MAX];
    for (int i = 0; i < 8000; i++) {
        union {
            struct envelope e;
            unsigned char bytes[sizeof(struct envelope)];
        } noisy;
        for (size_t k = 0; k < sizeof noisy.bytes; k++) {
            noisy.bytes[k] = (unsigned char)random_next(&seed);
        }
        struct envelope *e = &noisy.e;
        e->n_channels %= DOSE_CHANNELS_MAX + 2;
        e->modality = 1u << random_next(&seed) % 5;
        e->total_ms = noise(&seed);
        e->over_permille = 1000 + (uint32_t)(random_next(&seed) % 1100);
        for (size_t c = 0; c < DOSE_CHANNELS_MAX; c++) {
            struct envelope_channel *ch = &e->channels[c];
            ch->channel %= 16;
            ch->level_quantity %= QUANTITY_COUNT + 1;
            ch->waveform %= WAVEFORM_COUNT + 1;
            ch->n_settings %= ENVELOPE_SETTINGS_MAX + 2;
            ch->rest_value = 0;
            ch->level_start = 0;
            ch->level_ceiling = noise(&seed);
            ch->area_mm2 = noise(&seed);
            ch->rules = (struct walk_rules){.step = 1000, .slew_per_s = 1000, .resolution = 1};
            for (size_t k = 0; k < ENVELOPE_SETTINGS_MAX; k++) {
                ch->settings[k].quantity %= QUANTITY_COUNT + 1;
                ch->settings[k].start = ch->settings[k].ceiling = noise(&seed);
            }
        }
        int r = envelope_check(e, reason, sizeof reason);
        assert_true(r == 0 || r == -EPERM);
        struct envelope other = *e;
        if (r == 0) {
            assert_int_equal(envelope_tighten(&other, e), 0);
        }
        envelope_gate(e, e->channels[0].channel, (enum modality_quantity)(random_next(&seed) % QUANTITY_COUNT),
                      noise(&seed), reason, sizeof reason);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_treatments_are_answered),
        cmocka_unit_test(what_passes_is_inside_the_standard),
        cmocka_unit_test(random_texts_are_answered),
        cmocka_unit_test(random_envelopes_are_answered),
    };
    return DOSE_TESTS(tests);
}
