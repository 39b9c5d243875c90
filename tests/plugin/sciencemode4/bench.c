/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's side of the bench, and the transport between the two. */
#include "bench_parts.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "../common/bench_log.h"

/* ---- the transport ---- */

void bench_slip(struct bench *b, enum slip slip, unsigned from, unsigned count)
{
    slip_begin(&b->line, slip, from, count);
}

static int wire_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    struct bench *b = ctx;
    int ends[2];
    (void)deadline_ns;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    b->line.fd = ends[0];
    sim_thread_connect(b->sim, 0, ends[1]);
    *out = slip_transport(&b->line);
    return 0;
}

static int wire_recover(void *ctx, int64_t deadline_ns)
{
    struct bench *b = ctx;
    return slip_recover(&b->line, deadline_ns);
}

static void wire_toward_rest(void *ctx, bool on)
{
    struct bench *b = ctx;
    b->toward_rest += on ? 1 : -1u;
    b->rests += on;
}

/* ---- the plugin's side ---- */

struct bench *bench_new_asymmetric(int64_t permille)
{
    struct bench *b = calloc(1, sizeof *b);
    struct modality_identity identity;
    assert_non_null(b);
    b->services = (struct modality_services){.size = sizeof b->services, .ctx = b, .log = bench_log};
    b->line.fd = -1;
    b->sim = bench_sim_new(b);
    b->link.services = &b->services;
    b->link.config = (struct sm4_config){
        .id = "p24", .serial = BENCH_SERIAL_TEXT, .n_sets = 1, .sets = {SM4_ALL}, .second_phase_permille = permille};
    sm4_config_describe(&b->link.config, &b->link.device);
    b->link.wire =
        (struct transport_wire){.ctx = b, .open = wire_open, .recover = wire_recover, .toward_rest = wire_toward_rest};
    assert_int_equal(unit_open(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    sim_thread_forget_received(b->sim);
    bench_slip(b, SLIP_NONE, 0, 0);
    b->rests = 0;
    return b;
}

void bench_reconnect(struct bench *b)
{
    unit_close(&b->link);
    assert_int_equal(unit_open(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
}

struct bench *bench_new(void)
{
    return bench_new_asymmetric(0);
}

void bench_free(struct bench *b)
{
    assert_int_equal(b->toward_rest, 0);
    unit_close(&b->link);
    sim_thread_free(b->sim);
    free(b);
}

int bench_set(struct bench *b, uint32_t channel, enum modality_quantity q, int64_t value)
{
    const struct modality_setting setting = {.channel = channel, .quantity = q, .value = value};
    return unit_apply(&b->link, 0, &setting, bench_in_ms(BENCH_LONG_MS));
}

void bench_prepare(struct bench *b, uint32_t channel)
{
    assert_int_equal(bench_set(b, channel, QUANTITY_waveform_class, WAVEFORM_biphasic_symmetric), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_phase_width_us, 200), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_pulse_rate_millihz, 50000), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_amplitude_ua, 0), 0);
}

void bench_run(struct bench *b, uint32_t channel, int64_t ua)
{
    bench_prepare(b, channel);
    assert_int_equal(unit_start(&b->link, 0, channel, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_amplitude_ua, ua), 0);
    assert_int_equal(bench_output(b, channel), ua);
}

struct modality_status bench_status(struct bench *b)
{
    struct modality_status status;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &status), 0);
    return status;
}

int bench_start(struct bench *b, size_t group)
{
    return unit_start(&b->link, 0, group, bench_in_ms(BENCH_LONG_MS));
}

int bench_stop(struct bench *b, size_t group)
{
    return unit_stop(&b->link, 0, group, bench_in_ms(BENCH_LONG_MS));
}

int bench_keepalive(struct bench *b)
{
    return unit_keepalive(&b->link, 0, bench_in_ms(BENCH_LONG_MS));
}

void bench_assert_rest(const struct modality_status *s, unsigned channel)
{
    assert_int_equal(s->channels[channel].output, OUTPUT_REST);
    assert_int_equal(s->channels[channel].evidence, EVIDENCE_REPORTED);
}

void bench_assert_all_rest(struct bench *b)
{
    struct modality_status s = bench_status(b);
    assert_true(bench_all_rest(b));
    assert_false(bench_voltage(b));
    assert_false(s.fault);
    for (unsigned c = 0; c < SM4_CHANNELS; c++)
        bench_assert_rest(&s, c);
}

int bench_setup(void **state)
{
    *state = bench_new();
    return 0;
}

int bench_teardown(void **state)
{
    bench_free(*state);
    return 0;
}
