/* SPDX-License-Identifier: Apache-2.0 */
#include "fault_bench.h"

#include <errno.h>

static int bench_open(void **state, bool rtu)
{
    static struct bench b;
    b = (struct bench){.rtu = rtu, .s = support_new(), .peer = peer_new(rtu), .p = support_plugin()};
    support_add_file(b.s, CONFIG_DIR "/maps/refstim.ini");
    support_add(b.s, "device stim1", "plugin", "modbus-map", "devices.ini:2");
    support_add(b.s, "device stim1", "link", peer_link(b.peer), "devices.ini:3");
    support_add(b.s, "device stim1", "unit", "1", "devices.ini:4");
    support_add(b.s, "device stim1", "map", "refstim", "devices.ini:5");
    support_add(b.s, "device stim1", "simulated", "yes", "devices.ini:9");
    support_add(b.s, "device stim1", "response_timeout", rtu ? "150 ms" : "1 s", "devices.ini:6");
    if (rtu) {
        support_add(b.s, "device stim1", "baud", "115200", "devices.ini:7");
        support_add(b.s, "device stim1", "parity", "none", "devices.ini:8");
    }
    assert_int_equal(b.p->open(&b.s->services, &b.s->config, support_in_ms(LONG_MS), &b.link), 0);
    struct modality_identity identity;
    int64_t patience = support_in_ms(LONG_MS);
    while (b.p->identify(b.link, 0, support_in_ms(LONG_MS), &identity) != 0) {
        assert_true(clock_monotonic_ns() < patience);
        assert_int_equal(b.p->reopen(b.link, support_in_ms(LONG_MS)), 0);
    }
    peer_writes(b.peer);
    *state = &b;
    return 0;
}

int bench_tcp(void **state)
{
    return bench_open(state, false);
}

int bench_rtu(void **state)
{
    return bench_open(state, true);
}

int bench_close(void **state)
{
    struct bench *b = *state;
    b->p->close(b->link);
    peer_free(b->peer);
    support_free(b->s);
    return 0;
}

static int judged(int64_t begun, int ms, int r)
{
    assert_true(clock_monotonic_ns() - begun < (ms + SLACK_MS) * NS_PER_MS);
    return r;
}

int status_in(struct bench *b, int ms, struct modality_status *out)
{
    int64_t begun = clock_monotonic_ns();
    return judged(begun, ms, b->p->status(b->link, 0, begun + ms * NS_PER_MS, out));
}

static int set_in(struct bench *b, int ms, enum modality_quantity q, int64_t value)
{
    struct modality_setting setting = {.channel = 0, .quantity = q, .value = value};
    int64_t begun = clock_monotonic_ns();
    return judged(begun, ms, b->p->apply(b->link, 0, &setting, begun + ms * NS_PER_MS));
}

int apply_in(struct bench *b, int ms, int64_t ua)
{
    return set_in(b, ms, QUANTITY_amplitude_ua, ua);
}

int apply_timer_in(struct bench *b, int ms)
{
    return set_in(b, ms, QUANTITY_duration_ms, 600000);
}

int stop_in(struct bench *b, int ms)
{
    int64_t begun = clock_monotonic_ns();
    return judged(begun, ms, b->p->stop(b->link, 0, 2, begun + ms * NS_PER_MS));
}

void assert_doubt_then_healed(struct bench *b)
{
    struct modality_status status;
    peer_inject(b->peer, PEER_GOOD, 0, 0, 0);
    peer_requests(b->peer);
    assert_int_equal(status_in(b, LONG_MS, &status), -EIO);
    assert_int_equal(apply_in(b, LONG_MS, 100), -EIO);
    assert_int_equal(peer_requests(b->peer), 0);
    int64_t patience = support_in_ms(LONG_MS);
    int r;
    do { /* RTU gives an answer up after 150 ms, and a machine may hold it up for as long */
        assert_true(clock_monotonic_ns() < patience);
        assert_int_equal(b->p->reopen(b->link, support_in_ms(LONG_MS)), 0);
        r = status_in(b, LONG_MS, &status);
    } while (r == -ETIMEDOUT);
    assert_int_equal(r, 0);
}
