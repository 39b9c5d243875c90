/* SPDX-License-Identifier: Apache-2.0 */
/* The device says something else in between: an error, or that it starts anew, at every step of every call. */
#include "operations.h"

#include <errno.h>

/* ---- errors and restarts ---- */

static bool leads_away(enum op op)
{
    return op == OP_START || op == OP_APPLY;
}

/* Stimulation has ended; a call that leads away from rest has failed, the next status tells why. */
static void error_in_between(struct bench *b, enum op op, size_t step, int error)
{
    print_message("%s, step %zu, error %d\n", operations[op].name, step, error);
    op_prepare(b, op);
    bench_complain_on(b, operations[op].steps[step], error);
    assert_int_equal(op_call_patiently(b, op), leads_away(op) ? -EACCES : 0);
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
    op_assert_healed(b);
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
    int64_t patience = bench_in_ms(BENCH_LONG_MS);
    int r;
    for (;;) {
        op_prepare(b, op);
        bench_reboot_on(b, operations[op].steps[step]);
        r = op_call_patiently(b, op);
        if (r != -ETIMEDOUT) /* the machine has held up its Init for longer than anybody waits */
            break;
        assert_true(clock_monotonic_ns() < patience);
        op_assert_healed(b);
        assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
        (void)bench_status(b);
    }
    assert_true(bench_all_rest(b));
    assert_int_equal(r, leads_away(op) || feeds ? -EACCES : 0);
    assert_false(b->link.dialog.doubt);
    struct modality_status s = bench_status(b);
    bool told = op == OP_STATUS || op == OP_STATUS_RUNNING || op == OP_IDENTIFY;
    assert_int_equal(s.restarted, !told);
    assert_int_equal(unit_stop(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    op_assert_healed(b);
}

static void a_restart_at_every_step(void **state)
{
    for (int op = 0; op < OPS; op++)
        for (size_t step = 0; step < operations[op].n_steps; step++)
            restart_in_between(*state, (enum op)op, step);
}

/* ---- the handshake ---- */

/* The device starts anew, and its Init is there. */
static void offer(struct bench *b)
{
    bench_fault(b, FAULT_reboot, ARG_ms, 1, -1);
    bench_wait_state(b, "down", 0, BENCH_LONG_MS);
    bench_await_words(b);
}

/* The answer to its Init is lost, and the call over before the next one. */
static void lose_handshake(struct bench *b, enum op op)
{
    int64_t patience = bench_in_ms(BENCH_LONG_MS), begun;
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        bench_clear(b);
        begun = clock_monotonic_ns();
        offer(b);
        bench_fault_on(b, SM2_INIT_ACK, FAULT_silent, ARG_count, 1, -1);
        r = op_call(b, op, bench_in_ms(200));
        assert_int_equal(unit_reopen(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    } while (clock_monotonic_ns() - begun > BENCH_INIT_MS * NS_PER_MS); /* the machine has held it up */
    assert_int_equal(r, -ETIMEDOUT);
}

/* What it is told is lost; it goes on saying Init, and is accepted with the next one. */
static void a_handshake_that_is_lost_is_made_again(void **state)
{
    struct bench *b = *state;
    static const enum op begins[] = {OP_IDENTIFY, OP_STATUS, OP_STOP, OP_MAKE_SAFE};
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        lose_handshake(b, begins[i]);
        int r = -ETIMEDOUT;
        for (int64_t end = bench_in_ms(BENCH_LONG_MS); r < 0 && clock_monotonic_ns() < end;) {
            r = op_call(b, begins[i], bench_in_ms(250));
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
        offer(b);
        bench_slip(b, slips[i].slip, 0, 1);
        assert_int_equal(op_call_patiently(b, OP_STATUS), slips[i].error);
        bench_slip(b, SLIP_NONE, 0, 0);
        op_assert_healed(b);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, bench_setup, bench_teardown)
    const struct CMUnitTest tests[] = {
        TEST(an_error_of_the_device_at_every_step),
        TEST(a_restart_at_every_step),
        TEST(a_handshake_that_is_lost_is_made_again),
        TEST(a_handshake_that_cannot_be_sent_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
