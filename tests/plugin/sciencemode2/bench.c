/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's side of the bench, and the transport between the two. */
#include "bench_parts.h"

#include <poll.h>
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
    b->recovered++;
    return slip_recover(&b->line, deadline_ns);
}

static void wire_toward_rest(void *ctx, bool on)
{
    struct bench *b = ctx;
    b->toward_rest += on ? 1 : -1u;
}

/* ---- the plugin's side ---- */

static void link_begin(struct bench *b)
{
    b->link = (struct modality_link){
        .services = &b->services,
        .config = {.id = "reha", .n_groups = 2, .groups = {{"all", 0xff}, {"ch2", 2}}},
        .serial = "FT1",
        .wire = {.ctx = b, .open = wire_open, .recover = wire_recover, .toward_rest = wire_toward_rest}};
    assert_int_equal(unit_open(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
}

static struct bench *bench_make(void)
{
    struct bench *b = calloc(1, sizeof *b);
    assert_non_null(b);
    b->services = (struct modality_services){.size = sizeof b->services, .ctx = b, .log = bench_log};
    b->line.fd = -1;
    b->sim = bench_sim_new(b);
    return b;
}

struct bench *bench_open(void)
{
    struct bench *b = bench_make();
    link_begin(b);
    return b;
}

struct bench *bench_device(int fd)
{
    struct bench *b = bench_make();
    sim_thread_connect(b->sim, 0, fd);
    return b;
}

struct bench *bench_new(void)
{
    struct bench *b = bench_open();
    struct modality_identity identity;
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    (void)bench_status(b);
    sim_thread_forget_received(b->sim);
    bench_slip(b, SLIP_NONE, 0, 0);
    return b;
}

void bench_reconnect(struct bench *b)
{
    unit_close(&b->link);
    link_begin(b);
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
    assert_int_equal(bench_set(b, channel, QUANTITY_phase_width_us, 200), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_pulse_rate_millihz, 50000), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_amplitude_ua, 0), 0);
}

void bench_run(struct bench *b, uint32_t channel, int64_t ua)
{
    bench_prepare(b, channel);
    assert_int_equal(unit_start(&b->link, 0, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(bench_set(b, channel, QUANTITY_amplitude_ua, ua), 0);
    assert_int_equal(bench_output(b, channel), ua);
}

void bench_await_words(struct bench *b)
{
    struct pollfd p = {.fd = b->line.fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, BENCH_LONG_MS), 1);
}

struct modality_status bench_status(struct bench *b)
{
    struct modality_status status;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &status), 0);
    return status;
}

int bench_setup(void **state)
{
    *state = bench_new();
    return 0;
}

int bench_setup_fresh(void **state)
{
    *state = bench_open();
    return 0;
}

int bench_teardown(void **state)
{
    bench_free(*state);
    return 0;
}
