/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every step of the protocol against everything that can happen to it: the error that each call must tell, no call past
 * its deadline, nothing trusted after doubt, and a stop that still goes out. Whether it did is asked of the device.
 */
#include "operations.h"

#include <errno.h>
#include <poll.h>

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
    bench_wait_rest(b, begun, BENCH_REST_MS);
    assert_false(bench_voltage(b));
}

/*
 * A call toward rest has rested its channels when it returns, however it went, if any of its commands got through; all
 * do but the one that was hit, and those behind a cut.
 */
static bool has_rested(struct bench *b, const struct mishap *m, enum op op)
{
    return !operations[op].rests || m->cut || !bench_on(b, 0);
}

/* What this case has left to come is over before the next one. */
static void let_pass(struct bench *b, const struct mishap *m)
{
    if (!m->slips && m->fault == FAULT_delay)
        (void)poll(NULL, 0, LATE_MS);
    bench_reconnect(b);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
}

/* What the call says, when the machine has let it say it, and its steps toward rest go out in their time. */
static int outcome(struct bench *b, enum op op, size_t step, const struct mishap *m)
{
    int64_t patience = bench_in_ms(BENCH_LONG_MS);
    int want = expected(m, op, step), r = 0;
    for (;;) {
        op_prepare(b, op);
        inject(b, m, &operations[op], step);
        if (want != -ETIMEDOUT && want != -EPROTO) /* of which the deadline is the end */
            return op_call_patiently(b, op);
        if (op_try(b, op, &r) && (r == want ? has_rested(b, m, op) : r != -ETIMEDOUT))
            return r;
        assert_true(clock_monotonic_ns() < patience);
        bench_clear(b);
        bench_slip(b, SLIP_NONE, 0, 0);
        let_pass(b, m);
    }
}

static void one_case(struct bench *b, enum op op, size_t step, const struct mishap *m)
{
    print_message("%s, step %zu, %s\n", operations[op].name, step, m->name);
    int want = expected(m, op, step);
    assert_int_equal(outcome(b, op, step, m), want);
    assert_true(has_rested(b, m, op));
    if (is_doubt(want) && m->error != -EAGAIN)
        assert_nothing_is_trusted(b);
    else
        assert_false(b->link.port.doubt);
    assert_rest_is_reached(b, m);
    op_assert_healed(b);
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

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, op_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(identify_under_every_mishap),
        TEST(status_under_every_mishap),
        TEST(status_of_what_runs_under_every_mishap),
        TEST(keepalive_under_every_mishap),
        TEST(start_under_every_mishap),
        TEST(start_beside_another_under_every_mishap),
        TEST(set_point_under_every_mishap),
        TEST(stop_under_every_mishap),
        TEST(stop_beside_another_under_every_mishap),
        TEST(make_safe_under_every_mishap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
