/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side of the bench: a thread with the simulator's loop, which takes jobs through a pipe. */
#include "bench_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "front/p24_codec.h"

#define COMMANDS 128

struct bench_sim {
    struct loop *loop;
    struct trace trace;
    struct device *device;
    struct p24_front *front;
    int fd; /* the device's end, -1 = no link */
    struct loop_source *source, *job_source;
    int jobs[2];
    sem_t done;
    pthread_t thread;
    unsigned received[COMMANDS];
    struct p24_reader reader; /* of what it received, only to count */
};

struct job {
    void (*run)(struct bench_sim *sim, void *arg);
    void *arg;
};

/* ---- in the device's thread ---- */

static void link_close(struct bench_sim *sim)
{
    if (sim->fd < 0)
        return;
    loop_remove(sim->loop, sim->source);
    close(sim->fd);
    sim->fd = -1;
    p24_front_close(sim->front);
}

static void link_cut(void *ctx)
{
    link_close(ctx);
}

static void link_send(void *ctx, const uint8_t *bytes, size_t length)
{
    const struct bench_sim *sim = ctx;
    ssize_t n = send(sim->fd, bytes, length, MSG_NOSIGNAL);
    (void)n; /* a client that is gone hears nothing */
}

static void count(struct bench_sim *sim, const uint8_t *bytes, size_t n)
{
    struct p24_packet packet;
    for (size_t i = 0; i < n; i++)
        if (p24_read_byte(&sim->reader, bytes[i], &packet) == P24_READ_PACKET && packet.command < COMMANDS)
            sim->received[packet.command]++;
}

static void link_ready(void *ctx, uint32_t events)
{
    struct bench_sim *sim = ctx;
    uint8_t bytes[2048];
    (void)events;
    ssize_t n = recv(sim->fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        link_close(sim);
        return;
    }
    count(sim, bytes, (size_t)n);
    p24_front_receive(sim->front, bytes, (size_t)n);
}

static void job_ready(void *ctx, uint32_t events)
{
    struct bench_sim *sim = ctx;
    struct job job;
    (void)events;
    if (read(sim->jobs[0], &job, sizeof job) != sizeof job)
        return;
    (void)device_advance(sim->device);
    job.run(sim, job.arg);
    device_settle(sim->device);
    p24_front_tell(sim->front);
    sem_post(&sim->done);
}

static void *sim_main(void *arg)
{
    (void)loop_run(((struct bench_sim *)arg)->loop);
    return NULL;
}

/* ---- jobs ---- */

static void sim_do(struct bench_sim *sim, void (*run)(struct bench_sim *, void *), void *arg)
{
    struct job job = {run, arg};
    assert_int_equal(write(sim->jobs[1], &job, sizeof job), sizeof job);
    while (sem_wait(&sim->done) < 0)
        assert_int_equal(errno, EINTR);
}

static void do_end(struct bench_sim *sim, void *arg)
{
    (void)arg;
    link_close(sim);
    loop_stop(sim->loop);
}

static void do_connect(struct bench_sim *sim, void *arg)
{
    link_close(sim);
    sim->fd = *(int *)arg;
    sim->source = loop_add(sim->loop, sim->fd, EPOLLIN, link_ready, sim);
    p24_front_open(sim->front);
}

struct injection {
    enum fault_id fault;
    struct fault_args args;
    struct rule_match match;
    int result;
};

static void do_inject(struct bench_sim *sim, void *arg)
{
    struct injection *i = arg;
    i->result = fault_kinds[i->fault].scope == SCOPE_WIRE ? rule_add(&sim->device->rules, i->fault, &i->args, &i->match)
                : fault_kinds[i->fault].scope == SCOPE_MODEL ? model_inject(sim->device->model, i->fault, &i->args)
                                                             : page_inject(&sim->device->page, i->fault, &i->args);
}

static void do_clear(struct bench_sim *sim, void *arg)
{
    (void)arg;
    const struct fault_args none = {0};
    for (int f = 0; f < FAULT_COUNT; f++) {
        if (fault_kinds[f].scope == SCOPE_WIRE)
            rule_clear(&sim->device->rules, (enum fault_id)f);
        else if (fault_kinds[f].scope == SCOPE_MODEL)
            (void)model_clear(sim->device->model, (enum fault_id)f, &none);
        else if (fault_kinds[f].scope == SCOPE_PAGE)
            page_clear(&sim->device->page, (enum fault_id)f);
    }
}

struct question {
    unsigned channel; /* of the state, from 1 */
    const char *name;
    int64_t value;
    bool found;
};

static void take_state(void *ctx, unsigned channel, const char *name, int64_t value)
{
    struct question *q = ctx;
    if (channel != q->channel || strcmp(name, q->name) != 0)
        return;
    q->value = value;
    q->found = true;
}

static void do_ask(struct bench_sim *sim, void *arg)
{
    model_state(sim->device->model, take_state, arg);
}

static void do_tune(struct bench_sim *sim, void *arg)
{
    assert_int_equal(model_tune(sim->device->model, P24_SWITCH_MS, *(int *)arg), 0);
}

struct counting {
    enum sm4_command command;
    unsigned n;
};

static void do_received(struct bench_sim *sim, void *arg)
{
    struct counting *c = arg;
    c->n = sim->received[c->command];
    sim->received[c->command] = 0;
}

struct pulse_question {
    unsigned channel;
    struct p24_pulse pulse;
};

static void do_pulse(struct bench_sim *sim, void *arg)
{
    struct pulse_question *q = arg;
    q->pulse = *p24_pulse_of(sim->device->model, q->channel);
}

struct speech {
    const uint8_t *bytes;
    size_t n;
};

static void do_say(struct bench_sim *sim, void *arg)
{
    const struct speech *s = arg;
    link_send(sim, s->bytes, s->n);
}

static void do_forget(struct bench_sim *sim, void *arg)
{
    (void)arg;
    memset(sim->received, 0, sizeof sim->received);
}

/* ---- what tests ask of the device ---- */

static struct injection injection_of(enum fault_id fault, va_list list)
{
    struct injection i = {.fault = fault};
    for (int arg = va_arg(list, int); arg >= 0; arg = va_arg(list, int)) {
        i.args.present |= 1u << arg;
        i.args.value[arg] = va_arg(list, int);
    }
    return i;
}

void bench_fault(struct bench *b, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    struct injection i = injection_of(fault, list);
    va_end(list);
    sim_do(b->sim, do_inject, &i);
    assert_int_equal(i.result, 0);
}

void bench_fault_on(struct bench *b, enum sm4_command command, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    struct injection i = injection_of(fault, list);
    va_end(list);
    i.match = (struct rule_match){.has_address = true, .address = (uint16_t)command};
    sim_do(b->sim, do_inject, &i);
    assert_int_equal(i.result, 0);
}

void bench_clear(struct bench *b)
{
    sim_do(b->sim, do_clear, NULL);
}

int64_t bench_state(struct bench *b, unsigned channel, const char *name)
{
    struct question q = {.channel = channel, .name = name};
    sim_do(b->sim, do_ask, &q);
    assert_true(q.found);
    return q.value;
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
    for (unsigned c = 0; c < P24_CHANNELS; c++)
        if (bench_on(b, c))
            return false;
    return true;
}

int64_t bench_wait_rest(struct bench *b, int64_t since_ns, int bound_ms)
{
    while (!bench_all_rest(b)) {
        if (clock_monotonic_ns() - since_ns > bound_ms * NS_PER_MS)
            fail_msg("not at rest within %d ms", bound_ms);
        (void)poll(NULL, 0, 1);
    }
    return clock_monotonic_ns() - since_ns;
}

void bench_switch_ms(struct bench *b, int ms)
{
    sim_do(b->sim, do_tune, &ms);
}

unsigned bench_received(struct bench *b, enum sm4_command command)
{
    struct counting c = {.command = command};
    sim_do(b->sim, do_received, &c);
    return c.n;
}

struct p24_pulse bench_pulse(struct bench *b, unsigned channel)
{
    struct pulse_question q = {.channel = channel};
    sim_do(b->sim, do_pulse, &q);
    return q.pulse;
}

void bench_say(struct bench *b, const uint8_t *bytes, size_t n)
{
    struct speech s = {bytes, n};
    sim_do(b->sim, do_say, &s);
}

/* ---- begin and end ---- */

struct bench_sim *bench_sim_new(void)
{
    struct bench_sim *sim = calloc(1, sizeof *sim);
    struct device_options options = {
        .name = "p24", .kind = &page_p24, .unit = 1, .identity = {.serial = BENCH_SERIAL, .firmware = 0x0102}};
    assert_non_null(sim);
    sim->fd = -1;
    sim->loop = loop_new();
    assert_non_null(sim->loop);
    assert_int_equal(trace_open(&sim->trace, NULL), 0);
    sim->device = device_new(sim->loop, &sim->trace, &options);
    assert_non_null(sim->device);
    sim->front = p24_front_new(sim->device, (struct p24_link){.send = link_send, .cut = link_cut, .ctx = sim});
    assert_non_null(sim->front);
    assert_int_equal(pipe2(sim->jobs, O_CLOEXEC), 0);
    assert_int_equal(sem_init(&sim->done, 0, 0), 0);
    sim->job_source = loop_add(sim->loop, sim->jobs[0], EPOLLIN, job_ready, sim);
    assert_int_equal(pthread_create(&sim->thread, NULL, sim_main, sim), 0);
    return sim;
}

void bench_sim_free(struct bench_sim *sim)
{
    sim_do(sim, do_end, NULL);
    pthread_join(sim->thread, NULL);
    p24_front_free(sim->front);
    device_free(sim->device);
    loop_remove(sim->loop, sim->job_source);
    loop_free(sim->loop);
    close(sim->jobs[0]);
    close(sim->jobs[1]);
    sem_destroy(&sim->done);
    free(sim);
}

void bench_sim_connect(struct bench_sim *sim, int fd)
{
    sim_do(sim, do_connect, &fd);
}

void bench_sim_forget(struct bench_sim *sim)
{
    sim_do(sim, do_forget, NULL);
}
