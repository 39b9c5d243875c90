/* SPDX-License-Identifier: Apache-2.0 */
/* The devices' thread does what it is told through a pipe, one job at a time, and says when it is done. */
#include "bench_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "model/openlifu.h"

struct end {
    struct bench_sim *sim;
    struct olifu_front *front;
    int fd; /* the device's end, -1 = no link */
    struct loop_source *source;
};

struct bench_sim {
    struct loop *loop;
    struct trace trace;
    struct device *device;
    struct end end[LIFU_SIDES];
    struct loop_source *job_source;
    int jobs[2];
    sem_t done;
    pthread_t thread;
    unsigned received[BENCH_COMMANDS];
};

struct job {
    void (*run)(struct bench_sim *sim, void *arg);
    void *arg;
};

/* ---- in the devices' thread ---- */

static void end_close(struct end *end)
{
    if (end->fd < 0)
        return;
    loop_remove(end->sim->loop, end->source);
    close(end->fd);
    end->fd = -1;
    olifu_front_close(end->front);
}

static void end_cut(void *ctx)
{
    end_close(ctx);
}

static void end_send(void *ctx, const uint8_t *bytes, size_t length)
{
    const struct end *end = ctx;
    ssize_t n = send(end->fd, bytes, length, MSG_NOSIGNAL);
    (void)n; /* a client that is gone hears nothing */
}

static void end_ready(void *ctx, uint32_t events)
{
    struct end *end = ctx;
    uint8_t bytes[2048];
    (void)events;
    ssize_t n = recv(end->fd, bytes, sizeof bytes, 0);
    if (n <= 0) {
        end_close(end);
        return;
    }
    if (n > 4)
        end->sim->received[bytes[4]]++;
    olifu_front_receive(end->front, bytes, (size_t)n);
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
    for (int side = 0; side < LIFU_SIDES; side++)
        end_close(&sim->end[side]);
    loop_stop(sim->loop);
}

struct connection {
    enum lifu_side side;
    int fd; /* -1 = none any more */
};

static void do_connect(struct bench_sim *sim, void *arg)
{
    const struct connection *c = arg;
    struct end *end = &sim->end[c->side];
    end_close(end);
    if (c->fd < 0)
        return;
    end->fd = c->fd;
    end->source = loop_add(sim->loop, end->fd, EPOLLIN, end_ready, end);
    olifu_front_open(end->front);
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
                                                          : model_inject(sim->device->model, i->fault, &i->args);
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
    }
}

static void do_restart(struct bench_sim *sim, void *arg)
{
    if (*(enum lifu_side *)arg == LIFU_CONSOLE)
        olifu_console_reset(sim->device->model);
    else
        olifu_transmitter_reset(sim->device->model);
}

static void do_load(struct bench_sim *sim, void *arg)
{
    const struct lifu_register *r = arg;
    assert_true(olifu_register_write(sim->device->model, r->chip, r->address, r->value));
}

struct question {
    const char *name;
    int64_t value;
    bool found;
};

static void take_state(void *ctx, unsigned channel, const char *name, int64_t value)
{
    struct question *q = ctx;
    (void)channel;
    if (strcmp(name, q->name) != 0)
        return;
    q->value = value;
    q->found = true;
}

static void do_ask(struct bench_sim *sim, void *arg)
{
    model_state(sim->device->model, take_state, arg);
}

static void do_output(struct bench_sim *sim, void *arg)
{
    *(int64_t *)arg = sim->device->model->last[0].on ? sim->device->model->last[0].value : 0;
}

struct counting {
    uint8_t command;
    unsigned n;
};

static void do_received(struct bench_sim *sim, void *arg)
{
    struct counting *c = arg;
    c->n = sim->received[c->command];
    sim->received[c->command] = 0;
}

struct speech {
    enum lifu_side side;
    const uint8_t *bytes;
    size_t n;
};

static void do_say(struct bench_sim *sim, void *arg)
{
    const struct speech *s = arg;
    end_send(&sim->end[s->side], s->bytes, s->n);
}

/* ---- what tests ask of the devices ---- */

static void inject(struct bench *b, enum fault_id fault, const struct rule_match *match, va_list list)
{
    struct injection i = {.fault = fault, .match = *match};
    for (int arg = va_arg(list, int); arg >= 0; arg = va_arg(list, int)) {
        i.args.present |= 1u << arg;
        i.args.value[arg] = va_arg(list, int);
    }
    sim_do(b->sim, do_inject, &i);
    assert_int_equal(i.result, 0);
}

void bench_fault(struct bench *b, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    inject(b, fault, &(struct rule_match){0}, list);
    va_end(list);
}

void bench_fault_on(struct bench *b, uint8_t command, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    inject(b, fault, &(struct rule_match){.has_address = true, .address = command}, list);
    va_end(list);
}

void bench_clear(struct bench *b)
{
    sim_do(b->sim, do_clear, NULL);
}

void bench_unplug(struct bench *b, enum lifu_side side)
{
    b->side[side].unplugged = true;
    bench_sim_connect(b->sim, side, -1);
}

void bench_plug(struct bench *b, enum lifu_side side)
{
    b->side[side].unplugged = false;
}

void bench_restart(struct bench *b, enum lifu_side side)
{
    sim_do(b->sim, do_restart, &side);
}

void bench_load(struct bench *b, unsigned chip, unsigned address, uint32_t value)
{
    struct lifu_register r = {.chip = (uint8_t)chip, .address = (uint16_t)address, .value = value};
    sim_do(b->sim, do_load, &r);
}

void bench_say(struct bench *b, enum lifu_side side, const uint8_t *bytes, size_t n)
{
    struct speech s = {side, bytes, n};
    sim_do(b->sim, do_say, &s);
}

int64_t bench_state(struct bench *b, const char *name)
{
    struct question q = {.name = name};
    sim_do(b->sim, do_ask, &q);
    assert_true(q.found);
    return q.value;
}

int64_t bench_output(struct bench *b)
{
    int64_t value = 0;
    sim_do(b->sim, do_output, &value);
    return value;
}

unsigned bench_received(struct bench *b, uint8_t command)
{
    struct counting c = {.command = command};
    sim_do(b->sim, do_received, &c);
    return c.n;
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
    int64_t until = bench_in_ms(bound_ms);
    while (bench_state(b, "running") != running) {
        if (clock_monotonic_ns() > until)
            fail_msg("the trigger does not change");
        (void)poll(NULL, 0, 1);
    }
}

/* ---- begin and end ---- */

void bench_sim_connect(struct bench_sim *sim, enum lifu_side side, int fd)
{
    struct connection c = {side, fd};
    sim_do(sim, do_connect, &c);
}

struct bench_sim *bench_sim_new(int ramp_ms)
{
    struct bench_sim *sim = calloc(1, sizeof *sim);
    struct device_options options = {
        .name = "lifu", .kind = &page_openlifu, .unit = 1, .identity = {.serial = 0x090a0b0c}, .tuning = {ramp_ms}};
    assert_non_null(sim);
    sim->loop = loop_new();
    assert_non_null(sim->loop);
    assert_int_equal(trace_open(&sim->trace, NULL), 0);
    sim->device = device_new(sim->loop, &sim->trace, &options);
    assert_non_null(sim->device);
    for (int side = 0; side < LIFU_SIDES; side++) {
        struct end *end = &sim->end[side];
        *end = (struct end){.sim = sim, .fd = -1};
        end->front = olifu_front_new(sim->device, (enum olifu_side)side,
                                     (struct olifu_link){.send = end_send, .cut = end_cut, .ctx = end});
        assert_non_null(end->front);
    }
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
    for (int side = 0; side < LIFU_SIDES; side++)
        olifu_front_free(sim->end[side].front);
    device_free(sim->device);
    loop_remove(sim->loop, sim->job_source);
    loop_free(sim->loop);
    close(sim->jobs[0]);
    close(sim->jobs[1]);
    sem_destroy(&sim->done);
    free(sim);
}
