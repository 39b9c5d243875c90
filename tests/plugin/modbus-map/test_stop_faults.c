/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stop on a device that answers wrongly, or not: it writes all it has, and nothing but a status proves it.
 */
#include "fault_bench.h"

#include <errno.h>

#define STOP_MS 800 /* a share for each of its steps */

static void stop_writes_every_step_to_a_silent_device(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->p->start(b->link, 0, 2, support_in_ms(LONG_MS)), 0);
    assert_int_equal(apply_in(b, LONG_MS, 5000), 0);
    assert_true(peer_coil(b->peer, 0) && peer_coil(b->peer, 1));
    peer_writes(b->peer);
    peer_inject(b->peer, PEER_SILENT, 100, 0, 0);
    assert_int_equal(stop_in(b, STOP_MS), -ETIMEDOUT);
    int64_t patience = support_in_ms(LONG_MS);
    unsigned writes = 0;
    while ((writes += peer_writes(b->peer)) < 4) /* the last one may be on its way */
        assert_true(clock_monotonic_ns() < patience);
    peer_inject(b->peer, PEER_GOOD, 0, 0, 0);
    assert_false(peer_coil(b->peer, 0) || peer_coil(b->peer, 1));
    assert_int_equal(peer_holding(b->peer, 100), 0);
    assert_int_equal(writes, 4);
}

static void stop_goes_on_after_a_refused_step(void **state)
{
    struct bench *b = *state;
    assert_int_equal(b->p->start(b->link, 0, 2, support_in_ms(LONG_MS)), 0);
    peer_inject(b->peer, PEER_EXCEPTION, 1, 5, 4);
    assert_int_equal(stop_in(b, LONG_MS), -EACCES);
    assert_true(peer_coil(b->peer, 0));
    assert_false(peer_coil(b->peer, 1));
}

static void stop_goes_out_while_the_link_is_in_doubt(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    assert_int_equal(b->p->start(b->link, 0, 2, support_in_ms(LONG_MS)), 0);
    peer_inject(b->peer, PEER_SILENT, 1, 4, 0);
    assert_int_equal(status_in(b, CALL_MS, &status), -ETIMEDOUT);
    assert_int_equal(stop_in(b, LONG_MS), 0);
    assert_false(peer_coil(b->peer, 0) || peer_coil(b->peer, 1));
    assert_int_equal(status_in(b, LONG_MS, &status), -EIO);
}

/* The reply to a run command that was not done arrives while the stop of the same coil waits for its own. */
static void late_echo_does_not_prove_a_stop(void **state)
{
    struct bench *b = *state;
    struct modality_status status;
    int64_t patience = support_in_ms(LONG_MS);
    int r;
    do {
        assert_true(clock_monotonic_ns() < patience);
        peer_inject(b->peer, PEER_LATE, 1, 5, LATE_MS);
        r = b->p->start(b->link, 0, 0, support_in_ms(CALL_MS));
    } while (r == 0); /* the machine has held it up until the reply was there */
    assert_int_equal(r, -ETIMEDOUT);
    r = b->p->stop(b->link, 0, 0, support_in_ms(300));
    (void)r; /* the echo may or may not meet its own write; only the status proves */
    assert_int_equal(status_in(b, LONG_MS, &status), -EIO);
    assert_int_equal(b->p->reopen(b->link, support_in_ms(LONG_MS)), 0);
    assert_int_equal(status_in(b, LONG_MS, &status), 0);
    assert_int_equal(status.channels[0].output, OUTPUT_REST);
    assert_false(peer_coil(b->peer, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(stop_writes_every_step_to_a_silent_device),
        BOTH(stop_goes_on_after_a_refused_step),
        BOTH(stop_goes_out_while_the_link_is_in_doubt),
        BOTH(late_echo_does_not_prove_a_stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
