/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <cmocka.h> /* needs setjmp, stdarg, stddef and stdint */

#include "modality/clock.h"

struct sim_thread {
    const struct sim_hooks *hooks;
    struct loop *loop;
    struct trace trace;
    struct device *device;
    struct sim_end end[SIM_ENDS_MAX];
    struct loop_source *job_source;
    int jobs[2]; /* struct job, to the thread */
    sem_t done;
    pthread_t thread;
    unsigned received[SIM_COMMANDS];
};

struct job {
    sim_job *run;
    void *arg;
};

/* ---- in the device's thread ---- */

static void end_close(struct sim_end *end)
{
    if (end->fd < 0)
        return;
    loop_remove(end->thread->loop, end->source);
    close(end->fd);
    end->fd = -1;
    end->thread->hooks->close(end->front);
}

void sim_end_cut(void *end)
{
    end_close(end);
}

void sim_end_send(void *end, const uint8_t *bytes, size_t n)
{
    ssize_t sent = write(((struct sim_end *)end)->fd, bytes, n);
    (void)sent; /* a client that is gone hears nothing */
}

void sim_end_count(struct sim_end *end, unsigned command)
{
    if (command < SIM_COMMANDS)
        end->thread->received[command]++;
}

static void end_ready(void *ctx, uint32_t events)
{
    struct sim_end *end = ctx;
    uint8_t bytes[2048];
    (void)events;
    ssize_t n = read(end->fd, bytes, sizeof bytes);
    if (n <= 0)
        end_close(end);
    else
        end->thread->hooks->receive(end, bytes, (size_t)n);
}

static void job_ready(void *ctx, uint32_t events)
{
    struct sim_thread *t = ctx;
    struct job job;
    (void)events;
    if (read(t->jobs[0], &job, sizeof job) != sizeof job)
        return;
    (void)device_advance(t->device);
    job.run(t->end, job.arg);
    device_settle(t->device);
    for (unsigned i = 0; t->hooks->tell && i < t->hooks->ends; i++)
        t->hooks->tell(t->end[i].front);
    sem_post(&t->done);
}

static void *thread_main(void *arg)
{
    (void)loop_run(((struct sim_thread *)arg)->loop);
    return NULL;
}

/* ---- jobs ---- */

void sim_thread_do(struct sim_thread *t, sim_job *run, void *arg)
{
    struct job job = {run, arg};
    assert_int_equal(write(t->jobs[1], &job, sizeof job), sizeof job);
    while (sem_wait(&t->done) < 0)
        assert_int_equal(errno, EINTR);
}

static void do_end(struct sim_end *ends, void *arg)
{
    struct sim_thread *t = arg;
    for (unsigned i = 0; i < t->hooks->ends; i++)
        end_close(&ends[i]);
    loop_stop(t->loop);
}

struct connection {
    unsigned end;
    int fd;
};

static void do_connect(struct sim_end *ends, void *arg)
{
    const struct connection *c = arg;
    struct sim_end *end = &ends[c->end];
    end_close(end);
    if (c->fd < 0)
        return;
    end->fd = c->fd;
    end->source = loop_add(end->thread->loop, end->fd, EPOLLIN, end_ready, end);
    end->thread->hooks->connect(end->front);
}

void sim_thread_connect(struct sim_thread *t, unsigned end, int fd)
{
    struct connection c = {end, fd};
    sim_thread_do(t, do_connect, &c);
}

struct speech {
    unsigned end;
    const uint8_t *bytes;
    size_t n;
};

static void do_say(struct sim_end *ends, void *arg)
{
    const struct speech *s = arg;
    sim_end_send(&ends[s->end], s->bytes, s->n);
}

void sim_thread_say(struct sim_thread *t, unsigned end, const uint8_t *bytes, size_t n)
{
    struct speech s = {end, bytes, n};
    sim_thread_do(t, do_say, &s);
}

/* ---- faults ---- */

struct injection {
    enum fault_id fault;
    struct fault_args args;
    struct rule_match match;
    int result;
};

static int inject(struct device *device, const struct injection *i)
{
    switch (fault_kinds[i->fault].scope) {
    case SCOPE_WIRE:
        return rule_add(&device->rules, i->fault, &i->args, &i->match);
    case SCOPE_MODEL:
        return model_inject(device->model, i->fault, &i->args);
    case SCOPE_PAGE:
        return page_inject(&device->page, i->fault, &i->args);
    case SCOPE_LINK:
        break; /* there is no line */
    }
    return -ENOTSUP;
}

static void do_inject(struct sim_end *ends, void *arg)
{
    struct injection *i = arg;
    i->result = inject(ends->device, i);
}

void sim_thread_fault(struct sim_thread *t, enum fault_id fault, const struct rule_match *match, va_list args)
{
    struct injection i = {.fault = fault, .match = match ? *match : (struct rule_match){0}};
    for (int arg = va_arg(args, int); arg >= 0; arg = va_arg(args, int)) {
        i.args.present |= 1u << arg;
        i.args.value[arg] = va_arg(args, int);
    }
    sim_thread_do(t, do_inject, &i);
    assert_int_equal(i.result, 0);
}

static void do_clear(struct sim_end *ends, void *arg)
{
    const struct fault_args none = {0};
    struct device *device = ends->device;
    enum fault_id fault = *(enum fault_id *)arg;
    if (fault_kinds[fault].scope == SCOPE_WIRE)
        rule_clear(&device->rules, fault);
    else if (fault_kinds[fault].scope == SCOPE_MODEL)
        (void)model_clear(device->model, fault, &none); /* not every device has it */
    else if (fault_kinds[fault].scope == SCOPE_PAGE)
        page_clear(&device->page, fault);
}

void sim_thread_clear(struct sim_thread *t, enum fault_id fault)
{
    sim_thread_do(t, do_clear, &fault);
}

static void do_clear_all(struct sim_end *ends, void *arg)
{
    (void)arg;
    for (enum fault_id f = 0; f < FAULT_COUNT; f++)
        do_clear(ends, &f);
}

void sim_thread_clear_all(struct sim_thread *t)
{
    sim_thread_do(t, do_clear_all, NULL);
}

/* ---- what it received, and what it does ---- */

struct counting {
    unsigned command, n;
};

static void do_received(struct sim_end *ends, void *arg)
{
    struct counting *c = arg;
    unsigned *received = &ends->thread->received[c->command];
    c->n = *received;
    *received = 0;
}

unsigned sim_thread_received(struct sim_thread *t, unsigned command)
{
    struct counting c = {.command = command};
    assert_true(command < SIM_COMMANDS);
    sim_thread_do(t, do_received, &c);
    return c.n;
}

static void do_forget(struct sim_end *ends, void *arg)
{
    (void)arg;
    memset(ends->thread->received, 0, sizeof ends->thread->received);
}

void sim_thread_forget_received(struct sim_thread *t)
{
    sim_thread_do(t, do_forget, NULL);
}

struct question {
    unsigned channel;
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

static void do_ask(struct sim_end *ends, void *arg)
{
    model_state(ends->device->model, take_state, arg);
}

int64_t sim_thread_state(struct sim_thread *t, unsigned channel, const char *name)
{
    struct question q = {.channel = channel, .name = name};
    sim_thread_do(t, do_ask, &q);
    assert_true(q.found);
    return q.value;
}

static void take_on(void *ctx, unsigned channel, const char *name, int64_t value)
{
    (void)channel;
    if (strcmp(name, "on") == 0 && value != 0)
        *(bool *)ctx = false;
}

static void do_look(struct sim_end *ends, void *arg)
{
    model_state(ends->device->model, take_on, arg);
}

bool sim_thread_rests(struct sim_thread *t)
{
    bool rests = true;
    sim_thread_do(t, do_look, &rests);
    return rests;
}

int64_t sim_thread_wait_rest(struct sim_thread *t, int64_t since_ns, int bound_ms)
{
    while (!sim_thread_rests(t)) {
        if (clock_monotonic_ns() - since_ns > bound_ms * NS_PER_MS)
            fail_msg("not at rest within %d ms", bound_ms);
        (void)poll(NULL, 0, 1);
    }
    return clock_monotonic_ns() - since_ns;
}

void sim_thread_wait_state(struct sim_thread *t, unsigned channel, const char *name, int64_t value, int bound_ms)
{
    int64_t end_ns = clock_monotonic_ns() + bound_ms * NS_PER_MS;
    while (sim_thread_state(t, channel, name) != value) {
        if (clock_monotonic_ns() > end_ns)
            fail_msg("%s is not %lld within %d ms", name, (long long)value, bound_ms);
        (void)poll(NULL, 0, 1);
    }
}

/* ---- begin and end ---- */

struct sim_thread *sim_thread_new(const struct device_options *options, const struct sim_hooks *hooks, void *own)
{
    struct sim_thread *t = calloc(1, sizeof *t);
    assert_non_null(t);
    assert_true(hooks->ends <= SIM_ENDS_MAX);
    (void)signal(SIGPIPE, SIG_IGN);
    t->hooks = hooks;
    t->loop = loop_new();
    assert_non_null(t->loop);
    assert_int_equal(trace_open(&t->trace, NULL), 0);
    t->device = device_new(t->loop, &t->trace, options);
    assert_non_null(t->device);
    for (unsigned i = 0; i < hooks->ends; i++) {
        t->end[i] = (struct sim_end){.thread = t, .device = t->device, .own = own, .index = i, .fd = -1};
        t->end[i].front = hooks->make(&t->end[i]);
        assert_non_null(t->end[i].front);
    }
    assert_int_equal(pipe2(t->jobs, O_CLOEXEC), 0);
    assert_int_equal(sem_init(&t->done, 0, 0), 0);
    t->job_source = loop_add(t->loop, t->jobs[0], EPOLLIN, job_ready, t);
    assert_non_null(t->job_source);
    assert_int_equal(pthread_create(&t->thread, NULL, thread_main, t), 0);
    return t;
}

void sim_thread_free(struct sim_thread *t)
{
    sim_thread_do(t, do_end, t);
    pthread_join(t->thread, NULL);
    for (unsigned i = 0; i < t->hooks->ends; i++)
        t->hooks->free(t->end[i].front);
    device_free(t->device);
    loop_remove(t->loop, t->job_source);
    loop_free(t->loop);
    close(t->jobs[0]);
    close(t->jobs[1]);
    sem_destroy(&t->done);
    free(t);
}
