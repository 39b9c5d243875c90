/* SPDX-License-Identifier: Apache-2.0 */
#include "operations.h"

#include <errno.h>

const struct operation operations[OPS] = {
    [OP_IDENTIFY] = {"identify", false, false, 1, {SM2_GET_MODE}},
    [OP_STATUS] = {"status", false, false, 1, {SM2_GET_MODE}},
    [OP_STATUS_RUNNING] = {"status, running", false, true, 1, {SM2_GET_MODE}},
    [OP_KEEPALIVE] = {"keepalive", false, true, 1, {SM2_GET_MODE}},
    [OP_START] = {"start", false, false, 2, {SM2_INIT_LIST, SM2_START_LIST}},
    [OP_APPLY] = {"apply", false, true, 1, {SM2_START_LIST}},
    [OP_STOP] = {"stop", true, true, 1, {SM2_STOP_LIST}},
    [OP_MAKE_SAFE] = {"make_safe", true, true, 1, {SM2_STOP_LIST}},
};

void op_prepare(struct bench *b, enum op op)
{
    if (operations[op].runs)
        bench_run(b, 0, 20000);
    if (op == OP_START)
        bench_prepare(b, 0);
}

int op_call(struct bench *b, enum op op, int64_t deadline_ns)
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

int op_call_patiently(struct bench *b, enum op op)
{
    return op_call(b, op, bench_in_ms(BENCH_LONG_MS));
}

int op_call_in_time(struct bench *b, enum op op)
{
    int64_t begun = clock_monotonic_ns();
    int r = op_call(b, op, begun + CALL_MS * NS_PER_MS);
    assert_true(clock_monotonic_ns() - begun < (CALL_MS + BENCH_SLACK_MS) * NS_PER_MS);
    return r;
}

bool op_try(struct bench *b, enum op op, int *result)
{
    int64_t begun = clock_monotonic_ns();
    *result = op_call(b, op, begun + CALL_MS * NS_PER_MS);
    return clock_monotonic_ns() - begun < LATE_MS * NS_PER_MS;
}

/* And proved; one that has dropped the connection is at rest, and says Init again within half a second. */
void op_assert_healed(struct bench *b)
{
    struct modality_status s = {0};
    int r = -ETIMEDOUT;
    for (int64_t end = bench_in_ms(BENCH_LONG_MS); r < 0 && clock_monotonic_ns() < end;) {
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
