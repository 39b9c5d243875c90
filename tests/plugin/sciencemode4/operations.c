/* SPDX-License-Identifier: Apache-2.0 */
#include "operations.h"

const struct operation operations[OPS] = {
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

void op_prepare(struct bench *b, enum op op)
{
    for (unsigned c = 0; c < operations[op].running; c++)
        bench_run(b, c, 20000);
    if (op == OP_START || op == OP_START_BESIDE)
        bench_prepare(b, 4);
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

int op_call_patiently(struct bench *b, enum op op)
{
    return op_call(b, op, bench_in_ms(BENCH_LONG_MS));
}

static int64_t time_of(enum op op)
{
    return (operations[op].rests ? REST_MS : CALL_MS) * NS_PER_MS;
}

int op_call_in_time(struct bench *b, enum op op)
{
    int64_t begun = clock_monotonic_ns();
    int r = op_call(b, op, begun + time_of(op));
    assert_true(clock_monotonic_ns() - begun < time_of(op) + BENCH_SLACK_MS * NS_PER_MS);
    return r;
}

bool op_try(struct bench *b, enum op op, int *result)
{
    int64_t begun = clock_monotonic_ns();
    *result = op_call(b, op, begun + time_of(op));
    return clock_monotonic_ns() - begun < LATE_MS * NS_PER_MS;
}

void op_assert_healed(struct bench *b)
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

int op_setup(void **state)
{
    struct bench *b = bench_new();
    bench_switch_ms(b, 2); /* the matrix is long */
    *state = b;
    return 0;
}
