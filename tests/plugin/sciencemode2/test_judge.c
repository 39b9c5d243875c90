/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of the device, and the status that it makes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h> /* needs the ones above */

#include <string.h>

#include "judge.h"
#include "modality/clock.h"

#define SOME_NS (1000 * NS_PER_S)

/* Two channels, the first with a current, granted at SOME_NS. */
static struct sm2_memory running(void)
{
    struct sm2_memory m = {.armed = true, .listed = 3, .started = true, .granted_ns = SOME_NS};
    m.wanted.channels[0].pulse.current_ma = 10;
    return m;
}

static struct modality_status judged(const struct sm2_memory *m)
{
    struct modality_status s;
    memset(&s, 0xa5, sizeof s);
    sm2_judge(m, &s);
    assert_int_equal(s.n_channels, SM2_CHANNELS);
    for (size_t c = 0; c < SM2_CHANNELS; c++) {
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
        assert_false(s.channels[c].setpoint_known);
        assert_int_equal(s.channels[c].n_readings, 0);
    }
    assert_false(s.uptime_known || s.remaining_known);
    return s;
}

static void a_device_that_does_not_stimulate_is_at_rest(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    sm2_memory_mode(&m, SM2_MODE_INITIALISED);
    assert_int_equal(m.listed, 3);
    for (size_t c = 0; c < SM2_CHANNELS; c++)
        assert_int_equal(judged(&m).channels[c].output, OUTPUT_REST);
    sm2_memory_mode(&m, SM2_MODE_START);
    assert_int_equal(m.listed, 0);
    for (size_t c = 0; c < SM2_CHANNELS; c++) {
        assert_int_equal(judged(&m).channels[c].output, OUTPUT_REST);
        assert_int_equal(judged(&m).channels[c].contact, CONTACT_UNKNOWN);
    }
}

static void a_list_that_is_not_known_may_hold_every_channel(void **state)
{
    (void)state;
    struct sm2_memory m = {0};
    sm2_memory_mode(&m, SM2_MODE_STARTED);
    for (size_t c = 0; c < SM2_CHANNELS; c++)
        assert_int_equal(judged(&m).channels[c].output, OUTPUT_ON);
    m = running();
    for (size_t c = 0; c < SM2_CHANNELS; c++)
        assert_int_equal(judged(&m).channels[c].output, c < 2 ? OUTPUT_ON : OUTPUT_REST);
    assert_int_equal(judged(&m).channels[0].contact, CONTACT_GOOD);
    assert_int_equal(judged(&m).channels[1].contact, CONTACT_UNKNOWN);
}

static void news(struct sm2_memory *m, struct dialog_news n)
{
    sm2_memory_news(m, &n);
}

static void every_error_ends_it_and_has_its_own_meaning(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    news(&m, (struct dialog_news){.error = SM2_ERROR_EMERGENCY_SWITCH});
    struct modality_status s = judged(&m);
    assert_true(s.patient_stop && !s.fault && !m.started && m.listed == 0);
    assert_int_equal(s.channels[0].contact, CONTACT_UNKNOWN);

    m = running();
    news(&m, (struct dialog_news){.error = SM2_ERROR_ELECTRODE});
    s = judged(&m);
    assert_true(!s.patient_stop && !s.fault && !m.started); /* a contact: nobody has to clear it */
    for (size_t c = 0; c < SM2_CHANNELS; c++)
        assert_int_equal(s.channels[c].contact, c < 2 ? CONTACT_LOST : CONTACT_UNKNOWN);

    m = running();
    m.listed = 0;
    news(&m, (struct dialog_news){.error = SM2_ERROR_ELECTRODE});
    for (size_t c = 0; c < SM2_CHANNELS; c++)
        assert_int_equal(judged(&m).channels[c].contact, CONTACT_LOST);

    m = running();
    news(&m, (struct dialog_news){.error = SM2_ERROR_MODULE});
    s = judged(&m);
    assert_true(s.fault && !s.patient_stop && !m.started);
    assert_int_equal(s.fault_code, 3);

    m = running();
    news(&m, (struct dialog_news){.error = 5}); /* positive, and nothing that the document knows */
    s = judged(&m);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 251);
}

static void an_init_is_told_once(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    news(&m, (struct dialog_news){.reset = true, .restarted = true});
    assert_true(judged(&m).restarted && !judged(&m).watchdog_tripped && !m.started && m.listed == 0);
    sm2_memory_told(&m);
    assert_false(judged(&m).restarted);
    news(&m, (struct dialog_news){.reset = true, .tripped = true});
    assert_true(judged(&m).watchdog_tripped && !judged(&m).restarted);
    sm2_memory_told(&m);
    news(&m, (struct dialog_news){.reset = true}); /* the first of all */
    assert_false(judged(&m).watchdog_tripped || judged(&m).restarted);
}

static void a_complaint_lasts_until_it_was_told_and_made_safe(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    news(&m, (struct dialog_news){.error = SM2_ERROR_MODULE});
    news(&m, (struct dialog_news){.error = SM2_ERROR_EMERGENCY_SWITCH});
    sm2_memory_clear(&m);
    assert_true(judged(&m).fault && judged(&m).patient_stop);
    sm2_memory_told(&m);
    assert_true(judged(&m).fault && judged(&m).patient_stop);
    sm2_memory_clear(&m);
    assert_false(judged(&m).fault || judged(&m).patient_stop);
}

static void nothing_asked_for_outlives_a_stop(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    sm2_memory_stopping(&m);
    const struct wanted none = {0};
    assert_memory_equal(&m.wanted, &none, sizeof none);
    assert_false(m.armed);
    assert_true(m.started); /* the device has said nothing yet */
}

/* ---- silence ---- */

static bool silent(const struct sm2_memory *m, int64_t since_packet_ns, int64_t now_ns, bool rest)
{
    return sm2_memory_is_silent(m, now_ns - since_packet_ns, now_ns, rest);
}

static void polls_stop_when_the_grant_runs_out(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    assert_false(silent(&m, 0, SOME_NS + SM2_GRANT_NS - 1, false));
    assert_true(silent(&m, 0, SOME_NS + SM2_GRANT_NS, false));
    assert_false(silent(&m, 0, SOME_NS + SM2_GRANT_NS, true)); /* a stop goes out */
    assert_true(silent(&m, SM2_SILENCE_NS - 1, SOME_NS + 9 * NS_PER_S, false));
    assert_false(silent(&m, SM2_SILENCE_NS, SOME_NS + 9 * NS_PER_S, false));
    m.started = false;
    assert_false(silent(&m, 0, SOME_NS + 9 * NS_PER_S, false));
}

static void stops_in_vain_are_followed_by_silence(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    for (unsigned i = 0; i < SM2_UNHEEDED_MAX; i++) {
        assert_false(silent(&m, 0, SOME_NS, true));
        m.stops++;
        sm2_memory_mode(&m, SM2_MODE_STARTED);
    }
    assert_true(silent(&m, 0, SOME_NS, true));
    assert_true(silent(&m, SM2_SILENCE_NS - 1, SOME_NS, true));
    assert_false(silent(&m, SM2_SILENCE_NS, SOME_NS, true));
    sm2_memory_speak(&m);
    assert_false(silent(&m, 0, SOME_NS, true));
    m.unheeded = SM2_UNHEEDED_MAX;
    sm2_memory_mode(&m, SM2_MODE_START); /* it is at rest after all */
    assert_false(silent(&m, 0, SOME_NS, true));
}

static void a_running_device_that_nobody_stops_is_not_in_vain(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    for (int i = 0; i < 100; i++)
        sm2_memory_mode(&m, SM2_MODE_STARTED);
    assert_false(silent(&m, 0, SOME_NS, false));
}

static void stops_that_nobody_answers_are_followed_by_silence_too(void **state)
{
    (void)state;
    struct sm2_memory m = running();
    m.stops = SM2_STOPS_MAX - 1;
    assert_false(silent(&m, 0, SOME_NS, true));
    m.stops = SM2_STOPS_MAX;
    assert_true(silent(&m, 0, SOME_NS, true));
    news(&m, (struct dialog_news){.reset = true});
    assert_false(silent(&m, 0, SOME_NS, true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_device_that_does_not_stimulate_is_at_rest),
        cmocka_unit_test(a_list_that_is_not_known_may_hold_every_channel),
        cmocka_unit_test(every_error_ends_it_and_has_its_own_meaning),
        cmocka_unit_test(an_init_is_told_once),
        cmocka_unit_test(a_complaint_lasts_until_it_was_told_and_made_safe),
        cmocka_unit_test(nothing_asked_for_outlives_a_stop),
        cmocka_unit_test(polls_stop_when_the_grant_runs_out),
        cmocka_unit_test(stops_in_vain_are_followed_by_silence),
        cmocka_unit_test(a_running_device_that_nobody_stops_is_not_in_vain),
        cmocka_unit_test(stops_that_nobody_answers_are_followed_by_silence_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
