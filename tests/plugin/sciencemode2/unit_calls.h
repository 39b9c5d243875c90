/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the plugin's calls share: a device that was made safe or just switched on, and calls in time. */
#ifndef TEST_SCIENCEMODE2_UNIT_CALLS_H
#define TEST_SCIENCEMODE2_UNIT_CALLS_H

#include <poll.h>
#include <unistd.h>

#include "bench.h"

#define CALL_MS 250 /* for a call that is not to wait for the device to come, or to fall silent */
#define WATCHDOG_MS 1200

static inline void pass(int ms)
{
    (void)poll(NULL, 0, ms);
}

/* What it has said is lost, as in the time when nobody had the port open. */
static inline void lose_words(struct bench *b)
{
    uint8_t dropped[64];
    bench_await_words(b);
    assert_true(read(b->line.fd, dropped, sizeof dropped) > 0);
}

static inline int start(struct bench *b)
{
    return unit_start(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS));
}

static inline int stop(struct bench *b)
{
    return unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS));
}

static inline int make_safe(struct bench *b)
{
    return unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS));
}

static inline int keepalive(struct bench *b)
{
    return unit_keepalive(&b->link, 0, bench_in_ms(BENCH_LONG_MS));
}

static inline int identify_within(struct bench *b, int ms)
{
    struct modality_identity identity;
    return unit_identify(&b->link, 0, bench_in_ms(ms), &identity);
}

static inline int identify(struct bench *b)
{
    return identify_within(b, BENCH_LONG_MS);
}

static inline void rests(const struct modality_status *s, enum modality_contact contact)
{
    assert_int_equal(s->n_channels, 8);
    for (size_t c = 0; c < 8; c++) {
        assert_int_equal(s->channels[c].output, OUTPUT_REST);
        assert_int_equal(s->channels[c].evidence, EVIDENCE_REPORTED);
        assert_int_equal(s->channels[c].contact, contact);
        assert_false(s->channels[c].setpoint_known);
        assert_int_equal(s->channels[c].n_readings, 0);
    }
}

static inline void rests_in_peace(struct bench *b)
{
    struct modality_status s = bench_status(b);
    rests(&s, CONTACT_UNKNOWN);
    assert_false(s.fault || s.patient_stop || s.watchdog_tripped || s.restarted);
    assert_true(bench_all_rest(b));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
#define FRESH(name) cmocka_unit_test_setup_teardown(name, bench_setup_fresh, bench_teardown)

#endif
