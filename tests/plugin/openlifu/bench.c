/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's side of the bench, and what carries its bytes. */
#include "bench_parts.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../common/bench_log.h"
#include "common/transport_fd.h"

#define SERIAL_TEXT "0102030405060708090a0b0c+f102030405060708090a0b0c"

/* ---- the transports ---- */

static void wire_close(void *ctx)
{
    struct bench_side *s = ctx;
    if (s->client_fd >= 0)
        close(s->client_fd);
    s->client_fd = -1;
}

static int wire_write(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    struct transport t = transport_of_fd(((struct bench_side *)ctx)->client_fd);
    return t.write(t.ctx, bytes, n, deadline_ns);
}

static int wire_read(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    struct transport t = transport_of_fd(((struct bench_side *)ctx)->client_fd);
    return t.read(t.ctx, bytes, size, deadline_ns, n);
}

/* A plug that was pulled and put back is another connection, as it is with USB. */
static int wire_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    struct bench_side *s = ctx;
    int ends[2];
    (void)deadline_ns;
    struct pollfd p = {.fd = s->client_fd, .events = POLLIN};
    if (s->unplugged || (poll(&p, 1, 0) > 0 && (p.revents & POLLHUP)))
        return -ENODEV;
    if (s->client_fd < 0) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
        s->client_fd = ends[0];
        sim_thread_connect(s->bench->sim, s->side, ends[1]);
    }
    *out = (struct transport){.ctx = s, .write = wire_write, .read = wire_read, .close = wire_close};
    return 0;
}

/* ---- the plugin's side ---- */

struct bench *bench_new(int ramp_ms)
{
    struct bench *b = calloc(1, sizeof *b);
    struct modality_identity identity;
    assert_non_null(b);
    b->services = (struct modality_services){.size = sizeof b->services, .ctx = b, .log = bench_log};
    b->call_ms = BENCH_LONG_MS;
    b->sim = bench_sim_new(ramp_ms);
    b->link.services = &b->services;
    b->link.config =
        (struct lifu_config){.id = "lifu",
                             .serial = SERIAL_TEXT,
                             .calibration = {.step_uw_cm2 = BENCH_STEP_UW_CM2, .n = 2, .millivolts = {10000, 14125}},
                             .frequency_khz = 400,
                             .burst_width_us = 200,
                             .duty_max_permille = 200,
                             .duration_max_ms = 600000,
                             .surface_sensor = LIFU_SENSOR_AMBIENT,
                             .pattern = {2, {{0, 0x018, 0x02000003}, {1, 0x120, 0x1b311b2a}}}};
    lifu_config_describe(&b->link.config, &b->link.device);
    for (int side = 0; side < LIFU_SIDES; side++) {
        b->side[side] = (struct bench_side){.bench = b, .side = (enum lifu_side)side, .client_fd = -1};
        b->link.wire[side] = (struct transport_wire){.ctx = &b->side[side], .open = wire_open};
    }
    assert_int_equal(unit_open(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_string_equal(identity.serial, SERIAL_TEXT);
    assert_string_equal(identity.firmware, "v1.2.0 2.0.4");
    sim_thread_forget_received(b->sim);
    return b;
}

void bench_free(struct bench *b)
{
    unit_close(&b->link);
    sim_thread_free(b->sim);
    free(b);
}

int bench_set(struct bench *b, enum modality_quantity q, int64_t value)
{
    const struct modality_setting setting = {.quantity = q, .value = value};
    return unit_apply(&b->link, 0, &setting, bench_in_ms(b->call_ms));
}

void bench_prepare(struct bench *b, int64_t duration_ms)
{
    assert_int_equal(bench_set(b, QUANTITY_duty_permille, 200), 0);
    assert_int_equal(bench_set(b, QUANTITY_pulse_repetition_millihz, 1000000), 0);
    assert_int_equal(bench_set(b, QUANTITY_burst_width_us, 200), 0);
    assert_int_equal(bench_set(b, QUANTITY_us_frequency_khz, 400), 0);
    assert_int_equal(bench_set(b, QUANTITY_duration_ms, duration_ms), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, 0), 0);
}

int bench_start(struct bench *b)
{
    return unit_start(&b->link, 0, 0, bench_in_ms(b->call_ms));
}

int bench_status(struct bench *b, struct modality_status *out)
{
    return unit_status(&b->link, 0, bench_in_ms(b->call_ms), out);
}

struct modality_status bench_wait_state(struct bench *b, enum modality_output output, enum modality_evidence evidence,
                                        int bound_ms)
{
    int64_t until = bench_in_ms(bound_ms);
    struct modality_status s;
    for (;;) {
        assert_int_equal(bench_status(b, &s), 0);
        assert_false(s.fault);
        if (s.channels[0].output == output && s.channels[0].evidence == evidence)
            return s;
        if (clock_monotonic_ns() > until)
            fail_msg("output %d, evidence %d", (int)s.channels[0].output, (int)s.channels[0].evidence);
        (void)poll(NULL, 0, 2);
    }
}

void bench_run(struct bench *b, int64_t uw_cm2)
{
    bench_prepare(b, 60000);
    assert_int_equal(bench_start(b), 0);
    assert_int_equal(bench_set(b, QUANTITY_intensity_satp_uw_cm2, uw_cm2), 0);
    (void)bench_wait_state(b, OUTPUT_ON, EVIDENCE_REPORTED, BENCH_LONG_MS);
    assert_true(bench_output(b) > 0);
}
