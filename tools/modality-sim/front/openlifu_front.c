/* SPDX-License-Identifier: Apache-2.0 */
#include "front/openlifu_front.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#include "model/openlifu.h"

#define JOBS_MAX 32

enum job_stage { JOB_ACT, JOB_SEND };

/* An answer on its way; late ones hold up nobody. */
struct job {
    struct job *next;
    struct olifu_front *front;
    struct olifu_packet packet;
    struct plan plan;
    enum job_stage stage;
    bool lost; /* who asked is gone */
    uint8_t bytes[2 * OLIFU_FRAME_MAX + RULE_NOISE_BYTES];
    size_t length, sent;
    int64_t busy_ns;
    struct loop_timer timer;
};

struct olifu_front {
    struct device *device; /* not owned */
    enum olifu_side side;
    struct olifu_link link;
    bool open, busy;
    struct loop_timer busy_timer;
    uint8_t kept[OLIFU_FRAME_MAX]; /* a burst that came meanwhile */
    size_t kept_length;
    struct job *jobs;
    unsigned job_count;
    uint8_t last[OLIFU_FRAME_MAX];
    size_t last_length;
};

static void job_free(struct job *job)
{
    struct job **at = &job->front->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->front->job_count--;
    loop_timer_cancel(job->front->device->loop, &job->timer);
    free(job);
}

/* What a wire fault is matched against; also what the trace shows. */
static struct modbus_request as_request(const struct olifu_front *front, const struct olifu_packet *packet)
{
    struct modbus_request q = {.function =
                                   olifu_command_writes(packet->command) ? MODBUS_WRITE_HOLDING : MODBUS_READ_HOLDINGS,
                               .address = packet->command,
                               .count = 1};
    q.data[1] = (uint8_t)front->side;
    return q;
}

static void trace_packet(const struct olifu_front *front, const char *phase, const struct olifu_packet *packet,
                         int64_t now_ns)
{
    struct modbus_request q = as_request(front, packet);
    struct trace *trace = front->device->trace;
    if (olifu_command_writes(packet->command) || trace->reads)
        trace_request(trace, front->device->name, phase, (unsigned)front->side, &q, (enum modbus_exception)0, now_ns);
}

/* ---- answers ---- */

static const uint8_t garbage[] = {0x12, 0x34, 0xaa, 0xdd, 0x55, 0x81, 0xaa, 0x00, 0x00, 0x0f, 0x99};
static const uint8_t noise[RULE_NOISE_BYTES] = {0xdd, 0x0f};

static size_t bend(enum corrupt_how how, struct olifu_packet *answer, uint8_t *frame)
{
    size_t length;
    switch (how) {
    case CORRUPT_TRANSACTION:
        answer->id ^= 0x11;
        return olifu_write(answer, frame);
    case CORRUPT_UNIT:
    case CORRUPT_FUNCTION:
    case CORRUPT_ADDRESS:
        answer->command ^= 0x01;
        return olifu_write(answer, frame);
    case CORRUPT_VALUE:
        if (answer->length > 0)
            answer->data[answer->length - 1] ^= 0x40;
        else
            answer->reserved ^= 0x40;
        return olifu_write(answer, frame);
    case CORRUPT_GARBAGE:
        memcpy(frame, garbage, sizeof garbage);
        return sizeof garbage;
    case CORRUPT_NOISE:
        memcpy(frame, noise, sizeof noise);
        return RULE_NOISE_BYTES + olifu_write(answer, frame + RULE_NOISE_BYTES);
    case CORRUPT_TRUNCATE:
        return olifu_write(answer, frame) / 2;
    case CORRUPT_BIT_FLIP:
        length = olifu_write(answer, frame);
        frame[length / 2] ^= 0x20;
        return length;
    case CORRUPT_BAD_CRC:
        length = olifu_write(answer, frame);
        frame[length - 2] ^= 0x04;
        return length;
    }
    return 0;
}

static void answer_write(struct job *job, struct olifu_packet *answer)
{
    struct olifu_front *front = job->front;
    const struct plan *plan = &job->plan;
    if (plan->replay && front->last_length) {
        memcpy(job->bytes, front->last, front->last_length);
        job->length = front->last_length;
        return;
    }
    job->length = olifu_write(answer, job->bytes);
    memcpy(front->last, job->bytes, job->length);
    front->last_length = job->length;
    if (plan->corrupt)
        job->length = bend(plan->how, answer, job->bytes);
    if (plan->duplicate) {
        memcpy(job->bytes + job->length, job->bytes, job->length);
        job->length *= 2;
    }
}

static void job_act(struct job *job)
{
    struct olifu_front *front = job->front;
    struct olifu_packet answer;
    int64_t now_ns = device_advance(front->device);
    bool acts = job->plan.act != ACT_NEVER && !job->plan.echo_only;
    olifu_command_run(front->device, front->side, &job->packet, acts, &answer, &job->busy_ns);
    if (job->plan.exception) {
        answer.command = 0;
        olifu_error(front->side, OLIFU_READ_PACKET, &answer);
    }
    trace_packet(front, acts ? "applied" : "ignored", &job->packet, now_ns);
    if (job->plan.reply)
        answer_write(job, &answer);
    device_settle(front->device);
}

static void job_due(void *ctx, int64_t now_ns)
{
    struct job *job = ctx;
    struct olifu_front *front = job->front;
    if (job->stage == JOB_ACT)
        job_act(job);
    job->stage = JOB_SEND;
    bool drip = job->plan.drip_ms > 0, cut = job->plan.close && !job->lost;
    size_t part = job->length - job->sent;
    part = drip && part > 1 ? 1 : part;
    if (!job->lost && front->open && part > 0)
        front->link.send(front->link.ctx, job->bytes + job->sent, part);
    job->sent += part;
    if (!job->lost && job->sent < job->length) {
        loop_timer_arm(front->device->loop, &job->timer, now_ns + job->plan.drip_ms * NS_PER_MS);
        return;
    }
    job_free(job);
    if (cut)
        front->link.cut(front->link.ctx);
}

static void busy_over(void *ctx, int64_t now_ns)
{
    struct olifu_front *front = ctx;
    size_t n = front->kept_length;
    (void)now_ns;
    front->busy = false;
    front->kept_length = 0;
    if (n > 0)
        olifu_front_receive(front, front->kept, n);
}

static void packet_serve(struct olifu_front *front, const struct olifu_packet *packet)
{
    if (model_is_down(front->device->model))
        return;
    struct modbus_request q = as_request(front, packet);
    struct plan plan = rule_plan(&front->device->rules, &q);
    struct job *job = front->job_count < JOBS_MAX ? calloc(1, sizeof *job) : NULL;
    if (!job)
        return;
    *job = (struct job){.next = front->jobs, .front = front, .packet = *packet, .plan = plan};
    job->timer = (struct loop_timer){.fn = job_due, .ctx = job};
    front->jobs = job;
    front->job_count++;
    job->stage = plan.act == ACT_DELAYED || plan.act == ACT_AFTER_CLOSE ? JOB_ACT : JOB_SEND;
    if (job->stage == JOB_SEND)
        job_act(job);
    int64_t now_ns = clock_monotonic_ns(), at_ns = now_ns + job->busy_ns + plan.delay_ms * NS_PER_MS;
    if (job->busy_ns > 0) {
        front->busy = true;
        loop_timer_arm(front->device->loop, &front->busy_timer, now_ns + job->busy_ns);
    }
    if (at_ns > now_ns)
        loop_timer_arm(front->device->loop, &job->timer, at_ns);
    else
        job_due(job, now_ns);
}

static void error_send(struct olifu_front *front, enum olifu_read read, const struct olifu_packet *packet)
{
    uint8_t frame[OLIFU_FRAME_MAX];
    struct olifu_packet answer = *packet;
    olifu_error(front->side, read, &answer);
    if (front->open)
        front->link.send(front->link.ctx, frame, olifu_write(&answer, frame));
}

void olifu_front_receive(struct olifu_front *front, const uint8_t *bytes, size_t length)
{
    struct olifu_packet packet;
    if (front->busy) {
        front->kept_length = length < sizeof front->kept ? length : sizeof front->kept;
        memcpy(front->kept, bytes, front->kept_length);
        return;
    }
    enum olifu_read read = olifu_read(bytes, length, &packet);
    int64_t now_ns = device_advance(front->device);
    device_settle(front->device);
    if (read == OLIFU_READ_PACKET) {
        trace_packet(front, "received", &packet, now_ns);
        packet_serve(front, &packet);
        return;
    }
    error_send(front, read, &packet);
}

/* ---- the link ---- */

void olifu_front_open(struct olifu_front *front)
{
    front->open = true;
}

void olifu_front_close(struct olifu_front *front)
{
    front->open = false;
    for (struct job *job = front->jobs; job; job = job->next)
        job->lost = true;
}

struct olifu_front *olifu_front_new(struct device *device, enum olifu_side side, struct olifu_link link)
{
    struct olifu_front *front = calloc(1, sizeof *front);
    if (!front)
        return NULL;
    front->device = device;
    front->side = side;
    front->link = link;
    front->busy_timer = (struct loop_timer){.fn = busy_over, .ctx = front};
    return front;
}

void olifu_front_free(struct olifu_front *front)
{
    if (!front)
        return;
    for (struct job *job = front->jobs, *next; job; job = next) {
        next = job->next;
        loop_timer_cancel(front->device->loop, &job->timer);
        free(job);
    }
    loop_timer_cancel(front->device->loop, &front->busy_timer);
    free(front);
}

/* ---- a page without registers ---- */

/* NOLINTNEXTLINE(readability-non-const-parameter): as every page's */
static bool no_register(const struct page *page, uint8_t function, unsigned address, uint16_t *out)
{
    (void)page;
    (void)function;
    (void)address;
    (void)out;
    return false;
}

const struct page_kind page_openlifu = {.model = &olifu_kind, .read = no_register};
