/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The plugin against a device that answers wrongly, on TCP and on RTU: deadlines hold whatever comes, no stale reply is
 * taken for an answer, and an unknown outcome is said to be one.
 */
#include "fault_bench.h"

#include <errno.h>
#include <poll.h>

/* Of its low word the device makes its clock. */
#define UPTIME_HIGH 12

/* What a call is given that is to end so. */
static int time_for(int error)
{
    return error == -ETIMEDOUT ? CALL_MS : LONG_MS;
}

/* A faulty answer to the first request of a status, what the call says of it. */
static void read_fault(struct bench *b, enum peer_fault fault, int argument, int error)
{
    int64_t patience = support_in_ms(LONG_MS);
    struct modality_status status;
    int r;
    do { /* RTU gives an answer up after 150 ms */
        assert_true(clock_monotonic_ns() < patience);
        peer_inject(b->peer, fault, 1, 0, argument);
        r = status_in(b, time_for(error), &status);
        assert_doubt_then_healed(b);
    } while (r == -ETIMEDOUT && r != error);
    assert_int_equal(r, error);
}

/* What the device was told to write, as soon as it was told anything. */
static unsigned writes_soon(struct bench *b)
{
    int64_t until = support_in_ms(SLACK_MS);
    unsigned n;
    while ((n = peer_writes(b->peer)) == 0 && clock_monotonic_ns() < until)
        (void)poll(NULL, 0, 1);
    return n;
}

/* A faulty answer to the write of a set point. */
static void write_fault(struct bench *b, enum peer_fault fault, int argument, int error)
{
    int64_t patience = support_in_ms(LONG_MS);
    unsigned writes = 0;
    while (writes == 0) {
        assert_true(clock_monotonic_ns() < patience);
        assert_int_equal(b->p->reopen(b->link, support_in_ms(LONG_MS)), 0);
        peer_inject(b->peer, fault, 1, 6, argument);
        peer_writes(b->peer);
        int r = apply_in(b, time_for(error), 12300);
        writes = writes_soon(b);
        if (r != error && r == -ETIMEDOUT)
            writes = 0; /* as none: the machine has held it up until its time was over */
        else
            assert_int_equal(r, error);
    }
    assert_int_equal(writes, 1);
}

static void silence_ends_at_the_deadline(void **state)
{
    read_fault(*state, PEER_SILENT, 0, -ETIMEDOUT);
}

static void dripped_reply_ends_at_the_deadline(void **state)
{
    read_fault(*state, PEER_DRIP, 0, -ETIMEDOUT);
}

static void truncated_reply_ends_at_the_deadline(void **state)
{
    read_fault(*state, PEER_TRUNCATED, 0, -ETIMEDOUT);
}

/* Gives a reply up that says 1, and reads again what is 2 now. */
static int64_t read_after_a_late_reply(struct bench *b, int64_t patience)
{
    struct modality_status status;
    int r;
    peer_set_input(b->peer, UPTIME_HIGH, 1);
    do {
        assert_true(clock_monotonic_ns() < patience);
        peer_inject(b->peer, PEER_LATE, 1, 4, LATE_MS);
        r = status_in(b, CALL_MS, &status);
    } while (r == 0); /* the machine has held it up until the reply was there */
    assert_int_equal(r, -ETIMEDOUT);
    peer_set_input(b->peer, UPTIME_HIGH, 2);
    assert_int_equal(b->p->reopen(b->link, support_in_ms(LONG_MS)), 0);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    return status.uptime_ms >> 16;
}

static void late_reply_is_not_taken_for_the_next(void **state)
{
    struct bench *b = *state;
    int64_t patience = support_in_ms(LONG_MS);
    struct modality_status status;
    /*
     * RTU has no transaction: there the reply must fall into the silence of one response timeout, 150 ms, and is tried
     * again when the machine has held the device up for longer.
     */
    while (read_after_a_late_reply(b, patience) != 2) {
        assert_true(b->rtu);
        assert_int_equal(b->p->reopen(b->link, support_in_ms(LONG_MS)), 0);
    }
    for (int i = 0; i < 4; i++) {
        assert_int_equal(status_in(b, LONG_MS, &status), 0);
        assert_int_equal(status.uptime_ms >> 16, 2);
    }
}

static void wrong_function_is_malformed(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_inject(b->peer, PEER_WRONG_FUNCTION, 1, 0, 0);
    assert_int_equal(status_in(b, LONG_MS, &status), -EPROTO);
    assert_doubt_then_healed(b);
}

/* One reply that does not answer the request, to a read and to each function that writes. */
static void malformed_everywhere(struct bench *b, enum peer_fault fault, int argument)
{
    read_fault(b, fault, argument, -EPROTO);
    write_fault(b, fault, argument, -EPROTO);
    assert_doubt_then_healed(b);
    peer_inject(b->peer, fault, 1, 16, argument);
    assert_int_equal(apply_timer_in(b, LONG_MS), -EPROTO);
    assert_doubt_then_healed(b);
    peer_inject(b->peer, fault, 1, 5, argument);
    assert_int_equal(stop_in(b, LONG_MS), -EPROTO);
    assert_doubt_then_healed(b);
}

static void wrong_transaction_is_malformed(void **state)
{
    malformed_everywhere(*state, PEER_WRONG_TRANSACTION, 0);
}

static void wrong_protocol_is_malformed(void **state)
{
    malformed_everywhere(*state, PEER_WRONG_PROTOCOL, 0);
}

static void reply_of_another_unit_is_malformed(void **state)
{
    malformed_everywhere(*state, PEER_WRONG_UNIT, 0);
}

/* It would say that nothing was done. */
static void exception_of_another_unit_is_malformed(void **state)
{
    malformed_everywhere(*state, PEER_FOREIGN_EXCEPTION, 2);
}

static void wrong_length_is_malformed(void **state)
{
    malformed_everywhere(*state, PEER_LENGTH_SAYS, 0);
    malformed_everywhere(*state, PEER_LENGTH_SAYS, 0xffff);
    malformed_everywhere(*state, PEER_LENGTH_OFF_BY, -1);
    malformed_everywhere(*state, PEER_LENGTH_OFF_BY, 1);
}

static void bytes_behind_a_reply_are_malformed(void **state)
{
    malformed_everywhere(*state, PEER_TRAILING, 0);
    malformed_everywhere(*state, PEER_PADDED, 0);
}

static void wrong_byte_count_is_malformed(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_inject(b->peer, PEER_WRONG_COUNT, 1, 0, 0);
    int r = status_in(b, CALL_MS, &status);
    /* RTU: the length follows from the count, so that the checksum is looked for where it is not. */
    assert_true(r == -EPROTO || (b->rtu && r == -ETIMEDOUT));
    assert_doubt_then_healed(b);
}

static void repeated_reply_puts_the_line_in_doubt(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_inject(b->peer, PEER_TWICE, 1, 0, 20);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    int r = status_in(b, LONG_MS, &status);
    assert_true(r == -EPROTO || r == -EIO);
    assert_doubt_then_healed(b);
}

static void bad_checksum_is_malformed(void **state)
{
    read_fault(*state, PEER_BAD_CHECKSUM, 0, -EPROTO);
}

static void garbage_never_becomes_a_status(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_inject(b->peer, PEER_GARBAGE, 1, 0, 0);
    int r = status_in(b, CALL_MS, &status);
    assert_true(r == -EPROTO || r == -ETIMEDOUT);
    assert_doubt_then_healed(b);
}

static void bytes_behind_a_reply_do_not_shift_the_next(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_set_input(b->peer, UPTIME_HIGH, 777);
    peer_inject(b->peer, PEER_TRAILING, 1, 0, 0);
    for (int i = 0; i < 3; i++) {
        int r = status_in(b, LONG_MS, &status);
        if (r < 0)
            assert_int_equal(b->p->reopen(b->link, support_in_ms(LONG_MS)), 0);
        else
            assert_int_equal(status.uptime_ms >> 16, 777);
    }
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
}

static void exception_on_a_read_leaves_the_link_whole(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_inject(b->peer, PEER_EXCEPTION, 1, 0, 2);
    assert_int_equal(status_in(b, LONG_MS, &status), -EACCES);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
}

static void exception_on_a_write_means_not_done(void **state)
{
    struct bench *b = *state;
    write_fault(b, PEER_EXCEPTION, 3, -EACCES);
    assert_int_equal(peer_holding(b->peer, 100), 0);
    assert_int_equal(apply_in(b, LONG_MS, 12300), 0);
    assert_int_equal(peer_holding(b->peer, 100), 123);
}

static void gateway_without_answer_leaves_the_outcome_unknown(void **state)
{
    write_fault(*state, PEER_EXCEPTION, 11, -ETIMEDOUT);
}

static void write_without_answer_is_unknown_and_not_repeated(void **state)
{
    struct bench *b = *state;
    write_fault(b, PEER_SILENT, 0, -ETIMEDOUT);
    assert_doubt_then_healed(b);
    assert_int_equal(peer_writes(b->peer), 0);
}

static void write_on_a_closed_connection_is_unknown(void **state)
{
    struct bench *b = *state;
    write_fault(b, PEER_CLOSE, 0, -ETIMEDOUT);
    assert_doubt_then_healed(b);
}

static void echo_of_another_write_is_refused(void **state)
{
    struct bench *b = *state;
    write_fault(b, PEER_WRONG_ECHO, 0, -EPROTO);
    assert_doubt_then_healed(b);
    peer_inject(b->peer, PEER_WRONG_ECHO, 1, 16, 0);
    assert_int_equal(apply_timer_in(b, LONG_MS), -EPROTO);
    assert_doubt_then_healed(b);
    peer_inject(b->peer, PEER_WRONG_ECHO, 1, 5, 0);
    assert_int_equal(stop_in(b, LONG_MS), -EPROTO);
}

static void echo_without_doing_is_found_by_reading_back(void **state)
{
    write_fault(*state, PEER_ECHO_WITHOUT_DOING, 0, -EPROTO);
}

static void set_point_that_cannot_be_read_back_is_not_proved(void **state)
{
    struct bench *b = *state;
    peer_inject(b->peer, PEER_SILENT, 1, 3, 0);
    assert_int_equal(apply_in(b, CALL_MS, 12300), -ETIMEDOUT);
    assert_int_equal(peer_holding(b->peer, 100), 123);
}

static void passed_deadline_sends_nothing(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_requests(b->peer);
    assert_int_equal(b->p->status(b->link, 0, clock_monotonic_ns() - NS_PER_MS, &status), -EAGAIN);
    assert_int_equal(apply_in(b, 0, 100), -EAGAIN);
    assert_int_equal(b->p->stop(b->link, 0, 0, clock_monotonic_ns()), -EAGAIN);
    assert_int_equal(peer_requests(b->peer), 0);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
}

static void poll_takes_one_request(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_requests(b->peer);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    assert_int_equal(peer_requests(b->peer), 1);
}

static void restart_shows_when_uptime_falls(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_set_input(b->peer, UPTIME_HIGH, 3);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    assert_false(status.restarted);
    peer_set_input(b->peer, UPTIME_HIGH, 0);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    assert_true(status.restarted);
}

static void current_while_off_is_output(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_set_input(b->peer, 20, 12); /* 120 uA, the declared noise is 50 */
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    assert_int_equal(status.channels[0].output, OUTPUT_ON);
    assert_int_equal(status.channels[0].evidence, EVIDENCE_MEASURED);
    peer_set_input(b->peer, 20, 5);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
}

static void vanished_device_is_found_absent(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    peer_inject(b->peer, PEER_CLOSE, 1, 0, 0);
    assert_int_equal(status_in(b, LONG_MS, &status), -EIO);
    assert_doubt_then_healed(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(silence_ends_at_the_deadline),
        BOTH(dripped_reply_ends_at_the_deadline),
        BOTH(truncated_reply_ends_at_the_deadline),
        BOTH(late_reply_is_not_taken_for_the_next),
        BOTH(wrong_function_is_malformed),
        TCP_TEST(wrong_transaction_is_malformed),
        TCP_TEST(wrong_protocol_is_malformed),
        BOTH(reply_of_another_unit_is_malformed),
        BOTH(exception_of_another_unit_is_malformed),
        TCP_TEST(wrong_length_is_malformed),
        TCP_TEST(bytes_behind_a_reply_are_malformed),
        TCP_TEST(repeated_reply_puts_the_line_in_doubt),
        BOTH(wrong_byte_count_is_malformed),
        RTU_TEST(bad_checksum_is_malformed),
        BOTH(garbage_never_becomes_a_status),
        BOTH(bytes_behind_a_reply_do_not_shift_the_next),
        BOTH(exception_on_a_read_leaves_the_link_whole),
        BOTH(exception_on_a_write_means_not_done),
        BOTH(gateway_without_answer_leaves_the_outcome_unknown),
        BOTH(write_without_answer_is_unknown_and_not_repeated),
        TCP_TEST(write_on_a_closed_connection_is_unknown),
        BOTH(echo_of_another_write_is_refused),
        TCP_TEST(echo_without_doing_is_found_by_reading_back),
        TCP_TEST(set_point_that_cannot_be_read_back_is_not_proved),
        BOTH(passed_deadline_sends_nothing),
        BOTH(poll_takes_one_request),
        BOTH(restart_shows_when_uptime_falls),
        BOTH(current_while_off_is_output),
        TCP_TEST(vanished_device_is_found_absent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
