/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request and what becomes of it. The plan's parts come in a fixed order: act, build the reply, bend it, wait,
 * send; a job keeps what has to wait and dies with its work, not with its connection.
 */
#include "front/line.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

enum job_stage { JOB_WAIT_CLOSE, JOB_ACT, JOB_SEND, JOB_DRIP };

struct job {
    struct job *next;
    struct line *line;
    struct device *device;
    struct peer *peer; /* NULL once it closed */
    unsigned peer_id;
    struct modbus_request request;
    enum modbus_exception exception; /* of decoding */
    struct plan plan;
    enum job_stage stage;
    int64_t wire_ns;
    uint8_t frame[2 * (MODBUS_FRAME_MAX + RULE_NOISE_BYTES)];
    size_t length; /* 0 = no reply */
    size_t sent;
    struct loop_timer timer;
};

static void job_free(struct job *job)
{
    struct job **at = &job->line->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    job->line->job_count--;
    loop_timer_cancel(job->line->loop, &job->timer);
    free(job);
}

void line_jobs_free(struct line *line)
{
    while (line->jobs)
        job_free(line->jobs);
}

static size_t frame_encode(const struct job *job, const uint8_t *pdu, size_t length, uint8_t *frame)
{
    if (job->line->kind == LINE_TCP)
        return mbap_encode(job->request.transaction, job->request.unit, pdu, length, frame);
    return rtu_encode(job->request.unit, pdu, length, frame);
}

/* Does what the request says, or not, and leaves the reply's PDU; 0 bytes when there is nothing to say. */
static size_t act(struct job *job, uint8_t *pdu)
{
    struct device *device = job->device;
    const struct modbus_request *request = &job->request;
    bool write = modbus_function_writes(request->function);
    uint16_t values[MODBUS_READ_WORDS_MAX] = {0};
    enum modbus_exception exception = job->exception;
    int64_t now_ns = device_advance(device);

    if (exception == MODBUS_OK && job->plan.act == ACT_NEVER)
        exception = (enum modbus_exception)job->plan.exception;
    else if (exception == MODBUS_OK)
        exception = page_check(&device->page, request);
    bool acts = exception == MODBUS_OK && job->plan.act != ACT_NEVER && !model_is_down(device->model);
    if (acts && write)
        page_apply(&device->page, request);
    if (exception == MODBUS_OK)
        page_read(&device->page, request, values);
    device_settle(device);
    if (write)
        trace_request(job->line->trace, device->name,
                      acts        ? "applied"
                      : exception ? "refused"
                                  : "ignored",
                      job->peer_id, request, exception, now_ns);
    if (!job->plan.reply)
        return 0;
    return exception ? modbus_exception_encode(request->function, exception, pdu)
                     : modbus_reply_encode(request, values, pdu);
}

static void replay(struct job *job)
{
    struct device *device = job->device;
    if (device->last_reply_length == 0)
        return;
    memcpy(job->frame, device->last_reply, device->last_reply_length);
    job->length = device->last_reply_length;
    if (job->plan.retag && job->line->kind == LINE_TCP) {
        job->frame[0] = (uint8_t)(job->request.transaction >> 8);
        job->frame[1] = (uint8_t)(job->request.transaction & 0xff);
    }
}

/* Acts and builds the bytes that go back. */
static void job_act(struct job *job)
{
    uint8_t pdu[MODBUS_PDU_MAX];
    size_t pdu_length = act(job, pdu);
    if (pdu_length == 0 || !job->plan.reply)
        return;
    job->length = frame_encode(job, pdu, pdu_length, job->frame);
    if (job->plan.replay) {
        replay(job);
    } else {
        memcpy(job->device->last_reply, job->frame, job->length);
        job->device->last_reply_length = job->length;
    }
    if (job->plan.corrupt)
        job->length = rule_corrupt(job->plan.how, job->line->kind == LINE_TCP, job->frame, job->length);
    if (job->plan.duplicate) {
        memcpy(job->frame + job->length, job->frame, job->length);
        job->length *= 2;
    }
}

/* Returns false when the peer was closed by it. */
static bool job_send(struct job *job, size_t length)
{
    struct peer *peer = job->peer;
    bool alive = true;
    if (peer && length)
        alive = peer_send(peer, job->frame + job->sent, length);
    job->sent += length;
    if (alive && peer && job->plan.close && job->sent == job->length) {
        line_cut(job->line, peer);
        alive = false;
    }
    return alive;
}

static void job_due(void *ctx, int64_t now_ns)
{
    struct job *job = ctx;
    if (job->stage == JOB_ACT || job->stage == JOB_WAIT_CLOSE) {
        job_act(job);
        job->stage = JOB_SEND;
    }
    if (!job->peer) {
        job_free(job);
        return;
    }
    bool drip = job->plan.drip_ms > 0 && job->length > 0;
    (void)job_send(job, drip ? 1 : job->length);
    if (!drip || !job->peer || job->sent == job->length)
        job_free(job);
    else
        loop_timer_arm(job->line->loop, &job->timer, now_ns + job->plan.drip_ms * NS_PER_MS);
}

/* Time the request and its reply take on a serial line of 11 bits a character, with the silence between them. */
static int64_t wire_ns(const struct line *line, size_t request_length, size_t reply_length)
{
    if (line->kind != LINE_PTY || line->baud == 0)
        return 0;
    return (int64_t)(2 * (request_length + reply_length) + 7) * 11 * NS_PER_S / line->baud / 2;
}

/* Keeps a job for later. A line with too many of them loses the newest, as a device with full buffers does. */
static struct job *job_keep(const struct job *from)
{
    struct line *line = from->line;
    struct job *job = line->job_count < LINE_JOBS_MAX ? malloc(sizeof *job) : NULL;
    if (!job)
        return NULL;
    *job = *from;
    job->timer = (struct loop_timer){.fn = job_due, .ctx = job};
    struct job **at = &line->jobs; /* oldest first: held writes act in the order they came */
    while (*at)
        at = &(*at)->next;
    job->next = NULL;
    *at = job;
    line->job_count++;
    return job;
}

static bool job_begin(struct job *job, size_t request_length)
{
    struct loop *loop = job->line->loop;
    struct job *kept;
    int64_t delay_ns = job->plan.delay_ms * NS_PER_MS;
    if (job->plan.act == ACT_AFTER_CLOSE) {
        job->stage = JOB_WAIT_CLOSE;
        (void)job_keep(job);
        if (job->plan.close)
            line_cut(job->line, job->peer);
        return !job->plan.close;
    }
    if (job->plan.act == ACT_DELAYED) {
        job->stage = JOB_ACT;
        kept = job_keep(job);
        if (kept)
            loop_timer_arm(loop, &kept->timer, clock_monotonic_ns() + delay_ns);
        return true;
    }
    job_act(job);
    delay_ns += wire_ns(job->line, request_length, job->length);
    if (delay_ns == 0 && job->plan.drip_ms == 0)
        return job_send(job, job->length);
    job->stage = JOB_SEND;
    kept = job_keep(job);
    if (kept)
        loop_timer_arm(loop, &kept->timer, clock_monotonic_ns() + delay_ns);
    return true;
}

static bool unit_request(struct line *line, struct peer *peer, struct device *device,
                         const struct modbus_request *request, enum modbus_exception exception, size_t length)
{
    int64_t now_ns = device_advance(device);
    device_settle(device);
    bool broadcast = request->unit == 0 && line->kind == LINE_PTY;
    bool write = modbus_function_writes(request->function);
    if (write || line->trace->reads)
        trace_request(line->trace, device->name, write ? "received" : "read", peer->id, request, exception, now_ns);
    if (model_is_down(device->model))
        return true;
    struct job job = {.line = line,
                      .device = device,
                      .peer = peer,
                      .peer_id = peer->id,
                      .request = *request,
                      .exception = exception,
                      .plan = rule_plan(&device->rules, request)};
    job.plan.reply = job.plan.reply && !broadcast;
    return job_begin(&job, length);
}

/* Over TCP the unit that is not there is answered for, as gateways do; on a serial line nobody speaks. */
static bool nobody(struct line *line, struct peer *peer, const struct modbus_request *request)
{
    uint8_t pdu[2];
    uint8_t frame[MODBUS_FRAME_MAX];
    if (line->kind != LINE_TCP)
        return true;
    size_t size = modbus_exception_encode(request->function, MODBUS_GATEWAY_NO_RESPONSE, pdu);
    return peer_send(peer, frame, mbap_encode(request->transaction, request->unit, pdu, size, frame));
}

bool line_request(struct line *line, struct peer *peer, struct modbus_request *request, enum modbus_exception exception,
                  size_t length)
{
    if (exception != MODBUS_OK)
        request->count = request->read_count = 0; /* what decoding refused has no values that could be looked at */
    bool broadcast = request->unit == 0 && line->kind == LINE_PTY;
    bool found = false;
    for (unsigned i = 0; i < line->unit_count; i++) {
        if (!broadcast && line->units[i]->unit != request->unit)
            continue;
        found = true;
        if (!unit_request(line, peer, line->units[i], request, exception, length))
            return false;
    }
    return found || broadcast ? true : nobody(line, peer, request);
}

void line_peer_gone(struct line *line, struct peer *peer)
{
    struct job *next;
    for (struct job *job = line->jobs; job; job = next) {
        next = job->next;
        if (job->peer != peer)
            continue;
        job->peer = NULL;
        if (job->stage == JOB_WAIT_CLOSE)
            loop_timer_arm(line->loop, &job->timer, clock_monotonic_ns() + job->plan.after_close_ms * NS_PER_MS);
    }
}
