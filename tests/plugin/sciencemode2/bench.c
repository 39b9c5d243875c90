/* SPDX-License-Identifier: Apache-2.0 */
/* The device's side: a thread with the simulator's loop, which takes jobs through a pipe. The plugin's side below. */
#include "bench.h"

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

#include "../common/hex.h"
#include "common/transport_fd.h"

#define COMMANDS 128

struct bench_sim {
    struct loop *loop;
    struct trace trace;
    struct device *device;
    struct rehastim2_front *front;
    int fd; /* the device's end, -1 = no link */
    struct loop_source *source, *job_source;
    int jobs[2];
    sem_t done;
    pthread_t thread;
    unsigned received[COMMANDS];
    int trigger; /* command that the device acts on by itself, 0 = none */
    int trigger_error;
    bool trigger_reboot;
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
    rehastim2_front_close(sim->front);
}

static void link_cut(void *ctx)
{
    link_close(ctx);
}

static void link_send(void *ctx, const uint8_t *bytes, size_t length)
{
    const struct bench_sim *sim = ctx;
    ssize_t n = write(sim->fd, bytes, length);
    (void)n; /* a client that is gone hears nothing */
}

static void reboot(struct bench_sim *sim)
{
    const struct fault_args args = {.present = 1u << ARG_ms, .value = {[ARG_ms] = 20}};
    (void)model_inject(sim->device->model, FAULT_reboot, &args);
}

static void packet_heard(void *ctx, const struct rehastim2_packet *packet)
{
    struct bench_sim *sim = ctx;
    if (packet->command < COMMANDS)
        sim->received[packet->command]++;
    if (packet->command != sim->trigger)
        return;
    sim->trigger = 0;
    if (sim->trigger_reboot)
        reboot(sim);
    else
        rehastim2_complain(sim->device->model, (enum rehastim2_error)sim->trigger_error);
    rehastim2_front_tell(sim->front);
}

static void link_ready(void *ctx, uint32_t events)
{
    struct bench_sim *sim = ctx;
    uint8_t bytes[2048];
    (void)events;
    ssize_t n = read(sim->fd, bytes, sizeof bytes);
    if (n <= 0)
        link_close(sim);
    else
        rehastim2_front_receive(sim->front, bytes, (size_t)n);
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
    rehastim2_front_tell(sim->front);
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
    rehastim2_front_open(sim->front);
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
    bool wire = fault_kinds[i->fault].scope == SCOPE_WIRE;
    i->result = wire ? rule_add(&sim->device->rules, i->fault, &i->args, &i->match)
                     : model_inject(sim->device->model, i->fault, &i->args);
}

static void do_clear_one(struct bench_sim *sim, void *arg)
{
    const struct fault_args none = {0};
    enum fault_id fault = *(enum fault_id *)arg;
    if (fault_kinds[fault].scope == SCOPE_WIRE)
        rule_clear(&sim->device->rules, fault);
    else if (fault_kinds[fault].scope == SCOPE_MODEL)
        (void)model_clear(sim->device->model, fault, &none);
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

struct counting {
    enum sm2_command command;
    unsigned n;
};

static void do_received(struct bench_sim *sim, void *arg)
{
    struct counting *c = arg;
    c->n = sim->received[c->command];
    sim->received[c->command] = 0;
}

struct trigger {
    int command, error;
    bool reboot;
};

static void do_trigger(struct bench_sim *sim, void *arg)
{
    const struct trigger *t = arg;
    sim->trigger = t->command;
    sim->trigger_error = t->error;
    sim->trigger_reboot = t->reboot;
}

static void do_complain(struct bench_sim *sim, void *arg)
{
    rehastim2_complain(sim->device->model, *(enum rehastim2_error *)arg);
    model_refresh(sim->device->model, CAUSE_fault);
}

static void do_version(struct bench_sim *sim, void *arg)
{
    rehastim2_front_version(sim->front, *(uint8_t *)arg);
}

struct speech {
    uint8_t bytes[256];
    size_t n;
};

static void do_say(struct bench_sim *sim, void *arg)
{
    const struct speech *s = arg;
    link_send(sim, s->bytes, s->n);
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

void bench_fault_on(struct bench *b, enum sm2_command command, enum fault_id fault, ...)
{
    va_list list;
    va_start(list, fault);
    struct injection i = injection_of(fault, list);
    va_end(list);
    i.match = (struct rule_match){.has_address = true, .address = (uint16_t)command};
    sim_do(b->sim, do_inject, &i);
    assert_int_equal(i.result, 0);
}

void bench_clear_one(struct bench *b, enum fault_id fault)
{
    sim_do(b->sim, do_clear_one, &fault);
}

void bench_clear(struct bench *b)
{
    for (int f = 0; f < FAULT_COUNT; f++)
        bench_clear_one(b, (enum fault_id)f);
}

void bench_complain_on(struct bench *b, enum sm2_command command, int error)
{
    struct trigger t = {.command = (int)command, .error = error};
    sim_do(b->sim, do_trigger, &t);
}

void bench_reboot_on(struct bench *b, enum sm2_command command)
{
    struct trigger t = {.command = (int)command, .reboot = true};
    sim_do(b->sim, do_trigger, &t);
}

void bench_complain(struct bench *b, int error)
{
    sim_do(b->sim, do_complain, &error);
}

void bench_version(struct bench *b, uint8_t version)
{
    sim_do(b->sim, do_version, &version);
}

void bench_say(struct bench *b, const char *hex)
{
    struct speech s;
    s.n = hex_bytes(hex, s.bytes, sizeof s.bytes);
    sim_do(b->sim, do_say, &s);
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

bool bench_all_rest(struct bench *b)
{
    for (unsigned c = 0; c < REHASTIM2_CHANNELS; c++)
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

void bench_wait_state(struct bench *b, const char *name, int64_t value, int bound_ms)
{
    int64_t end = bench_in_ms(bound_ms);
    while (bench_state(b, 0, name) != value) {
        if (clock_monotonic_ns() > end)
            fail_msg("%s is not %lld within %d ms", name, (long long)value, bound_ms);
        (void)poll(NULL, 0, 1);
    }
}

unsigned bench_received(struct bench *b, enum sm2_command command)
{
    struct counting c = {.command = command};
    sim_do(b->sim, do_received, &c);
    return c.n;
}

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
    bool waits = deadline_ns > 0; /* hearing what is there already does not fail */
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
    sim_do(b->sim, do_connect, &ends[1]);
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
    b->recovered++;
    while (r == 0 && clock_monotonic_ns() < deadline_ns)
        r = t.read(t.ctx, bytes, sizeof bytes, bench_in_ms(10), &n);
    return r == -EAGAIN ? 0 : r == 0 ? -EAGAIN : r;
}

static void wire_toward_rest(void *ctx, bool on)
{
    struct bench *b = ctx;
    b->toward_rest += on ? 1 : -1u;
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

static struct bench_sim *sim_new(void)
{
    struct bench_sim *sim = calloc(1, sizeof *sim);
    struct device_options options = {.name = "reha", .kind = &page_rehastim2, .unit = 1};
    assert_non_null(sim);
    sim->fd = -1;
    sim->loop = loop_new();
    assert_non_null(sim->loop);
    assert_int_equal(trace_open(&sim->trace, NULL), 0);
    sim->device = device_new(sim->loop, &sim->trace, &options);
    assert_non_null(sim->device);
    sim->front = rehastim2_front_new(
        sim->device, (struct rehastim2_link){.send = link_send, .cut = link_cut, .heard = packet_heard, .ctx = sim});
    assert_non_null(sim->front);
    assert_int_equal(pipe2(sim->jobs, O_CLOEXEC), 0);
    assert_int_equal(sem_init(&sim->done, 0, 0), 0);
    sim->job_source = loop_add(sim->loop, sim->jobs[0], EPOLLIN, job_ready, sim);
    assert_int_equal(pthread_create(&sim->thread, NULL, sim_main, sim), 0);
    return sim;
}

static void sim_free(struct bench_sim *sim)
{
    sim_do(sim, do_end, NULL);
    pthread_join(sim->thread, NULL);
    rehastim2_front_free(sim->front);
    device_free(sim->device);
    loop_remove(sim->loop, sim->job_source);
    loop_free(sim->loop);
    close(sim->jobs[0]);
    close(sim->jobs[1]);
    sem_destroy(&sim->done);
    free(sim);
}

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
    signal(SIGPIPE, SIG_IGN);
    b->services = (struct modality_services){.size = sizeof b->services, .ctx = b, .log = take_log};
    b->sim = sim_new();
    b->client_fd = -1;
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
    sim_do(b->sim, do_connect, &fd);
    return b;
}

struct bench *bench_new(void)
{
    struct bench *b = bench_open();
    struct modality_identity identity;
    assert_int_equal(unit_identify(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &identity), 0);
    assert_int_equal(unit_make_safe(&b->link, 0, bench_in_ms(BENCH_LONG_MS)), 0);
    (void)bench_status(b);
    for (int c = 0; c < COMMANDS; c++)
        (void)bench_received(b, (enum sm2_command)c);
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
    sim_free(b->sim);
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

struct modality_status bench_status(struct bench *b)
{
    struct modality_status status;
    assert_int_equal(unit_status(&b->link, 0, bench_in_ms(BENCH_LONG_MS), &status), 0);
    return status;
}
