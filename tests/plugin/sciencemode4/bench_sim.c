/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side of the bench: what a P24 adds to a simulated device in a thread of its own. */
#include "bench_parts.h"

/* ---- in the device's thread ---- */

static void *front_make(struct sim_end *end)
{
    return p24_front_new(end->device, (struct p24_link){.send = sim_end_send, .cut = sim_end_cut, .ctx = end});
}

static void front_free(void *front)
{
    p24_front_free(front);
}

static void front_open(void *front)
{
    p24_front_open(front);
}

static void front_close(void *front)
{
    p24_front_close(front);
}

static void front_tell(void *front)
{
    p24_front_tell(front);
}

static void front_receive(struct sim_end *end, const uint8_t *bytes, size_t n)
{
    struct bench *b = end->own;
    struct p24_packet packet;
    for (size_t i = 0; i < n; i++)
        if (p24_read_byte(&b->received, bytes[i], &packet) == P24_READ_PACKET)
            sim_end_count(end, packet.command);
    p24_front_receive(end->front, bytes, n);
}

static const struct sim_hooks hooks = {
    .ends = 1,
    .make = front_make,
    .free = front_free,
    .connect = front_open,
    .receive = front_receive,
    .close = front_close,
    .tell = front_tell,
};

static void do_tune(struct sim_end *ends, void *arg)
{
    assert_int_equal(model_tune(ends->device->model, P24_SWITCH_MS, *(int *)arg), 0);
}

struct pulse_question {
    unsigned channel;
    struct p24_pulse pulse;
};

static void do_pulse(struct sim_end *ends, void *arg)
{
    struct pulse_question *q = arg;
    q->pulse = *p24_pulse_of(ends->device->model, q->channel);
}

/* ---- what tests ask of the device ---- */

struct sim_thread *bench_sim_new(struct bench *b)
{
    const struct device_options options = {
        .name = "p24", .kind = &page_p24, .unit = 1, .identity = {.serial = BENCH_SERIAL, .firmware = 0x0102}};
    return sim_thread_new(&options, &hooks, b);
}

void bench_fault(struct bench *b, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    sim_thread_fault(b->sim, fault, NULL, list);
    va_end(list);
}

void bench_fault_on(struct bench *b, enum sm4_command command, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    sim_thread_fault(b->sim, fault, &(struct rule_match){.has_address = true, .address = (uint16_t)command}, list);
    va_end(list);
}

void bench_clear(struct bench *b)
{
    sim_thread_clear_all(b->sim);
}

int64_t bench_state(struct bench *b, unsigned channel, const char *name)
{
    return sim_thread_state(b->sim, channel, name);
}

int64_t bench_output(struct bench *b, unsigned channel)
{
    return bench_state(b, channel + 1, "value");
}

bool bench_on(struct bench *b, unsigned channel)
{
    return bench_state(b, channel + 1, "on") != 0;
}

bool bench_voltage(struct bench *b)
{
    return bench_state(b, 0, "voltage_on") != 0;
}

bool bench_all_rest(struct bench *b)
{
    return sim_thread_rests(b->sim);
}

int64_t bench_wait_rest(struct bench *b, int64_t since_ns, int bound_ms)
{
    return sim_thread_wait_rest(b->sim, since_ns, bound_ms);
}

void bench_switch_ms(struct bench *b, int ms)
{
    sim_thread_do(b->sim, do_tune, &ms);
}

unsigned bench_received(struct bench *b, enum sm4_command command)
{
    return sim_thread_received(b->sim, command);
}

struct p24_pulse bench_pulse(struct bench *b, unsigned channel)
{
    struct pulse_question q = {.channel = channel};
    sim_thread_do(b->sim, do_pulse, &q);
    return q.pulse;
}

void bench_say(struct bench *b, const uint8_t *bytes, size_t n)
{
    sim_thread_say(b->sim, 0, bytes, n);
}
