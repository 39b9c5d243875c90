/* SPDX-License-Identifier: Apache-2.0 */
/* The devices' side of the bench: what console and transmitter add to a simulated device in a thread of its own. */
#include "bench_parts.h"

#include <poll.h>

#include "model/openlifu.h"

/* ---- in the devices' thread ---- */

static void *front_make(struct sim_end *end)
{
    return olifu_front_new(end->device, (enum olifu_side)end->index,
                           (struct olifu_link){.send = sim_end_send, .cut = sim_end_cut, .ctx = end});
}

static void front_free(void *front)
{
    olifu_front_free(front);
}

static void front_open(void *front)
{
    olifu_front_open(front);
}

/* Each read is one burst. */
static void front_receive(struct sim_end *end, const uint8_t *bytes, size_t n)
{
    if (n > 4)
        sim_end_count(end, bytes[4]);
    olifu_front_receive(end->front, bytes, n);
}

static void front_close(void *front)
{
    olifu_front_close(front);
}

static const struct sim_hooks hooks = {
    .ends = LIFU_SIDES,
    .make = front_make,
    .free = front_free,
    .connect = front_open,
    .receive = front_receive,
    .close = front_close,
};

static void do_restart(struct sim_end *ends, void *arg)
{
    if (*(enum lifu_side *)arg == LIFU_CONSOLE)
        olifu_console_reset(ends->device->model);
    else
        olifu_transmitter_reset(ends->device->model);
}

static void do_load(struct sim_end *ends, void *arg)
{
    const struct lifu_register *r = arg;
    assert_true(olifu_register_write(ends->device->model, r->chip, r->address, r->value));
}

static void do_output(struct sim_end *ends, void *arg)
{
    const struct model_output *last = &ends->device->model->last[0];
    *(int64_t *)arg = last->on ? last->value : 0;
}

/* ---- what tests ask of the devices ---- */

struct sim_thread *bench_sim_new(int ramp_ms)
{
    const struct device_options options = {
        .name = "lifu", .kind = &page_openlifu, .unit = 1, .identity = {.serial = 0x090a0b0c}, .tuning = {ramp_ms}};
    return sim_thread_new(&options, &hooks, NULL);
}

void bench_fault(struct bench *b, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    sim_thread_fault(b->sim, fault, NULL, list);
    va_end(list);
}

void bench_fault_on(struct bench *b, uint8_t command, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    sim_thread_fault(b->sim, fault, &(struct rule_match){.has_address = true, .address = command}, list);
    va_end(list);
}

void bench_clear(struct bench *b)
{
    sim_thread_clear_all(b->sim);
}

void bench_unplug(struct bench *b, enum lifu_side side)
{
    b->side[side].unplugged = true;
    sim_thread_connect(b->sim, side, -1);
}

void bench_plug(struct bench *b, enum lifu_side side)
{
    b->side[side].unplugged = false;
}

void bench_restart(struct bench *b, enum lifu_side side)
{
    sim_thread_do(b->sim, do_restart, &side);
}

void bench_load(struct bench *b, unsigned chip, unsigned address, uint32_t value)
{
    struct lifu_register r = {.chip = (uint8_t)chip, .address = (uint16_t)address, .value = value};
    sim_thread_do(b->sim, do_load, &r);
}

void bench_say(struct bench *b, enum lifu_side side, const uint8_t *bytes, size_t n)
{
    sim_thread_say(b->sim, side, bytes, n);
}

int64_t bench_state(struct bench *b, const char *name)
{
    return sim_thread_state(b->sim, 0, name);
}

int64_t bench_output(struct bench *b)
{
    int64_t value = 0;
    sim_thread_do(b->sim, do_output, &value);
    return value;
}

unsigned bench_received(struct bench *b, uint8_t command)
{
    return sim_thread_received(b->sim, command);
}

void bench_wait_output(struct bench *b, int64_t uw_cm2, int bound_ms)
{
    int64_t until = bench_in_ms(bound_ms);
    while (bench_output(b) != uw_cm2) {
        if (clock_monotonic_ns() > until)
            fail_msg("the output is %lld", (long long)bench_output(b));
        (void)poll(NULL, 0, 1);
    }
}

void bench_wait_running(struct bench *b, bool running, int bound_ms)
{
    sim_thread_wait_state(b->sim, 0, "running", running, bound_ms);
}
