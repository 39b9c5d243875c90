/* SPDX-License-Identifier: Apache-2.0 */
/* The plugin's side of the bench, and the transport between the two that can be made to fail. */
#include "bench_parts.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/transport_fd.h"

/* ---- the transport, and how it fails ---- */

static struct transport inner(const struct bench *b)
{
    return transport_of_fd(b->client_fd);
}

void bench_slip(struct bench *b, enum slip slip, unsigned from, unsigned count)
{
    b->slip = slip;
    b->slip_from = from;
    b->slip_to = from + count;
    b->slipped = false;
    b->written = 0;
}

static int slip_write(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    struct bench *b = ctx;
    struct transport t = inner(b);
    b->slipped = b->written >= b->slip_from && b->written < b->slip_to;
    b->written++;
    switch (b->slipped ? b->slip : SLIP_NONE) {
    case SLIP_WRITE_AGAIN:
        return -EAGAIN;
    case SLIP_WRITE_TIMEOUT:
        (void)t.write(t.ctx, bytes, n / 2, deadline_ns);
        return -ETIMEDOUT;
    case SLIP_WRITE_IO:
        return -EIO;
    case SLIP_WRITE_GONE:
        return -ENODEV;
    case SLIP_NONE:
    case SLIP_READ_IO:
    case SLIP_READ_GONE:
    case SLIP_SHORT_READS:
        break;
    }
    return t.write(t.ctx, bytes, n, deadline_ns);
}

static int slip_read(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    struct bench *b = ctx;
    struct transport t = inner(b);
    bool waits = deadline_ns > 0; /* draining before a request does not fail */
    if (b->slipped && waits && b->slip == SLIP_READ_IO)
        return -EIO;
    if (b->slipped && waits && b->slip == SLIP_READ_GONE)
        return -ENODEV;
    return t.read(t.ctx, bytes, b->slipped && b->slip == SLIP_SHORT_READS ? 1 : size, deadline_ns, n);
}

static void slip_close(void *ctx)
{
    struct bench *b = ctx;
    if (b->client_fd >= 0)
        close(b->client_fd);
    b->client_fd = -1;
}

static int wire_open(void *ctx, int64_t deadline_ns, struct transport *out)
{
    struct bench *b = ctx;
    int ends[2];
    (void)deadline_ns;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    b->client_fd = ends[0];
    bench_sim_connect(b->sim, ends[1]);
    *out = (struct transport){.ctx = b, .write = slip_write, .read = slip_read, .close = slip_close};
    return 0;
}

/* As a USB port does it: what still comes is dropped until it has been silent for a while. */
static int wire_recover(void *ctx, int64_t deadline_ns)
{
    struct bench *b = ctx;
    struct transport t = inner(b);
    uint8_t bytes[256];
    size_t n;
    int r = 0;
    while (r == 0 && clock_monotonic_ns() < deadline_ns)
        r = t.read(t.ctx, bytes, sizeof bytes, bench_in_ms(10), &n);
    return r == -EAGAIN ? 0 : r == 0 ? -EAGAIN : r;
}

static void wire_toward_rest(void *ctx, bool on)
{
    struct bench *b = ctx;
    b->toward_rest += on ? 1 : -1u;
    b->rests += on;
}

/* ---- the plugin's side ---- */

__attribute__((format(printf, 3, 4))) static void take_log(void *ctx, enum modality_log_level level, const char *format,
                                                           ...)
{
    (void)ctx;
    if (level > MODALITY_LOG_WARNING && !getenv("MODALITY_TEST_VERBOSE"))
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

struct bench *bench_new_asymmetric(int64_t permille)
{
    struct bench *b = calloc(1, sizeof *b);
    struct modality_identity identity;
    assert_non_null(b);
    signal(SIGPIPE, SIG_IGN);
    b->services = (struct modality_services){.size = sizeof b->services, .ctx = b, .log = take_log};
    b->sim = bench_sim_new();
    b->link.services = &b->services;
    b->link.config = (struct sm4_config){
        .id = "p24", .serial = BENCH_SERIAL_TEXT, .n_sets = 1, .sets = {SM4_ALL}, .second_phase_permille = permille};
    sm4_config_describe(&b->link.config, &b->link.device);
    b->link.wire =
        (struct transport_wire){.ctx = b, .open = wire_open, .recover = wire_recover, .toward_rest = wire_toward_rest};
    assert_int_equal(unit_open(&b->link, bench_in_ms(BENCH_LONG_MS)), 0);
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    bench_sim_forget(b->sim);
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
    bench_sim_free(b->sim);
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
