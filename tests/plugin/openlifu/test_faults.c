/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every step of every call, with everything that can happen to it: the answer lost, before or after it acted, late,
 * wrong or cut short, the device hanging, the link closed. The code is the right one, the call ends by its deadline,
 * and the stop that follows, as a host makes it, brings the unit to rest: by the model's word.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>

#define RAMP_MS 200 /* for 100 V */
#define LEVEL BENCH_STEP_UW_CM2
/* Shorter than the slice that the plugin declares: hundreds of calls go to their end. */
#define CALL_MS 60
#define LATE_MS 100

/* ---- what is done ---- */

enum deed { DEED_IDENTIFY, DEED_STATUS, DEED_STATUS_RUNNING, DEED_START, DEED_RAISE, DEED_LOWER };

static int identify(struct bench *b)
{
    struct modality_identity identity;
    return unit_identify(&b->link, 0, bench_in_ms(b->call_ms), &identity);
}

/* What comes before, with nothing wrong. */
static void lead_up(struct bench *b, enum deed deed)
{
    if (deed == DEED_START || deed == DEED_RAISE)
        bench_prepare(b, 60000);
    if (deed == DEED_RAISE)
        assert_int_equal(bench_start(b), 0);
    if (deed == DEED_STATUS_RUNNING || deed == DEED_LOWER)
        bench_run(b, LEVEL);
}

static int act(struct bench *b, enum deed deed)
{
    struct modality_status s;
    switch (deed) {
    case DEED_IDENTIFY:
        return identify(b);
    case DEED_STATUS:
    case DEED_STATUS_RUNNING:
        return bench_status(b, &s);
    case DEED_START:
        return bench_start(b);
    case DEED_RAISE:
        return bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL);
    case DEED_LOWER:
        return bench_set(b, QUANTITY_intensity_satp_uw_cm2, 0);
    }
    return 0;
}

/* The steps of each, by the command's code. */
static const struct step {
    enum deed deed;
    uint8_t command;
    bool answered_later; /* nobody waits for the answer in the call */
} steps[] = {
    {DEED_IDENTIFY, 0x00, false},       {DEED_IDENTIFY, 0x02, false},       {DEED_IDENTIFY, 0x05, false},
    {DEED_STATUS, 0x14, false},         {DEED_STATUS, 0x06, false},         {DEED_STATUS, 0x07, false},
    {DEED_STATUS, 0x3d, false},         {DEED_STATUS, 0x32, false},         {DEED_STATUS_RUNNING, 0x14, false},
    {DEED_STATUS_RUNNING, 0x3d, false}, {DEED_STATUS_RUNNING, 0x32, false}, {DEED_START, 0x14, false},
    {DEED_START, 0x3d, false},          {DEED_START, 0x3e, false},          {DEED_START, 0x23, false},
    {DEED_START, 0x13, false},          {DEED_START, 0x15, false},          {DEED_RAISE, 0x14, false},
    {DEED_RAISE, 0x31, false},          {DEED_RAISE, 0x33, true},           {DEED_LOWER, 0x34, false},
    {DEED_LOWER, 0x3d, false},
};

/* ---- what happens to it ---- */

#define END (-1)

static void drop_before(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_drop, ARG_cut, CUT_BEFORE, ARG_count, 1, END);
}

static void drop_after(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_drop, ARG_cut, CUT_AFTER, ARG_count, 1, END);
}

static void late(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_delay, ARG_ms, LATE_MS, ARG_count, 1, END);
}

static void late_before(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE, ARG_count, 1, END);
}

static void silent(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_silent, ARG_count, 1, END);
}

static void close_before(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_close, ARG_cut, CUT_BEFORE, ARG_count, 1, END);
}

static void close_after(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_close, ARG_cut, CUT_AFTER, ARG_count, 1, END);
}

static void corrupt(struct bench *b, uint8_t command, enum corrupt_how how)
{
    bench_fault_on(b, command, FAULT_corrupt, ARG_how, (int)how, ARG_count, 1, END);
}

static void garbage(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_GARBAGE);
}

static void truncated(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_TRUNCATE);
}

static void bad_crc(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_BAD_CRC);
}

static void bit_flip(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_BIT_FLIP);
}

static void wrong_id(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_TRANSACTION);
}

static void wrong_command(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_ADDRESS);
}

static void refused(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_exception, ARG_code, 1, ARG_count, 1, END);
}

static void noise(struct bench *b, uint8_t command)
{
    corrupt(b, command, CORRUPT_NOISE);
}

static void duplicate(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_duplicate, ARG_count, 1, END);
}

static void drip(struct bench *b, uint8_t command)
{
    bench_fault_on(b, command, FAULT_drip, ARG_ms, 20, ARG_count, 1, END);
}

static const struct mishap {
    const char *name;
    void (*happen)(struct bench *b, uint8_t command);
    int code, other; /* what the call answers; 0 = it does not mind */
} mishaps[] = {
    {"dropped before it acts", drop_before, -ETIMEDOUT, -ETIMEDOUT},
    {"dropped after it acted", drop_after, -ETIMEDOUT, -ETIMEDOUT},
    {"late", late, -ETIMEDOUT, -ETIMEDOUT},
    {"acts late", late_before, -ETIMEDOUT, -ETIMEDOUT},
    {"hangs", silent, -ETIMEDOUT, -ETIMEDOUT},
    {"cut before", close_before, -ENODEV, -ENODEV},
    {"cut after", close_after, -ENODEV, -ENODEV},
    {"garbage", garbage, -EPROTO, -EPROTO},
    {"truncated", truncated, -EPROTO, -EPROTO},
    {"bad CRC", bad_crc, -EPROTO, -EPROTO},
    {"bit flip", bit_flip, -EPROTO, -ETIMEDOUT},
    {"wrong id", wrong_id, -ETIMEDOUT, -ETIMEDOUT},
    {"wrong command", wrong_command, -EPROTO, -EPROTO},
    {"refused", refused, -EACCES, -EACCES},
    {"drips", drip, -EPROTO, -EPROTO},
    {"noise before it", noise, 0, 0},
    {"twice", duplicate, 0, 0},
};

/* ---- how it ends ---- */

static bool at_rest(struct bench *b)
{
    return bench_output(b) == 0 && !bench_state(b, "running") && !bench_state(b, "voltage_on");
}

/* As a host does it: stop, look, make the transport anew when it is in doubt, until rest is proved or time is up. */
static void host_rests(struct bench *b)
{
    struct modality_status s;
    int64_t until = bench_in_ms(BENCH_LONG_MS);
    for (;;) {
        int r = unit_stop(&b->link, 0, 0, bench_in_ms(CALL_MS));
        if (r == 0)
            r = bench_status(b, &s);
        if (r == 0 && s.channels[0].output == OUTPUT_REST && s.channels[0].evidence == EVIDENCE_MEASURED)
            break;
        if (clock_monotonic_ns() > until)
            fail_msg("rest is not proved: %d", r);
        (void)unit_reopen(&b->link, bench_in_ms(CALL_MS));
    }
    assert_true(at_rest(b));
}

/* False: it took longer than it may. A call that was kept from the processor until an answer came that is late by
 * purpose has taken longer as well. */
static bool check_one(const struct step *step, const struct mishap *mishap)
{
    struct bench *b = bench_new(RAMP_MS);
    lead_up(b, step->deed);
    b->call_ms = CALL_MS; /* from here on */
    mishap->happen(b, step->command);
    (void)bench_received(b, step->command);
    int64_t began = clock_monotonic_ns();
    int r = act(b, step->deed);
    int64_t took = clock_monotonic_ns() - began;
    bool told = step->answered_later ? r == 0 : r == mishap->code || r == mishap->other;
    bool happened = bench_received(b, step->command) > 0; /* the time was not over before it */
    bool comes_late = mishap->happen == late || mishap->happen == late_before;
    bool in_time = took < (comes_late ? LATE_MS : CALL_MS + (told ? BENCH_SLACK_MS : 0)) * NS_PER_MS;
    if (!told && in_time)
        fail_msg("deed %d, command %02x, %s: %d", (int)step->deed, step->command, mishap->name, r);
    /* Nothing but rest after an outcome that nobody knows. */
    if (told && happened && (r == -ETIMEDOUT || r == -EPROTO || r == -ENODEV))
        assert_true(act(b, step->deed) < 0);
    bench_clear(b);
    host_rests(b);
    bench_free(b);
    return in_time && happened;
}

/* A machine that was busy elsewhere is asked again; a call that waits does so again. */
static void check_deed(enum deed deed)
{
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        for (size_t j = 0; j < sizeof mishaps / sizeof *mishaps && steps[i].deed == deed; j++) {
            int64_t patience = bench_in_ms(BENCH_LONG_MS);
            while (!check_one(&steps[i], &mishaps[j]))
                assert_true(clock_monotonic_ns() < patience);
        }
}

static void identify_with_every_fault(void **state)
{
    (void)state;
    check_deed(DEED_IDENTIFY);
}

static void status_with_every_fault(void **state)
{
    (void)state;
    check_deed(DEED_STATUS);
}

static void status_of_a_running_unit_with_every_fault(void **state)
{
    (void)state;
    check_deed(DEED_STATUS_RUNNING);
}

static void start_with_every_fault(void **state)
{
    (void)state;
    check_deed(DEED_START);
}

static void first_level_with_every_fault(void **state)
{
    (void)state;
    check_deed(DEED_RAISE);
}

static void level_to_rest_with_every_fault(void **state)
{
    (void)state;
    check_deed(DEED_LOWER);
}

/* ---- stops ---- */

/*
 * Whatever becomes of one step of a stop, the sound ends, and the other device hears its own step in the same call.
 * False: not in this one; to be tried again, for the machine may have held it up until its time was over.
 */
static bool check_stop(uint8_t command, const struct mishap *mishap, bool make_safe)
{
    struct bench *b = bench_new(RAMP_MS);
    bench_run(b, LEVEL);
    (void)bench_received(b, 0x16);
    (void)bench_received(b, 0x34);
    mishap->happen(b, command);
    int64_t began = clock_monotonic_ns();
    int r =
        make_safe ? unit_make_safe(&b->link, 0, bench_in_ms(CALL_MS)) : unit_stop(&b->link, 0, 0, bench_in_ms(CALL_MS));
    int64_t took = clock_monotonic_ns() - began;
    bool asked = command == 0x16 && mishap->happen == refused; /* then it is asked whether it runs */
    bool told = mishap->code == 0 ? r == 0 : asked || r < 0;
    bool heard = bench_received(b, 0x16) == 1 && bench_received(b, 0x34) == 1 && bench_output(b) == 0;
    bench_clear(b);
    host_rests(b);
    bench_free(b);
    return heard && told && took < (CALL_MS + BENCH_SLACK_MS) * NS_PER_MS;
}

static void stop_with_every_fault(void **state)
{
    (void)state;
    static const uint8_t commands[] = {0x16, 0x34, 0x3d};
    for (size_t c = 0; c < sizeof commands; c++)
        for (size_t i = 0; i < sizeof mishaps / sizeof *mishaps; i++)
            for (int make_safe = 0; make_safe < 2; make_safe++) {
                int64_t patience = bench_in_ms(BENCH_LONG_MS);
                while (!check_stop(commands[c], &mishaps[i], make_safe))
                    assert_true(clock_monotonic_ns() < patience);
            }
}

/* ---- one of the two gone ---- */

static void loss_of_either_stops_the_other(void **state)
{
    (void)state;
    for (int lost = 0; lost < LIFU_SIDES; lost++) {
        struct bench *b = bench_new(RAMP_MS);
        struct modality_status s;
        bench_run(b, LEVEL);
        bench_unplug(b, (enum lifu_side)lost);
        assert_int_equal(bench_status(b, &s), -ENODEV);
        assert_true(bench_output(b) > 0); /* neither watches the host: this is why */
        int64_t began = clock_monotonic_ns();
        assert_true(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_SLACK_MS)) < 0);
        assert_int_equal(bench_output(b), 0);
        assert_true(clock_monotonic_ns() - began < 2 * BENCH_SLACK_MS * NS_PER_MS);
        bench_free(b);
    }
}

/* A host closes the link and opens it again; what is left of the unit can still be made safe, and nothing else. */
static void half_a_unit_opens_for_rest_alone(void **state)
{
    (void)state;
    for (int lost = 0; lost < LIFU_SIDES; lost++) {
        struct bench *b = bench_new(RAMP_MS);
        struct modality_status s;
        bench_run(b, LEVEL);
        bench_unplug(b, (enum lifu_side)lost);
        unit_close(&b->link);
        assert_int_equal(unit_open(&b->link, bench_in_ms(b->call_ms)), 0);
        assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(b->call_ms)), -EIO);
        assert_int_equal(bench_output(b), 0);
        assert_int_equal(identify(b), -EIO);
        assert_int_equal(bench_status(b, &s), -EIO);
        assert_int_equal(unit_reopen(&b->link, bench_in_ms(b->call_ms)), 0);
        assert_int_equal(identify(b), -EIO);
        bench_plug(b, (enum lifu_side)lost);
        assert_int_equal(unit_reopen(&b->link, bench_in_ms(b->call_ms)), 0);
        assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(b->call_ms)), 0);
        assert_int_equal(identify(b), 0);
        assert_int_equal(bench_status(b, &s), 0);
        assert_int_equal(s.channels[0].output, OUTPUT_REST); /* back, and never resumed */
        assert_true(at_rest(b));
        bench_free(b);
    }
}

static void nothing_opens_when_both_are_gone(void **state)
{
    (void)state;
    struct bench *b = bench_new(RAMP_MS);
    unit_close(&b->link);
    bench_unplug(b, LIFU_CONSOLE);
    bench_unplug(b, LIFU_TRANSMITTER);
    assert_int_equal(unit_open(&b->link, bench_in_ms(b->call_ms)), -ENODEV);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(b->call_ms)), -EIO);
    unit_close(&b->link); /* twice is once */
    bench_free(b);
}

static void another_unit_is_not_this_one(void **state)
{
    (void)state;
    for (size_t digit = 3; digit < LIFU_SERIAL_CHARS; digit += 30) { /* one of the console, one of the transmitter */
        struct bench *b = bench_new(RAMP_MS);
        b->link.config.serial[digit] = 'e';
        assert_int_equal(identify(b), -ENODEV);
        assert_non_null(strstr(b->link.told.why, digit == 3 ? "its console's" : "its transmitter's"));
        bench_free(b);
    }
}

/* A slip that the section alone does not show: both are plain numbers. */
static void ids_that_are_swapped_in_the_section_are_told(void **state)
{
    (void)state;
    struct bench *b = bench_new(RAMP_MS);
    char serial[LIFU_SERIAL_CHARS + 1];
    size_t half = LIFU_SERIAL_CHARS / 2;
    memcpy(serial, b->link.config.serial, sizeof serial);
    memcpy(b->link.config.serial, serial + half + 1, half);
    memcpy(b->link.config.serial + half + 1, serial, half);
    assert_int_equal(identify(b), -ENODEV);
    assert_non_null(strstr(b->link.told.why, "swapped"));
    bench_free(b);
}

/* The console never says that it has switched. */
static void a_voltage_that_never_answers_is_given_up(void **state)
{
    (void)state;
    struct bench *b = bench_new(RAMP_MS);
    struct modality_status s;
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    bench_fault_on(b, 0x33, FAULT_drop, ARG_count, 1, END);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    assert_int_equal(bench_status(b, &s), 0);
    b->link.memory.switched_ns -= (LIFU_SWITCH_MS + 1) * NS_PER_MS;
    assert_int_equal(bench_status(b, &s), -ETIMEDOUT);
    host_rests(b);
    bench_free(b);
}

static void a_voltage_that_is_refused_is_a_fault(void **state)
{
    (void)state;
    struct bench *b = bench_new(RAMP_MS);
    struct modality_status s;
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    refused(b, 0x33);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, LEVEL), 0);
    int64_t until = bench_in_ms(BENCH_LONG_MS);
    do {
        assert_int_equal(bench_status(b, &s), 0);
        (void)poll(NULL, 0, 1);
    } while (!s.fault && clock_monotonic_ns() < until);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, 5);
    host_rests(b);
    bench_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identify_with_every_fault),
        cmocka_unit_test(status_with_every_fault),
        cmocka_unit_test(status_of_a_running_unit_with_every_fault),
        cmocka_unit_test(start_with_every_fault),
        cmocka_unit_test(first_level_with_every_fault),
        cmocka_unit_test(level_to_rest_with_every_fault),
        cmocka_unit_test(stop_with_every_fault),
        cmocka_unit_test(loss_of_either_stops_the_other),
        cmocka_unit_test(half_a_unit_opens_for_rest_alone),
        cmocka_unit_test(nothing_opens_when_both_are_gone),
        cmocka_unit_test(another_unit_is_not_this_one),
        cmocka_unit_test(ids_that_are_swapped_in_the_section_are_told),
        cmocka_unit_test(a_voltage_that_never_answers_is_given_up),
        cmocka_unit_test(a_voltage_that_is_refused_is_a_fault),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
