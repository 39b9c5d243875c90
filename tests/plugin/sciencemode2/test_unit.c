/* SPDX-License-Identifier: Apache-2.0 */
/* What the calls do with a sane device, and with one that does something by itself. */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "../common/hex.h"

#define CALL_MS 250
#define WATCHDOG_MS 1200

static int setup(void **state)
{
    *state = bench_new();
    return 0;
}

static int setup_fresh(void **state)
{
    *state = bench_open();
    return 0;
}

static int teardown(void **state)
{
    bench_free(*state);
    return 0;
}

static void pass(int ms)
{
    (void)poll(NULL, 0, ms);
}

/* An Init, or whatever else it says, waits to be read. */
static void await_words(struct bench *b)
{
    struct pollfd p = {.fd = b->line.fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 1000), 1);
}

/* What it has said is lost, as in the time when nobody had the port open. */
static void lose_words(struct bench *b)
{
    uint8_t dropped[64];
    await_words(b);
    assert_true(read(b->line.fd, dropped, sizeof dropped) > 0);
}

static int start(struct bench *b)
{
    return unit_start(&b->link, 0, 0, bench_in_ms(CALL_MS));
}

static int stop(struct bench *b)
{
    return unit_stop(&b->link, 0, 0, bench_in_ms(CALL_MS));
}

static int make_safe(struct bench *b)
{
    return unit_make_safe(&b->link, 0, bench_in_ms(CALL_MS));
}

static int keepalive(struct bench *b)
{
    return unit_keepalive(&b->link, 0, bench_in_ms(CALL_MS));
}

static int identify(struct bench *b)
{
    struct modality_identity identity;
    return unit_identify(&b->link, 0, bench_in_ms(CALL_MS), &identity);
}

static void rests(const struct modality_status *s, enum modality_contact contact)
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

static void rests_in_peace(struct bench *b)
{
    struct modality_status s = bench_status(b);
    rests(&s, CONTACT_UNKNOWN);
    assert_false(s.fault || s.patient_stop || s.watchdog_tripped || s.restarted);
    assert_true(bench_all_rest(b));
}

/* ---- who is there ---- */

static void opening_says_nothing_to_the_device(void **state)
{
    struct bench *b = *state;
    pass(20);
    for (int c = 0; c < 128; c++)
        assert_int_equal(bench_received(b, (enum sm2_command)c), 0);
}

static void a_device_that_waits_is_accepted_and_then_asked(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(CALL_MS), &identity), 0);
    assert_string_equal(identity.maker, "HASOMED");
    assert_string_equal(identity.model, "RehaStim 2");
    assert_string_equal(identity.serial, "FT1");
    assert_string_equal(identity.firmware, "");
    assert_int_equal(bench_received(b, SM2_INIT_ACK), 1);
    assert_int_equal(bench_state(b, 0, "connected"), 1);
    rests_in_peace(b);
}

/* The first Init was said before anybody listened; the next comes half a second later. */
static void a_device_that_says_init_later_is_waited_for_over_calls(void **state)
{
    struct bench *b = *state;
    int64_t end = bench_in_ms(1000);
    int r = -ETIMEDOUT;
    struct modality_identity identity;
    lose_words(b);
    while (r < 0 && clock_monotonic_ns() < end) {
        r = unit_identify(&b->link, 0, bench_in_ms(CALL_MS), &identity);
        if (r < 0) {
            assert_int_equal(r, -ETIMEDOUT);
            assert_int_equal(unit_reopen(&b->link, bench_in_ms(CALL_MS)), 0);
            pass(100);
        }
    }
    assert_int_equal(r, 0);
    assert_int_equal(bench_state(b, 0, "connected"), 1);
}

/* Another process had it, and was replaced: it does not say Init, and what it does is not known. */
static void a_device_that_is_connected_already_is_known_by_its_answer(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_reconnect(b);
    assert_int_equal(identify(b), 0);
    assert_int_equal(bench_received(b, SM2_INIT_ACK), 0);
    assert_true(bench_on(b, 0));
    struct modality_status s;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s), -EAGAIN); /* nobody may feed it */
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void another_version_is_refused_and_told_as_another_device(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    lose_words(b);
    bench_version(b, 2);
    await_words(b);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(CALL_MS), &identity), -ENODEV);
    assert_int_equal(bench_received(b, SM2_INIT_ACK), 1);
    assert_int_equal(bench_state(b, 0, "connected"), 0);
    assert_int_equal(bench_received(b, SM2_GET_MODE), 0);
}

static void somebody_else_on_the_line_is_not_identified(void **state)
{
    struct bench *b = *state;
    lose_words(b);
    bench_say(b, "41 54 0D 0A F0 0F F0 81 00 0F");
    assert_int_equal(identify(b), -ETIMEDOUT);
    bench_fault_on(b, SM2_GET_MODE, FAULT_silent, -1);
    bench_say(b, "F0 81 76 81 57 01 0A 0F"); /* a frame, and none of a device's */
    assert_int_equal(identify(b), -EIO);     /* in doubt since */
}

/* An Init that crossed the answer to the one before it. */
static void an_init_that_is_said_twice_is_no_restart(void **state)
{
    struct bench *b = *state;
    pass(20);
    bench_say(b, "F0 81 2C 81 56 01 01 01 0F");
    assert_int_equal(identify(b), 0);
    rests_in_peace(b);
}

/* ---- stimulating ---- */

static void set_points_reach_the_device_when_it_is_started_and_with_every_change(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    bench_prepare(b, 3);
    assert_int_equal(bench_set(b, 3, QUANTITY_phase_width_us, 350), 0);
    assert_int_equal(bench_received(b, SM2_INIT_LIST) + bench_received(b, SM2_START_LIST), 0);
    assert_int_equal(start(b), 0);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_STARTED);
    assert_int_equal(bench_state(b, 0, "interval_us"), 20000);
    assert_true(bench_on(b, 0) && bench_on(b, 3) && !bench_on(b, 1));
    assert_int_equal(bench_output(b, 0), 0);
    assert_int_equal(bench_state(b, 4, "phase_width_us"), 350);
    assert_int_equal(bench_set(b, 3, QUANTITY_amplitude_ua, 17000), 0);
    assert_int_equal(bench_output(b, 3), 17000);
    assert_int_equal(bench_output(b, 0), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 126000), 0);
    assert_int_equal(bench_output(b, 0), 126000);
    assert_int_equal(bench_output(b, 3), 17000);
    assert_int_equal(bench_set(b, 3, QUANTITY_phase_width_us, 100), 0);
    assert_int_equal(bench_state(b, 4, "phase_width_us"), 100);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 0), 0);
    assert_int_equal(bench_output(b, 0), 0);
    assert_int_equal(stop(b), 0);
    rests_in_peace(b);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_START);
}

static void a_status_tells_channels_of_the_list_from_the_others(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 1);
    bench_prepare(b, 6);
    assert_int_equal(start(b), 0);
    assert_int_equal(bench_set(b, 6, QUANTITY_amplitude_ua, 5000), 0);
    struct modality_status s = bench_status(b);
    for (size_t c = 0; c < 8; c++) {
        bool on = c == 1 || c == 6;
        assert_int_equal(s.channels[c].output, on ? OUTPUT_ON : OUTPUT_REST);
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
        assert_int_equal(s.channels[c].contact, c == 6 ? CONTACT_GOOD : CONTACT_UNKNOWN);
    }
}

/* The device has one list: only the channels of the group are in it, and any group's stop ends it. */
static void a_group_is_started_by_itself_and_stopped_with_all(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    bench_prepare(b, 1);
    assert_int_equal(unit_start(&b->link, 0, 1, bench_in_ms(CALL_MS)), 0);
    assert_true(bench_on(b, 1) && !bench_on(b, 0));
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_REST);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 1000), -EINVAL);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(CALL_MS)), 0);
    assert_true(bench_all_rest(b));
}

static void nothing_outlives_a_stop(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    assert_int_equal(stop(b), 0);
    assert_int_equal(start(b), -EINVAL); /* no channel is asked for any more */
    bench_prepare(b, 2);
    assert_int_equal(start(b), 0);
    assert_true(bench_on(b, 2) && !bench_on(b, 0));
    assert_int_equal(bench_output(b, 2), 0);
}

static void what_cannot_be_started_is_refused_and_nothing_is_sent(void **state)
{
    struct bench *b = *state;
    assert_int_equal(start(b), -EINVAL);
    bench_prepare(b, 0);
    assert_int_equal(unit_start(&b->link, 0, 1, bench_in_ms(CALL_MS)), -EINVAL); /* another channel's group */
    assert_int_equal(unit_start(&b->link, 0, 2, bench_in_ms(CALL_MS)), -EINVAL); /* none */
    assert_int_equal(unit_start(&b->link, 1, 0, bench_in_ms(CALL_MS)), -EINVAL);
    bench_prepare(b, 1);
    assert_int_equal(bench_set(b, 1, QUANTITY_pulse_rate_millihz, 40000), 0);
    assert_int_equal(start(b), -EINVAL); /* two rates */
    for (uint32_t c = 0; c < 8; c++)
        bench_prepare(b, c);
    assert_int_equal(start(b), -EINVAL); /* 50 Hz on eight channels */
    assert_int_equal(bench_received(b, SM2_INIT_LIST) + bench_received(b, SM2_START_LIST), 0);
    for (uint32_t c = 0; c < 8; c++)
        assert_int_equal(bench_set(b, c, QUANTITY_pulse_rate_millihz, 40000), 0);
    assert_int_equal(start(b), 0);
}

static void what_cannot_be_set_is_refused_and_nothing_is_sent(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    (void)bench_received(b, SM2_START_LIST);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 127000), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 20500), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_phase_width_us, 501), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_interphase_us, 100), -EINVAL);
    assert_int_equal(bench_set(b, 8, QUANTITY_amplitude_ua, 1000), -EINVAL);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 40000), -EINVAL); /* not while it runs */
    assert_int_equal(bench_set(b, 1, QUANTITY_amplitude_ua, 1000), -EINVAL);        /* not started */
    assert_int_equal(bench_received(b, SM2_START_LIST), 0);
    assert_int_equal(bench_output(b, 0), 20000);
    assert_int_equal(bench_set(b, 0, QUANTITY_pulse_rate_millihz, 50000), 0); /* what it is */
}

static void calls_for_another_unit_or_group_are_refused(void **state)
{
    struct bench *b = *state;
    struct modality_identity identity;
    struct modality_status status;
    const struct modality_setting setting = {0, QUANTITY_amplitude_ua, 0};
    int64_t deadline = bench_in_ms(CALL_MS);
    assert_int_equal(unit_identify(&b->link, 1, deadline, &identity), -EINVAL);
    assert_int_equal(unit_status(&b->link, 1, deadline, &status), -EINVAL);
    assert_int_equal(unit_apply(&b->link, 1, &setting, deadline), -EINVAL);
    assert_int_equal(unit_stop(&b->link, 1, 0, deadline), -EINVAL);
    assert_int_equal(unit_stop(&b->link, 0, 2, deadline), -EINVAL);
    assert_int_equal(unit_make_safe(&b->link, 1, deadline), -EINVAL);
    assert_int_equal(unit_keepalive(&b->link, 1, deadline), -EINVAL);
}

/* 256 commands and more: the number runs over, and is stuffed on its way. */
static void numbers_run_over(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 300; i++)
        rests_in_peace(b);
    bench_run(b, 0, 15000);
    for (int i = 0; i < 260; i++)
        assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, (i % 126) * 1000), 0);
}

/* Nobody has looked between the stop and the start. */
static void a_stop_before_a_start_is_not_held_against_the_device(void **state)
{
    struct bench *b = *state;
    for (int i = 0; i < 3; i++)
        assert_int_equal(make_safe(b), 0);
    bench_run(b, 0, 10000);
    for (int i = 0; i < 10; i++)
        assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
}

/* ---- rest ---- */

static void a_stop_works_in_every_mode(void **state)
{
    struct bench *b = *state;
    assert_int_equal(stop(b), 0); /* start */
    rests_in_peace(b);
    bench_prepare(b, 0);
    bench_fault_on(b, SM2_START_LIST, FAULT_exception, ARG_code, 0xf8, ARG_count, 1, -1);
    assert_int_equal(start(b), -EACCES);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_INITIALISED);
    assert_int_equal(stop(b), 0);
    assert_int_equal(bench_state(b, 0, "mode"), REHASTIM2_START);
    bench_run(b, 0, 10000); /* started */
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void a_stop_that_finds_nothing_to_stop_is_done(void **state)
{
    struct bench *b = *state;
    bench_fault_on(b, SM2_STOP_LIST, FAULT_exception, ARG_code, 0xfd, ARG_count, 2, -1);
    assert_int_equal(stop(b), 0);
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

/* Nobody has spoken to it yet: its Init waits, or is still to come. */
static void make_safe_begins_the_conversation(void **state)
{
    struct bench *b = *state;
    assert_int_equal(make_safe(b), 0);
    assert_int_equal(bench_state(b, 0, "connected"), 1);
    rests_in_peace(b);
}

static void make_safe_finds_a_device_that_runs_for_nobody(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_reconnect(b);
    assert_int_equal(make_safe(b), 0);
    assert_true(bench_all_rest(b));
    for (int i = 0; i < 3; i++)
        assert_int_equal(make_safe(b), 0);
    assert_int_equal(identify(b), 0);
    rests_in_peace(b);
}

static void an_init_in_place_of_a_stops_answer_is_answered_and_the_stop_said_again(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_reboot_on(b, SM2_STOP_LIST);
    int r = stop(b);
    assert_true(bench_all_rest(b));
    assert_true(r == 0 || r == -ETIMEDOUT); /* it is back within the call, or after it */
    bench_wait_state(b, "down", 0, 1000);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(CALL_MS)), 0);
    assert_int_equal(stop(b), 0);
    assert_true(bench_status(b).restarted);
}

/* ---- watchdog ---- */

static void polls_and_feeds_keep_it_running(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    int64_t end = bench_in_ms(2 * WATCHDOG_MS), feed = 0;
    while (clock_monotonic_ns() < end) {
        if (clock_monotonic_ns() >= feed) {
            assert_int_equal(keepalive(b), 0);
            feed = bench_in_ms(WATCHDOG_MS / 3);
        }
        struct modality_status s = bench_status(b);
        assert_int_equal(s.channels[0].output, OUTPUT_ON);
        assert_false(s.watchdog_tripped || s.restarted);
        pass(50);
    }
    assert_int_equal(bench_output(b, 0), 10000);
}

static void polls_alone_do_not(void **state)
{
    struct bench *b = *state;
    struct modality_status s = {0};
    bench_run(b, 0, 10000);
    int64_t since = clock_monotonic_ns(), end = bench_in_ms(4 * WATCHDOG_MS);
    int r = 0;
    while (!bench_all_rest(b)) {
        assert_true(clock_monotonic_ns() < end);
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
        pass(20);
    }
    int64_t took = clock_monotonic_ns() - since;
    assert_true(took < 2 * WATCHDOG_MS * NS_PER_MS + 500 * NS_PER_MS);
    while (r < 0 && clock_monotonic_ns() < end)
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
    assert_int_equal(r, 0);
    rests(&s, CONTACT_UNKNOWN);
    assert_true(s.watchdog_tripped);
    assert_false(s.restarted);
    rests_in_peace(b); /* told once */
}

static void a_device_that_was_left_alone_has_tripped_and_stays_off(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    pass(WATCHDOG_MS + 100);
    assert_true(bench_all_rest(b));
    assert_int_equal(keepalive(b), -EACCES);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 5000), -EACCES);
    assert_int_equal(start(b), -EACCES);
    assert_true(bench_all_rest(b));
    struct modality_status s = bench_status(b);
    assert_true(s.watchdog_tripped);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 5000), -EACCES); /* it ended by itself */
    assert_int_equal(stop(b), 0);
    rests_in_peace(b);
}

/* It answers every stop as done and goes on: only silence ends it. */
static void a_device_that_heeds_no_stop_is_left_to_its_watchdog(void **state)
{
    struct bench *b = *state;
    struct modality_status s = {0};
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_stuck, ARG_ignores, STUCK_COMMANDS, -1);
    int64_t since = clock_monotonic_ns();
    while (!bench_all_rest(b)) {
        assert_true(clock_monotonic_ns() - since < 3 * WATCHDOG_MS * NS_PER_MS);
        int r = stop(b);
        assert_true(r == 0 || r == -EAGAIN);
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
        assert_true(r == -EAGAIN || s.channels[0].output == OUTPUT_ON || bench_all_rest(b));
        pass(10);
    }
    assert_true(bench_received(b, SM2_STOP_LIST) >= 3);
    int r = -EAGAIN;
    for (int i = 0; i < 10 && r < 0; i++)
        r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s);
    assert_int_equal(r, 0);
    rests(&s, CONTACT_UNKNOWN);
    assert_int_equal(stop(b), 0);
}

/* Neither stop nor watchdog: it never shows as rest, and stops go on. */
static void a_device_that_nothing_ends_never_looks_at_rest(void **state)
{
    struct bench *b = *state;
    struct modality_status s = {0};
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_stuck, ARG_ignores, STUCK_ALL, -1);
    int64_t end = bench_in_ms(3 * WATCHDOG_MS);
    while (clock_monotonic_ns() < end) {
        (void)stop(b);
        if (unit_status(&b->link, 0, bench_in_ms(CALL_MS), &s) == 0)
            assert_int_equal(s.channels[0].output, OUTPUT_ON);
        (void)unit_reopen(&b->link, bench_in_ms(CALL_MS));
    }
    assert_true(bench_received(b, SM2_STOP_LIST) > 3);
}

/* ---- what the device says by itself ---- */

static void an_electrode_that_comes_off_ends_stimulation_and_shows_as_lost(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 0);
    bench_prepare(b, 1);
    assert_int_equal(start(b), 0);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 10000), 0);
    bench_fault(b, FAULT_open, ARG_channel, 1, -1);
    bench_wait_rest(b, clock_monotonic_ns(), 500);
    struct modality_status s = bench_status(b);
    assert_true(!s.fault && !s.patient_stop && !s.restarted);
    for (size_t c = 0; c < 8; c++) {
        assert_int_equal(s.channels[c].output, OUTPUT_REST);
        assert_int_equal(s.channels[c].contact, c < 2 ? CONTACT_LOST : CONTACT_UNKNOWN);
    }
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 5000), -EACCES);
    assert_int_equal(stop(b), 0);
    bench_clear_one(b, FAULT_open);
    bench_run(b, 0, 10000); /* contact is back, and it was started by somebody */
    assert_int_equal(bench_status(b).channels[0].contact, CONTACT_GOOD);
}

static void the_emergency_switch_is_the_patients_stop_until_made_safe(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_patient_stop, -1);
    assert_true(bench_all_rest(b));
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 12000), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.patient_stop);
    assert_false(s.fault);
    rests(&s, CONTACT_UNKNOWN);
    assert_int_equal(stop(b), 0);
    assert_true(bench_status(b).patient_stop); /* a stop clears nothing */
    bench_prepare(b, 0);
    assert_int_equal(start(b), -EACCES);
    assert_int_equal(bench_received(b, SM2_INIT_LIST), 1); /* that of bench_run */
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

/* Still pressed, or never plugged in: the device accepts the start, and says so before or behind its answer. */
static void a_start_with_the_switch_open_starts_nothing(void **state)
{
    struct bench *b = *state;
    bench_fault(b, FAULT_patient_stop, -1);
    bench_prepare(b, 0);
    assert_int_equal(start(b), 0);
    assert_true(bench_all_rest(b));
    pass(20);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 1000), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.patient_stop);
    rests(&s, CONTACT_UNKNOWN);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 1000), -EACCES);
}

static void what_it_says_while_it_is_made_safe_is_told_before_it_is_forgotten(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_complain_on(b, SM2_STOP_LIST, REHASTIM2_SWITCH);
    assert_int_equal(make_safe(b), 0);
    assert_int_equal(make_safe(b), 0);
    assert_true(bench_status(b).patient_stop);
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void a_module_that_fails_is_a_fault_until_made_safe(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_complain(b, REHASTIM2_MODULE);
    assert_true(bench_all_rest(b));
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 3);
    assert_string_equal(s.fault_text, "stimulation module error");
    assert_int_equal(stop(b), 0);
    assert_true(bench_status(b).fault);
    assert_int_equal(make_safe(b), 0);
    rests_in_peace(b);
}

static void an_error_that_nobody_knows_is_a_fault(void **state)
{
    struct bench *b = *state;
    bench_say(b, "F0 81 66 81 56 07 26 F9 0F"); /* -7, with another CRC: nothing */
    rests_in_peace(b);
    bench_complain(b, -7);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 7);
    assert_string_equal(s.fault_text, "unknown stimulation error");
}

static void a_device_that_starts_anew_is_told_once_and_is_at_rest(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_fault(b, FAULT_reboot, ARG_ms, 100, -1);
    assert_true(bench_all_rest(b));
    bench_wait_state(b, "down", 0, 1000);
    pass(20);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 12000), -EACCES);
    assert_int_equal(keepalive(b), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.restarted);
    assert_false(s.watchdog_tripped);
    rests(&s, CONTACT_UNKNOWN);
    rests_in_peace(b);
    assert_int_equal(stop(b), 0);
    bench_run(b, 0, 5000);
}

static void what_an_identify_has_seen_is_not_told_again(void **state)
{
    struct bench *b = *state;
    bench_fault(b, FAULT_reboot, ARG_ms, 20, -1);
    bench_wait_state(b, "down", 0, 1000);
    pass(20);
    assert_int_equal(identify(b), 0);
    rests_in_peace(b);
}

/* The ergometer's packets, and answers to nobody. */
static void what_is_not_about_stimulation_is_passed_over(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 10000);
    bench_say(b, "F0 81 D7 81 56 07 1F 00 0F F0 81 52 81 56 07 03 63 0F");
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    assert_int_equal(b->link.dialog.unmatched, 2);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 9000), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
#define FRESH(name) cmocka_unit_test_setup_teardown(name, setup_fresh, teardown)
    const struct CMUnitTest tests[] = {
        FRESH(opening_says_nothing_to_the_device),
        FRESH(a_device_that_waits_is_accepted_and_then_asked),
        FRESH(a_device_that_says_init_later_is_waited_for_over_calls),
        TEST(a_device_that_is_connected_already_is_known_by_its_answer),
        FRESH(another_version_is_refused_and_told_as_another_device),
        FRESH(somebody_else_on_the_line_is_not_identified),
        FRESH(an_init_that_is_said_twice_is_no_restart),
        TEST(set_points_reach_the_device_when_it_is_started_and_with_every_change),
        TEST(a_status_tells_channels_of_the_list_from_the_others),
        TEST(a_group_is_started_by_itself_and_stopped_with_all),
        TEST(nothing_outlives_a_stop),
        TEST(what_cannot_be_started_is_refused_and_nothing_is_sent),
        TEST(what_cannot_be_set_is_refused_and_nothing_is_sent),
        TEST(calls_for_another_unit_or_group_are_refused),
        TEST(numbers_run_over),
        TEST(a_stop_before_a_start_is_not_held_against_the_device),
        TEST(a_stop_works_in_every_mode),
        TEST(a_stop_that_finds_nothing_to_stop_is_done),
        FRESH(make_safe_begins_the_conversation),
        TEST(make_safe_finds_a_device_that_runs_for_nobody),
        TEST(an_init_in_place_of_a_stops_answer_is_answered_and_the_stop_said_again),
        TEST(polls_and_feeds_keep_it_running),
        TEST(polls_alone_do_not),
        TEST(a_device_that_was_left_alone_has_tripped_and_stays_off),
        TEST(a_device_that_heeds_no_stop_is_left_to_its_watchdog),
        TEST(a_device_that_nothing_ends_never_looks_at_rest),
        TEST(an_electrode_that_comes_off_ends_stimulation_and_shows_as_lost),
        TEST(the_emergency_switch_is_the_patients_stop_until_made_safe),
        TEST(a_start_with_the_switch_open_starts_nothing),
        TEST(what_it_says_while_it_is_made_safe_is_told_before_it_is_forgotten),
        TEST(a_module_that_fails_is_a_fault_until_made_safe),
        TEST(an_error_that_nobody_knows_is_a_fault),
        TEST(a_device_that_starts_anew_is_told_once_and_is_at_rest),
        TEST(what_an_identify_has_seen_is_not_told_again),
        TEST(what_is_not_about_stimulation_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
