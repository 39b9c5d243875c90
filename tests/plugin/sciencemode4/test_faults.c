/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every step of the protocol against everything that can happen to it: the error that each call must tell, no call past
 * its deadline, nothing trusted after doubt, and a stop that still goes out. Whether it did is asked of the device.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define CALL_MS 50
#define REST_MS 100 /* a call toward rest, whose steps share it */
#define LATE_MS 150

/* ---- what can be called, and the commands it takes ---- */

enum op {
    OP_IDENTIFY,
    OP_STATUS,
    OP_STATUS_RUNNING,
    OP_KEEPALIVE,
    OP_START,
    OP_START_BESIDE,
    OP_APPLY,
    OP_STOP,
    OP_STOP_BESIDE,
    OP_MAKE_SAFE,
    OPS
};

struct operation {
    const char *name;
    bool rests, reads;
    unsigned running; /* channels that run before it */
    size_t n_steps;
    enum sm4_command steps[3];
};

static const struct operation operations[OPS] = {
    [OP_IDENTIFY] = {"identify", false, true, 0, 2, {SM4_GET_DEVICE_ID, SM4_GET_EXTENDED_VERSION}},
    [OP_STATUS] = {"status", false, true, 0, 1, {SM4_GET_STIM_STATUS}},
    [OP_STATUS_RUNNING] = {"status, running", false, true, 1, 2, {SM4_GET_STIM_STATUS, SM4_ML_CURRENT_DATA}},
    [OP_KEEPALIVE] = {"keepalive", false, true, 1, 1, {SM4_ML_CURRENT_DATA}},
    [OP_START] = {"start", false, false, 0, 2, {SM4_ML_INIT, SM4_ML_UPDATE}},
    [OP_START_BESIDE] = {"start, beside another", false, false, 1, 2, {SM4_ML_CURRENT_DATA, SM4_ML_UPDATE}},
    [OP_APPLY] = {"apply", false, false, 1, 2, {SM4_ML_CURRENT_DATA, SM4_ML_UPDATE}},
    [OP_STOP] = {"stop", true, false, 1, 2, {SM4_ML_UPDATE, SM4_ML_STOP}},
    [OP_STOP_BESIDE] = {"stop, beside another", true, false, 2, 2, {SM4_ML_CURRENT_DATA, SM4_ML_UPDATE}},
    [OP_MAKE_SAFE] = {"make_safe", true, false, 1, 3, {SM4_ML_UPDATE, SM4_ML_STOP, SM4_LL_STOP}},
};

static void prepare(struct bench *b, enum op op)
{
    for (unsigned c = 0; c < operations[op].running; c++)
        bench_run(b, c, 20000);
    if (op == OP_START || op == OP_START_BESIDE)
        bench_prepare(b, 4);
}

static int call(struct bench *b, enum op op, int64_t deadline_ns)
{
    struct modality_identity identity;
    struct modality_status status;
    const struct modality_setting setting = {.channel = 0, .quantity = QUANTITY_amplitude_ua, .value = 19000};
    switch (op) {
    case OP_IDENTIFY:
        return unit_identify(&b->link, 0, deadline_ns, &identity);
    case OP_STATUS:
    case OP_STATUS_RUNNING:
        return unit_status(&b->link, 0, deadline_ns, &status);
    case OP_KEEPALIVE:
        return unit_keepalive(&b->link, 0, deadline_ns);
    case OP_START:
    case OP_START_BESIDE:
        return unit_start(&b->link, 0, 4, deadline_ns);
    case OP_APPLY:
        return unit_apply(&b->link, 0, &setting, deadline_ns);
    case OP_STOP:
    case OP_STOP_BESIDE:
        return unit_stop(&b->link, 0, 0, deadline_ns);
    case OP_MAKE_SAFE:
    case OPS:
        break;
    }
    return unit_make_safe(&b->link, 0, deadline_ns);
}

static int call_in_time(struct bench *b, enum op op)
{
    int64_t ms = operations[op].rests ? REST_MS : CALL_MS, begun = clock_monotonic_ns();
    int r = call(b, op, begun + ms * NS_PER_MS);
    assert_true(clock_monotonic_ns() - begun < (ms + BENCH_SLACK_MS) * NS_PER_MS);
    return r;
}

/* ---- what can happen ---- */

struct mishap {
    const char *name;
    int error;
    bool cut;   /* the link is gone afterwards */
    bool slips; /* it is the transport's */
    enum slip slip;
    enum fault_id fault;
    int args[4]; /* argument and value, twice; -1 = none */
};

#define WIRE(name, error, cut, fault, ...)                                                                             \
    {                                                                                                                  \
        name, error, cut, false, SLIP_NONE, FAULT_##fault,                                                             \
        {                                                                                                              \
            __VA_ARGS__                                                                                                \
        }                                                                                                              \
    }
#define CORRUPT(name, error, how) WIRE(name, error, false, corrupt, ARG_how, CORRUPT_##how, -1, 0)
#define SLIP(name, error, slip)                                                                                        \
    {                                                                                                                  \
        name, error, false, true, slip, FAULT_drop,                                                                    \
        {                                                                                                              \
            -1, 0, -1, 0                                                                                               \
        }                                                                                                              \
    }

static const struct mishap mishaps[] = {
    WIRE("cut before it acts", -ENODEV, true, close, ARG_cut, CUT_BEFORE, -1, 0),
    WIRE("cut after it acted", -ENODEV, true, close, ARG_cut, CUT_AFTER, -1, 0),
    WIRE("request lost", -ETIMEDOUT, false, drop, ARG_cut, CUT_BEFORE, -1, 0),
    WIRE("reply dropped", -ETIMEDOUT, false, drop, ARG_cut, CUT_AFTER, -1, 0),
    WIRE("reply late", -ETIMEDOUT, false, delay, ARG_ms, LATE_MS, -1, 0),
    WIRE("acts late", -ETIMEDOUT, false, delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE),
    WIRE("hang", -ETIMEDOUT, false, silent, -1, 0, -1, 0),
    WIRE("dripped", -ETIMEDOUT, false, drip, ARG_ms, 20, -1, 0),
    WIRE("refused", -EACCES, false, exception, ARG_code, P24_PARAMETER_ERROR, -1, 0),
    CORRUPT("wrong number", -ETIMEDOUT, TRANSACTION),
    CORRUPT("wrong command", -EPROTO, FUNCTION),
    CORRUPT("bit flipped", -EPROTO, BIT_FLIP),
    CORRUPT("wrong checksum", -EPROTO, BAD_CRC),
    CORRUPT("garbage", -EPROTO, GARBAGE),
    CORRUPT("truncated", -ETIMEDOUT, TRUNCATE),
    CORRUPT("noise before it", 0, NOISE),
    WIRE("twice", 0, false, duplicate, -1, 0, -1, 0),
    SLIP("no room to send", -EAGAIN, SLIP_WRITE_AGAIN),
    SLIP("sent in part", -ETIMEDOUT, SLIP_WRITE_TIMEOUT),
    SLIP("sending fails", -EIO, SLIP_WRITE_IO),
    SLIP("gone while sending", -ENODEV, SLIP_WRITE_GONE),
    SLIP("receiving fails", -EIO, SLIP_READ_IO),
    SLIP("gone while receiving", -ENODEV, SLIP_READ_GONE),
    SLIP("received in pieces", 0, SLIP_SHORT_READS),
};

static void inject(struct bench *b, const struct mishap *m, const struct operation *o, size_t step)
{
    bench_slip(b, SLIP_NONE, 0, 0);
    if (m->slips)
        bench_slip(b, m->slip, (unsigned)step, 1);
    else if (m->args[0] < 0)
        bench_fault_on(b, o->steps[step], m->fault, ARG_count, 1, -1);
    else
        bench_fault_on(b, o->steps[step], m->fault, ARG_count, 1, m->args[0], m->args[1], m->args[2], m->args[3], -1);
}

/* What the call must say. */
static int expected(const struct mishap *m, enum op op, size_t step)
{
    const struct operation *o = &operations[op];
    if (m->error == -EACCES && (op == OP_STATUS || op == OP_STATUS_RUNNING))
        return 0; /* told as a fault of the device */
    if (m->error == -EACCES && op == OP_STOP_BESIDE && step == 0)
        return 0; /* the device answers that nothing is known to run: all is stopped */
    if (m->error == -EAGAIN && op == OP_START && o->steps[step] == SM4_ML_UPDATE)
        return -ETIMEDOUT; /* what came before it was sent */
    return m->error;
}

static bool is_doubt(int error)
{
    return error == -ETIMEDOUT || error == -EPROTO || error == -EIO || error == -ENODEV;
}

/* ---- afterwards ---- */

/* Nothing but what rests is sent before the link was opened anew. */
static void assert_nothing_is_trusted(struct bench *b)
{
    struct modality_status status;
    struct modality_identity identity;
    bench_slip(b, SLIP_NONE, 0, 0);
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(CALL_MS), &status), -EIO);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(CALL_MS), &identity), -EIO);
    assert_int_equal(unit_keepalive(&b->link, 0, bench_in_ms(CALL_MS)), -EIO);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 500), -EIO);
    assert_int_equal(b->line.written, 0);
}

/* A stop over a link in doubt, or make_safe over a new one: rest within a moment, and proved. */
static void assert_rest_is_reached(struct bench *b, const struct mishap *m)
{
    bench_clear(b);
    bench_slip(b, SLIP_NONE, 0, 0);
    int64_t begun = clock_monotonic_ns();
    if (m->cut) {
        bench_reconnect(b);
        assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    } else {
        (void)unit_stop(&b->link, 0, BENCH_ALL, bench_in_ms(BENCH_LONG_MS));
    }
    bench_wait_rest(b, begun, BENCH_SLACK_MS);
    assert_false(bench_voltage(b));
}

static void assert_healed(struct bench *b)
{
    struct modality_status s;
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s), 0);
    if (s.fault) /* the device was sent half a command and has complained about it */
        assert_int_equal(s.fault_code, P24_TRANSFER_ERROR);
    for (unsigned c = 0; c < SM4_CHANNELS; c++) {
        assert_int_equal(s.channels[c].output, OUTPUT_REST);
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
    }
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
}

/*
 * A call toward rest has rested its channels when it returns, however it went, if any of its commands got through; all
 * do but the one that was hit, and those behind a cut.
 */
static void assert_rested(struct bench *b, const struct mishap *m, enum op op)
{
    if (operations[op].rests && !m->cut)
        assert_false(bench_on(b, 0));
}

/* What this case has left to come is over before the next one. */
static void let_pass(struct bench *b, const struct mishap *m)
{
    if (!m->slips && m->fault == FAULT_delay)
        (void)poll(NULL, 0, LATE_MS);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
}

static void one_case(struct bench *b, enum op op, size_t step, const struct mishap *m)
{
    print_message("%s, step %zu, %s\n", operations[op].name, step, m->name);
    prepare(b, op);
    inject(b, m, &operations[op], step);
    int want = expected(m, op, step);
    assert_int_equal(call_in_time(b, op), want);
    assert_rested(b, m, op);
    if (is_doubt(want) && m->error != -EAGAIN)
        assert_nothing_is_trusted(b);
    else
        assert_false(b->link.port.doubt);
    assert_rest_is_reached(b, m);
    assert_healed(b);
    let_pass(b, m);
}

static void matrix(struct bench *b, enum op op)
{
    for (size_t step = 0; step < operations[op].n_steps; step++)
        for (size_t i = 0; i < sizeof mishaps / sizeof *mishaps; i++)
            one_case(b, op, step, &mishaps[i]);
}

#define MATRIX(name, op)                                                                                               \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        matrix(*state, op);                                                                                            \
    }
MATRIX(identify_under_every_mishap, OP_IDENTIFY)
MATRIX(status_under_every_mishap, OP_STATUS)
MATRIX(status_of_what_runs_under_every_mishap, OP_STATUS_RUNNING)
MATRIX(keepalive_under_every_mishap, OP_KEEPALIVE)
MATRIX(start_under_every_mishap, OP_START)
MATRIX(start_beside_another_under_every_mishap, OP_START_BESIDE)
MATRIX(set_point_under_every_mishap, OP_APPLY)
MATRIX(stop_under_every_mishap, OP_STOP)
MATRIX(stop_beside_another_under_every_mishap, OP_STOP_BESIDE)
MATRIX(make_safe_under_every_mishap, OP_MAKE_SAFE)

/* ---- what lasts, and what comes late ---- */

/* The device hears and says nothing: a stop rests it all the same, and says that it does not know. */
static void stop_rests_a_device_that_never_answers(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_drop, -1);
    assert_int_equal(call_in_time(b, OP_STOP), -ETIMEDOUT);
    assert_true(bench_all_rest(b));
    assert_int_equal(call_in_time(b, OP_MAKE_SAFE), -ETIMEDOUT);
    assert_int_equal(call_in_time(b, OP_MAKE_SAFE), -ETIMEDOUT);
    bench_clear(b);
    assert_healed(b);
}

static void calls_end_in_time_on_a_line_that_never_falls_silent(void **state)
{
    struct bench *b = *state;
    uint8_t flood[4096];
    memset(flood, 0xaa, sizeof flood);
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_drop, -1);
    for (int i = 0; i < 8; i++)
        bench_say(b, flood, sizeof flood);
    assert_int_equal(call_in_time(b, OP_STATUS_RUNNING), -ETIMEDOUT);
    for (int i = 0; i < 8; i++)
        bench_say(b, flood, sizeof flood);
    assert_int_equal(call_in_time(b, OP_STOP), -ETIMEDOUT);
    assert_true(bench_all_rest(b));
    bench_clear(b);
    assert_healed(b);
}

/* An answer that comes when somebody else is waiting is nobody's. */
static void late_answer_is_not_taken_for_the_next(void **state)
{
    struct bench *b = *state;
    struct modality_status s;
    bench_fault_on(b, SM4_GET_STIM_STATUS, FAULT_delay, ARG_ms, 30, ARG_count, 1, -1);
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(10), &s), -ETIMEDOUT);
    sm4_port_resume(&b->link.port); /* as if nothing had to be drained */
    bench_fault_on(b, SM4_GET_STIM_STATUS, FAULT_delay, ARG_ms, 60, ARG_count, 1, -1);
    uint64_t discarded = b->link.port.discarded;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s), 0);
    assert_int_equal(b->link.port.discarded, discarded + 1);
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
}

/* A start that acts after the stop finds the level gone: the device refuses it. */
static void update_that_acts_after_the_stop_does_nothing(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_APPLY), -ETIMEDOUT);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(REST_MS)), 0);
    assert_true(bench_all_rest(b));
    int64_t until = bench_in_ms(2 * LATE_MS);
    while (clock_monotonic_ns() < until) {
        assert_true(bench_all_rest(b));
        (void)poll(NULL, 0, 5);
    }
    assert_healed(b);
}

/* The same with a connection in between: what the old one had left acts when the new one is at work. */
static void update_of_a_dead_connection_does_nothing(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_late_write, ARG_ms, 50, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_APPLY), -ETIMEDOUT);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(REST_MS)), 0);
    int64_t until = bench_in_ms(LATE_MS);
    while (clock_monotonic_ns() < until) {
        assert_true(bench_all_rest(b));
        (void)poll(NULL, 0, 5);
    }
    assert_healed(b);
}

/* A level that begins after the stop has no output, but its high voltage is no proof of rest. */
static void level_that_begins_after_the_stop_is_seen(void **state)
{
    struct bench *b = *state;
    struct modality_status s;
    bench_prepare(b, 4);
    bench_fault_on(b, SM4_ML_INIT, FAULT_delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_START), -ETIMEDOUT);
    assert_int_equal(unit_stop(&b->link, 0, 4, bench_in_ms(REST_MS)), 0);
    int64_t until = bench_in_ms(2 * LATE_MS);
    while (!bench_voltage(b)) {
        assert_true(clock_monotonic_ns() < until);
        (void)poll(NULL, 0, 5);
    }
    assert_true(bench_all_rest(b));
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s), 0);
    assert_int_equal(s.channels[4].output, OUTPUT_UNKNOWN);
    assert_int_equal(s.channels[4].evidence, EVIDENCE_NONE);
    assert_int_equal(unit_stop(&b->link, 0, 4, bench_in_ms(REST_MS)), 0);
    assert_healed(b);
}

/* A good echo is all that the device can give: what it does is asked of it, and shows at the next status. */
static void update_that_was_echoed_and_not_done_shows(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 4);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_START), 0);
    struct modality_status s = bench_status(b);
    assert_int_equal(s.channels[4].output, OUTPUT_REST);
    bench_clear(b);
    assert_int_equal(unit_stop(&b->link, 0, 4, bench_in_ms(REST_MS)), 0);
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM4_ML_UPDATE, FAULT_echo_only, ARG_count, 1, -1);
    bench_fault_on(b, SM4_ML_STOP, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_STOP), 0);
    s = bench_status(b);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
    bench_clear(b);
    assert_int_equal(call_in_time(b, OP_STOP), 0);
    assert_healed(b);
}

static void error_told_between_two_answers_is_kept(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    static const uint8_t high_voltage[] = {0xf0, 0x81, 0x55, 0x81, 0x58, 0x81, 0xbf,
                                           0x81, 0xf3, 0x00, 0x42, 0x08, 0x0f};
    bench_say(b, high_voltage, sizeof high_voltage);
    assert_int_equal(bench_set(b, 0, QUANTITY_amplitude_ua, 19500), -EACCES);
    struct modality_status s = bench_status(b);
    assert_true(s.fault);
    assert_int_equal(s.fault_code, SM4_HIGH_VOLTAGE);
    assert_int_equal(call_in_time(b, OP_STOP), 0);
    assert_true(bench_all_rest(b));
}

static int setup(void **state)
{
    struct bench *b = bench_new();
    bench_switch_ms(b, 2); /* the matrix is long */
    *state = b;
    return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        T(identify_under_every_mishap),
        T(status_under_every_mishap),
        T(status_of_what_runs_under_every_mishap),
        T(keepalive_under_every_mishap),
        T(start_under_every_mishap),
        T(start_beside_another_under_every_mishap),
        T(set_point_under_every_mishap),
        T(stop_under_every_mishap),
        T(stop_beside_another_under_every_mishap),
        T(make_safe_under_every_mishap),
        T(stop_rests_a_device_that_never_answers),
        T(calls_end_in_time_on_a_line_that_never_falls_silent),
        T(late_answer_is_not_taken_for_the_next),
        T(update_that_acts_after_the_stop_does_nothing),
        T(update_of_a_dead_connection_does_nothing),
        T(level_that_begins_after_the_stop_is_seen),
        T(update_that_was_echoed_and_not_done_shows),
        T(error_told_between_two_answers_is_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
