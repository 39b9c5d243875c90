/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every step of the protocol against everything that can happen to it: the error that each call must tell, no call past
 * its deadline, nothing trusted after doubt, and a stop that still goes out. Whether it did is asked of the device.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define CALL_MS 60 /* less than the document gives the device: so that the deadline is what ends a wait */
#define LATE_MS 110

/* ---- what can be called, and the commands it takes ---- */

enum op { OP_IDENTIFY, OP_STATUS, OP_STATUS_RUNNING, OP_KEEPALIVE, OP_START, OP_APPLY, OP_STOP, OP_MAKE_SAFE, OPS };

struct operation {
    const char *name;
    bool rests, runs; /* toward rest; on a device that stimulates */
    size_t n_steps;
    enum sm2_command steps[2];
};

static const struct operation operations[OPS] = {
    [OP_IDENTIFY] = {"identify", false, false, 1, {SM2_GET_MODE}},
    [OP_STATUS] = {"status", false, false, 1, {SM2_GET_MODE}},
    [OP_STATUS_RUNNING] = {"status, running", false, true, 1, {SM2_GET_MODE}},
    [OP_KEEPALIVE] = {"keepalive", false, true, 1, {SM2_GET_MODE}},
    [OP_START] = {"start", false, false, 2, {SM2_INIT_LIST, SM2_START_LIST}},
    [OP_APPLY] = {"apply", false, true, 1, {SM2_START_LIST}},
    [OP_STOP] = {"stop", true, true, 1, {SM2_STOP_LIST}},
    [OP_MAKE_SAFE] = {"make_safe", true, true, 1, {SM2_STOP_LIST}},
};

static void prepare(struct bench *b, enum op op)
{
    if (operations[op].runs)
        bench_run(b, 0, 20000);
    if (op == OP_START)
        bench_prepare(b, 0);
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
        return unit_start(&b->link, 0, 0, deadline_ns);
    case OP_APPLY:
        return unit_apply(&b->link, 0, &setting, deadline_ns);
    case OP_STOP:
        return unit_stop(&b->link, 0, 0, deadline_ns);
    case OP_MAKE_SAFE:
    case OPS:
        break;
    }
    return unit_make_safe(&b->link, 0, deadline_ns);
}

static int call_in_time(struct bench *b, enum op op)
{
    int64_t begun = clock_monotonic_ns();
    int r = call(b, op, begun + CALL_MS * NS_PER_MS);
    assert_true(clock_monotonic_ns() - begun < (CALL_MS + BENCH_SLACK_MS) * NS_PER_MS);
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
    WIRE("command lost", -ETIMEDOUT, false, drop, ARG_cut, CUT_BEFORE, -1, 0),
    WIRE("answer dropped", -ETIMEDOUT, false, drop, ARG_cut, CUT_AFTER, -1, 0),
    WIRE("answer late", -ETIMEDOUT, false, delay, ARG_ms, LATE_MS, -1, 0),
    WIRE("acts late", -ETIMEDOUT, false, delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE),
    WIRE("hang", -ETIMEDOUT, false, silent, -1, 0, -1, 0),
    WIRE("dripped", -ETIMEDOUT, false, drip, ARG_ms, 20, -1, 0),
    WIRE("refused", -EACCES, false, exception, ARG_code, 0xff, -1, 0),
    WIRE("busy", -EACCES, false, exception, ARG_code, 0xf8, -1, 0),
    WIRE("an older answer again", -ETIMEDOUT, false, replay, -1, 0, -1, 0),
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
    if (m->error == -EAGAIN && op == OP_START && step == 1)
        return -ETIMEDOUT; /* the list before it was sent */
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
    bench_slip(b, SLIP_NONE, 0, 0);
    assert_true(b->link.dialog.doubt);
    int r = unit_status(&b->link, 0, bench_in_ms(CALL_MS), &status);
    assert_true(r == -EIO || r == -ENODEV); /* of a cut link it can be heard that it is gone */
    r = unit_keepalive(&b->link, 0, bench_in_ms(CALL_MS));
    assert_true(r == -EIO || r == -ENODEV);
    assert_int_equal(b->line.written, 0);
}

/* A stop over a link in doubt, or make_safe over a new one: rest within a moment. */
static void assert_rest_is_reached(struct bench *b, const struct mishap *m)
{
    bench_clear(b);
    bench_slip(b, SLIP_NONE, 0, 0);
    int64_t begun = clock_monotonic_ns();
    if (m->cut) {
        bench_reconnect(b);
        assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    } else {
        (void)unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS));
    }
    bench_wait_rest(b, begun, BENCH_SLACK_MS);
}

/* And proved; one that has dropped the connection is at rest, and says Init again within half a second. */
static void assert_healed(struct bench *b)
{
    struct modality_status s = {0};
    int r = -ETIMEDOUT;
    for (int64_t end = bench_in_ms(1500); r < 0 && clock_monotonic_ns() < end;) {
        assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
        r = unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s);
    }
    assert_int_equal(r, 0);
    for (unsigned c = 0; c < SM2_CHANNELS; c++) {
        assert_int_equal(s.channels[c].output, OUTPUT_REST);
        assert_int_equal(s.channels[c].evidence, EVIDENCE_REPORTED);
    }
    assert_true(bench_all_rest(b));
}

/* What this case has left to come is over before the next one. */
static void let_pass(struct bench *b, const struct mishap *m)
{
    if (!m->slips && m->fault == FAULT_delay)
        (void)poll(NULL, 0, LATE_MS);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    (void)bench_status(b);
}

static void one_case(struct bench *b, enum op op, size_t step, const struct mishap *m)
{
    print_message("%s, step %zu, %s\n", operations[op].name, step, m->name);
    prepare(b, op);
    inject(b, m, &operations[op], step);
    int want = expected(m, op, step);
    assert_int_equal(call_in_time(b, op), want);
    assert_true(bench_output(b, 0) <= 20000);
    if (is_doubt(want) && m->error != -EAGAIN)
        assert_nothing_is_trusted(b);
    else
        assert_false(b->link.dialog.doubt);
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
MATRIX(set_point_under_every_mishap, OP_APPLY)
MATRIX(stop_under_every_mishap, OP_STOP)
MATRIX(make_safe_under_every_mishap, OP_MAKE_SAFE)

/* ---- the device says something else in between ---- */

static bool leads_away(enum op op)
{
    return op == OP_START || op == OP_APPLY;
}

/* Stimulation has ended; a call that leads away from rest has failed, the next status tells why. */
static void error_in_between(struct bench *b, enum op op, size_t step, int error)
{
    print_message("%s, step %zu, error %d\n", operations[op].name, step, error);
    prepare(b, op);
    bench_complain_on(b, operations[op].steps[step], error);
    assert_int_equal(call_in_time(b, op), leads_away(op) ? -EACCES : 0);
    assert_true(bench_all_rest(b));
    assert_false(b->link.dialog.doubt);
    struct modality_status s = bench_status(b);
    if (op != OP_STATUS && op != OP_STATUS_RUNNING) {
        assert_int_equal(s.patient_stop, error == REHASTIM2_SWITCH);
        assert_int_equal(s.fault, error != REHASTIM2_SWITCH && error != REHASTIM2_ELECTRODE);
        assert_int_equal(s.channels[0].contact == CONTACT_LOST, error == REHASTIM2_ELECTRODE);
    }
    assert_int_equal(s.channels[0].output, OUTPUT_REST);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_healed(b);
}

static void an_error_of_the_device_at_every_step(void **state)
{
    struct bench *b = *state;
    for (int op = 0; op < OPS; op++)
        for (size_t step = 0; step < operations[op].n_steps; step++)
            for (int error = REHASTIM2_MODULE; error <= REHASTIM2_SWITCH; error++)
                error_in_between(b, (enum op)op, step, error);
}

/* It starts anew in place of taking a command, and says Init in place of an answer. */
static void restart_in_between(struct bench *b, enum op op, size_t step)
{
    print_message("%s, step %zu, restart\n", operations[op].name, step);
    bool feeds = op == OP_KEEPALIVE;
    prepare(b, op);
    bench_reboot_on(b, operations[op].steps[step]);
    int r = call(b, op, bench_in_ms(200));
    assert_true(bench_all_rest(b));
    assert_int_equal(r, leads_away(op) || feeds ? -EACCES : 0);
    assert_false(b->link.dialog.doubt);
    struct modality_status s = bench_status(b);
    bool told = op == OP_STATUS || op == OP_STATUS_RUNNING || op == OP_IDENTIFY;
    assert_int_equal(s.restarted, !told);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_healed(b);
}

static void a_restart_at_every_step(void **state)
{
    for (int op = 0; op < OPS; op++)
        for (size_t step = 0; step < operations[op].n_steps; step++)
            restart_in_between(*state, (enum op)op, step);
}

/* ---- the handshake ---- */

static void rules_of_the_handshake(struct bench *b, enum op op, int want)
{
    int r = call(b, op, bench_in_ms(200));
    assert_int_equal(r, want);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
}

/* What it is told is lost; it goes on saying Init, and is accepted with the next one. */
static void a_handshake_that_is_lost_is_made_again(void **state)
{
    struct bench *b = *state;
    static const enum op begins[] = {OP_IDENTIFY, OP_STATUS, OP_STOP, OP_MAKE_SAFE};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        bench_fault(b, FAULT_reboot, ARG_ms, 1, -1);
        bench_wait_state(b, "down", 0, 1000);
        (void)poll(NULL, 0, 20);
        bench_fault_on(b, SM2_INIT_ACK, FAULT_silent, ARG_count, 1, -1);
        rules_of_the_handshake(b, begins[i], -ETIMEDOUT);
        int r = -ETIMEDOUT;
        for (int64_t end = bench_in_ms(1500); r < 0 && clock_monotonic_ns() < end;) {
            r = call(b, begins[i], bench_in_ms(250));
            assert_true(r == 0 || r == -ETIMEDOUT);
            assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
        }
        assert_int_equal(r, 0);
        assert_int_equal(bench_state(b, 0, "connected"), 1);
        (void)bench_status(b);
    }
}

static void a_handshake_that_cannot_be_sent_is_told(void **state)
{
    struct bench *b = *state;
    static const struct {
        enum slip slip;
        int error;
    } slips[] = {{SLIP_WRITE_AGAIN, -EAGAIN},
                 {SLIP_WRITE_TIMEOUT, -ETIMEDOUT},
                 {SLIP_WRITE_IO, -EIO},
                 {SLIP_WRITE_GONE, -ENODEV}};
    for (size_t i = 0; i < sizeof slips / sizeof *slips; i++) {
        bench_fault(b, FAULT_reboot, ARG_ms, 1, -1);
        bench_wait_state(b, "down", 0, 1000);
        (void)poll(NULL, 0, 20);
        bench_slip(b, slips[i].slip, 0, 1);
        assert_int_equal(call_in_time(b, OP_STATUS), slips[i].error);
        bench_slip(b, SLIP_NONE, 0, 0);
        assert_healed(b);
    }
}

/* ---- what lasts, and what comes late ---- */

static void no_call_sends_anything_without_time(void **state)
{
    struct bench *b = *state;
    for (int op = 0; op < OPS; op++) {
        prepare(b, (enum op)op);
        bench_slip(b, SLIP_NONE, 0, 0);
        assert_int_equal(call(b, (enum op)op, clock_monotonic_ns() - 1), -EAGAIN);
        assert_int_equal(b->line.written, 0);
        assert_false(b->link.dialog.doubt);
        assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
        (void)bench_status(b);
    }
}

/* The device hears and says nothing: a stop rests it all the same, and says that it does not know. */
static void a_stop_rests_a_device_that_never_answers(void **state)
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

/* It neither hears nor speaks: so many stops, then silence in which its watchdog ends what it can. */
static void a_device_that_hears_nothing_is_ended_by_its_watchdog(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    int64_t since = clock_monotonic_ns();
    bench_fault(b, FAULT_silent, -1);
    while (!bench_all_rest(b)) {
        assert_true(clock_monotonic_ns() - since < 2 * SM2_WATCHDOG_MS * NS_PER_MS);
        int r = call_in_time(b, OP_STOP);
        assert_true(r == -ETIMEDOUT || r == -EAGAIN || r == -EPROTO);
    }
    bench_clear(b);
    (void)call(b, OP_STOP, bench_in_ms(BENCH_LONG_MS));
    assert_healed(b);
}

static void calls_end_in_time_on_a_line_that_never_falls_silent(void **state)
{
    struct bench *b = *state;
    static const char words[] = "AA AA AA F0 81 00 0F AA AA 55 F0 AA AA AA AA AA AA AA AA AA AA AA AA AA AA AA AA AA";
    bench_run(b, 0, 20000);
    bench_fault(b, FAULT_drop, -1);
    for (int i = 0; i < 400; i++)
        bench_say(b, words);
    int r = call_in_time(b, OP_STATUS_RUNNING);
    assert_true(r == -ETIMEDOUT || r == -EPROTO);
    for (int i = 0; i < 400; i++)
        bench_say(b, words);
    r = call_in_time(b, OP_STOP);
    assert_true(r == -ETIMEDOUT || r == -EPROTO);
    assert_true(bench_all_rest(b));
    bench_clear(b);
    assert_healed(b);
}

/* An answer that comes when somebody else is waiting is nobody's. */
static void a_late_answer_is_not_taken_for_the_next(void **state)
{
    struct bench *b = *state;
    struct modality_status s;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM2_GET_MODE, FAULT_delay, ARG_ms, 40, ARG_count, 1, -1);
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(20), &s), -ETIMEDOUT);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0); /* it is not here yet */
    assert_int_equal(b->recovered, 0);
    bench_fault_on(b, SM2_GET_MODE, FAULT_delay, ARG_ms, 60, ARG_count, 1, -1);
    uint64_t unmatched = b->link.dialog.unmatched;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &s), 0);
    assert_int_equal(b->link.dialog.unmatched, unmatched + 1);
    assert_int_equal(s.channels[0].output, OUTPUT_ON);
}

/* One answer that fails to come is no fault of the line; a second one is. */
static void a_line_that_goes_on_failing_is_recovered(void **state)
{
    struct bench *b = *state;
    bench_fault_on(b, SM2_GET_MODE, FAULT_drop, ARG_count, 2, -1);
    assert_int_equal(call_in_time(b, OP_STATUS), -ETIMEDOUT);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(b->recovered, 0);
    assert_int_equal(call_in_time(b, OP_STATUS), -ETIMEDOUT);
    assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(b->recovered, 1);
    assert_int_equal(call_in_time(b, OP_STATUS), 0);
}

/* A set point that acts after the stop finds no list: the device refuses it. */
static void a_set_point_that_acts_after_the_stop_does_nothing(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM2_START_LIST, FAULT_delay, ARG_ms, LATE_MS, ARG_cut, CUT_BEFORE, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_APPLY), -ETIMEDOUT);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    for (int64_t until = bench_in_ms(2 * LATE_MS); clock_monotonic_ns() < until; (void)poll(NULL, 0, 5))
        assert_true(bench_all_rest(b));
    assert_healed(b);
}

/* The same with a connection in between: what the old one had left acts when the new one is at work. */
static void a_set_point_of_a_dead_connection_does_nothing(void **state)
{
    struct bench *b = *state;
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM2_START_LIST, FAULT_late_write, ARG_ms, 50, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_APPLY), -ETIMEDOUT);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    for (int64_t until = bench_in_ms(LATE_MS); clock_monotonic_ns() < until; (void)poll(NULL, 0, 5))
        assert_true(bench_all_rest(b));
    assert_healed(b);
}

/* A good answer is all that the device can give: what it does shows at the next status. */
static void what_is_answered_and_not_done_shows(void **state)
{
    struct bench *b = *state;
    bench_prepare(b, 4);
    bench_fault_on(b, SM2_START_LIST, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_START), 0);
    assert_int_equal(bench_status(b).channels[4].output, OUTPUT_REST);
    assert_int_equal(bench_set(b, 4, QUANTITY_amplitude_ua, 1000), -EACCES);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_run(b, 0, 20000);
    bench_fault_on(b, SM2_STOP_LIST, FAULT_echo_only, ARG_count, 1, -1);
    assert_int_equal(call_in_time(b, OP_STOP), 0);
    assert_int_equal(bench_status(b).channels[0].output, OUTPUT_ON);
    assert_int_equal(call_in_time(b, OP_STOP), 0);
    assert_healed(b);
}

static int setup(void **state)
{
    *state = bench_new();
    return 0;
}

static int teardown(void **state)
{
    bench_free(*state);
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(identify_under_every_mishap),
        TEST(status_under_every_mishap),
        TEST(status_of_what_runs_under_every_mishap),
        TEST(keepalive_under_every_mishap),
        TEST(start_under_every_mishap),
        TEST(set_point_under_every_mishap),
        TEST(stop_under_every_mishap),
        TEST(make_safe_under_every_mishap),
        TEST(an_error_of_the_device_at_every_step),
        TEST(a_restart_at_every_step),
        TEST(a_handshake_that_is_lost_is_made_again),
        TEST(a_handshake_that_cannot_be_sent_is_told),
        TEST(no_call_sends_anything_without_time),
        TEST(a_stop_rests_a_device_that_never_answers),
        TEST(a_device_that_hears_nothing_is_ended_by_its_watchdog),
        TEST(calls_end_in_time_on_a_line_that_never_falls_silent),
        TEST(a_late_answer_is_not_taken_for_the_next),
        TEST(a_line_that_goes_on_failing_is_recovered),
        TEST(a_set_point_that_acts_after_the_stop_does_nothing),
        TEST(a_set_point_of_a_dead_connection_does_nothing),
        TEST(what_is_answered_and_not_done_shows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
