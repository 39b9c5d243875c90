/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side of the bench: what a RehaStim 2 adds to a simulated device in a thread of its own. */
#include "bench_parts.h"

#include "../common/hex.h"

/* ---- in the device's thread ---- */

static void reboot(struct device *device)
{
    const struct fault_args args = {.present = 1u << ARG_ms, .value = {[ARG_ms] = 20}};
    (void)model_inject(device->model, FAULT_reboot, &args);
}

static void packet_heard(void *ctx, const struct rehastim2_packet *packet)
{
    struct sim_end *end = ctx;
    struct bench_trigger *trigger = &((struct bench *)end->own)->trigger;
    sim_end_count(end, packet->command);
    if (packet->command != trigger->command)
        return;
    trigger->command = 0;
    if (trigger->reboot)
        reboot(end->device);
    else
        rehastim2_complain(end->device->model, (enum rehastim2_error)trigger->error);
    rehastim2_front_tell(end->front);
}

static void *front_make(struct sim_end *end)
{
    return rehastim2_front_new(
        end->device,
        (struct rehastim2_link){.send = sim_end_send, .cut = sim_end_cut, .heard = packet_heard, .ctx = end});
}

static void front_free(void *front)
{
    rehastim2_front_free(front);
}

static void front_open(void *front)
{
    rehastim2_front_open(front);
}

static void front_receive(struct sim_end *end, const uint8_t *bytes, size_t n)
{
    rehastim2_front_receive(end->front, bytes, n);
}

static void front_close(void *front)
{
    rehastim2_front_close(front);
}

static void front_tell(void *front)
{
    rehastim2_front_tell(front);
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

static void do_trigger(struct sim_end *ends, void *arg)
{
    ((struct bench *)ends->own)->trigger = *(const struct bench_trigger *)arg;
}

static void do_complain(struct sim_end *ends, void *arg)
{
    rehastim2_complain(ends->device->model, *(enum rehastim2_error *)arg);
    model_refresh(ends->device->model, CAUSE_fault);
}

static void do_version(struct sim_end *ends, void *arg)
{
    rehastim2_front_version(ends->front, *(uint8_t *)arg);
}

/* ---- what tests ask of the device ---- */

struct sim_thread *bench_sim_new(struct bench *b)
{
    const struct device_options options = {.name = "reha", .kind = &page_rehastim2, .unit = 1};
    return sim_thread_new(&options, &hooks, b);
}

void bench_fault(struct bench *b, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    sim_thread_fault(b->sim, fault, NULL, list);
    va_end(list);
}

void bench_fault_on(struct bench *b, enum sm2_command command, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    sim_thread_fault(b->sim, fault, &(struct rule_match){.has_address = true, .address = (uint16_t)command}, list);
    va_end(list);
}

void bench_clear_one(struct bench *b, enum fault_id fault)
{
    sim_thread_clear(b->sim, fault);
}

void bench_clear(struct bench *b)
{
    sim_thread_clear_all(b->sim);
}

void bench_complain_on(struct bench *b, enum sm2_command command, int error)
{
    struct bench_trigger t = {.command = (int)command, .error = error};
    sim_thread_do(b->sim, do_trigger, &t);
}

void bench_reboot_on(struct bench *b, enum sm2_command command)
{
    struct bench_trigger t = {.command = (int)command, .reboot = true};
    sim_thread_do(b->sim, do_trigger, &t);
}

void bench_complain(struct bench *b, int error)
{
    sim_thread_do(b->sim, do_complain, &error);
}

void bench_version(struct bench *b, uint8_t version)
{
    sim_thread_do(b->sim, do_version, &version);
}

void bench_say(struct bench *b, const char *hex)
{
    uint8_t bytes[256];
    sim_thread_say(b->sim, 0, bytes, hex_bytes(hex, bytes, sizeof bytes));
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

bool bench_all_rest(struct bench *b)
{
    return sim_thread_rests(b->sim);
}

int64_t bench_wait_rest(struct bench *b, int64_t since_ns, int bound_ms)
{
    return sim_thread_wait_rest(b->sim, since_ns, bound_ms);
}

void bench_wait_state(struct bench *b, const char *name, int64_t value, int bound_ms)
{
    sim_thread_wait_state(b->sim, 0, name, value, bound_ms);
}

unsigned bench_received(struct bench *b, enum sm2_command command)
{
    return sim_thread_received(b->sim, command);
}
