/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One packet and what becomes of it. Packets wait in order while the device is busy with one before them; an answer
 * that is late by a fault waits on its own and holds up nobody.
 */
#include "front/p24_front.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#include "front/line.h"
#include "front/p24_codec.h"
#include "front/p24_command.h"
#include "front/packet_job.h"
#include "model/p24.h"

#define WAITING_MAX 16 /* packets; a device with full buffers loses what comes then */
#define UNPLUGGED_MS 3600000

struct p24_front {
    struct device *device; /* not owned */
    struct p24_link link;
    struct p24_reader reader;
    struct packet_jobs jobs;
    bool open;
    unsigned conn;
    struct p24_packet waiting[WAITING_MAX];
    unsigned waiting_count;
    bool busy;
    struct loop_timer busy_timer;
    uint8_t last[P24_FRAME_MAX];
    size_t last_length;
};

_Static_assert(sizeof(struct p24_packet) <= PACKET_SIZE_MAX, "a packet that no job can keep");

/* What a wire fault is matched against; also what the trace shows. */
static struct modbus_request as_request(const struct p24_packet *packet)
{
    struct modbus_request q = {.function =
                                   p24_command_writes(packet->command) ? MODBUS_WRITE_HOLDING : MODBUS_READ_HOLDINGS,
                               .address = (uint16_t)packet->command,
                               .count = 1};
    q.data[1] = packet->length ? packet->data[0] : 0;
    return q;
}

static void trace_packet(struct p24_front *front, const char *phase, const struct p24_packet *packet, unsigned result,
                         int64_t now_ns)
{
    struct modbus_request q = as_request(packet);
    struct trace *trace = front->device->trace;
    if (p24_command_writes(packet->command) || trace->reads)
        trace_request(trace, front->device->name, phase, front->conn, &q, (enum modbus_exception)result, now_ns);
}

/* ---- answers ---- */

static const uint8_t garbage[] = {0x12, 0x34, 0xf0, 0x81, 0x55, 0x81, 0x59, 0x00, 0x00, 0x0f, 0x99};
static const uint8_t noise[RULE_NOISE_BYTES] = {0xaa, 0x0f};

static size_t bend(enum corrupt_how how, struct p24_packet *answer, uint8_t *frame)
{
    size_t length;
    switch (how) {
    case CORRUPT_TRANSACTION:
        answer->number = (answer->number + 17) % 64;
        return p24_write(answer, frame);
    case CORRUPT_UNIT:
    case CORRUPT_FUNCTION:
    case CORRUPT_ADDRESS:
        answer->command = answer->command == 33 ? 35 : 33;
        return p24_write(answer, frame);
    case CORRUPT_VALUE:
        answer->data[answer->length - 1] ^= 0x40;
        return p24_write(answer, frame);
    case CORRUPT_GARBAGE:
        memcpy(frame, garbage, sizeof garbage);
        return sizeof garbage;
    case CORRUPT_NOISE:
        memcpy(frame, noise, sizeof noise);
        return RULE_NOISE_BYTES + p24_write(answer, frame + RULE_NOISE_BYTES);
    case CORRUPT_TRUNCATE:
        return p24_write(answer, frame) / 2;
    case CORRUPT_BIT_FLIP:
        length = p24_write(answer, frame);
        frame[length - 2] ^= 0x20;
        return length;
    case CORRUPT_BAD_CRC:
        length = p24_write(answer, frame);
        frame[6] ^= 0x04;
        return length;
    }
    return 0;
}

/* The bytes that go back, by the plan. */
static size_t answer_write(struct p24_front *front, struct p24_packet *answer, const struct plan *plan, uint8_t *bytes)
{
    if (plan->replay && front->last_length) {
        memcpy(bytes, front->last, front->last_length);
        return front->last_length;
    }
    size_t length = p24_write(answer, bytes);
    memcpy(front->last, bytes, length);
    front->last_length = length;
    if (plan->corrupt)
        length = bend(plan->how, answer, bytes);
    if (plan->duplicate) {
        memcpy(bytes + length, bytes, length);
        length *= 2;
    }
    return length;
}

static size_t act(void *ctx, const void *packet, const struct plan *plan, uint8_t bytes[PACKET_ANSWER_MAX])
{
    struct p24_front *front = ctx;
    struct p24_packet answer;
    int64_t now_ns = device_advance(front->device);
    bool acts = plan->act != ACT_NEVER && !model_is_down(front->device->model);
    bool answers = acts || plan->echo_only || plan->exception;
    p24_command_run(front->device, packet, acts, &answer);
    if (plan->exception)
        answer.data[0] = plan->exception;
    trace_packet(front, acts ? answer.data[0] ? "refused" : "applied" : "ignored", packet, answers ? answer.data[0] : 0,
                 now_ns);
    device_settle(front->device);
    p24_front_tell(front);
    return answers && plan->reply ? answer_write(front, &answer, plan, bytes) : 0;
}

static void send_bytes(void *ctx, const uint8_t *bytes, size_t length)
{
    struct p24_front *front = ctx;
    if (front->open && length)
        front->link.send(front->link.ctx, bytes, length);
}

static void cut(void *ctx)
{
    struct p24_front *front = ctx;
    front->link.cut(front->link.ctx);
}

/* ---- packets ---- */

/* The first packet that waits. What switches the high voltage acts at once and is answered when that is done. */
static void packet_serve(struct p24_front *front)
{
    struct p24_packet packet = front->waiting[0];
    struct modbus_request q = as_request(&packet);
    memmove(front->waiting, front->waiting + 1, --front->waiting_count * sizeof packet);
    if (model_is_down(front->device->model))
        return;
    struct plan plan = rule_plan(&front->device->rules, &q);
    int64_t busy_us = plan.act == ACT_NOW ? p24_command_us(front->device, &packet) : 0;
    if (busy_us > 0) {
        front->busy = true;
        loop_timer_arm(front->device->loop, &front->busy_timer, clock_monotonic_ns() + busy_us * NS_PER_US);
        plan.delay_ms += (busy_us + 999) / 1000;
    }
    packet_job_begin(&front->jobs, &packet, sizeof packet, &plan);
}

static void packets_serve(struct p24_front *front)
{
    while (!front->busy && front->waiting_count)
        packet_serve(front);
}

static void busy_over(void *ctx, int64_t now_ns)
{
    struct p24_front *front = ctx;
    (void)now_ns;
    front->busy = false;
    packets_serve(front);
}

static void error_send(struct p24_front *front, unsigned result)
{
    uint8_t frame[P24_FRAME_MAX];
    struct p24_packet packet = {.command = P24_GENERAL_ERROR, .length = 1, .data = {(uint8_t)result}};
    send_bytes(front, frame, p24_write(&packet, frame));
}

void p24_front_tell(struct p24_front *front)
{
    unsigned error = p24_take_error(front->device->model);
    if (error)
        error_send(front, error);
}

void p24_front_receive(struct p24_front *front, const uint8_t *bytes, size_t length)
{
    struct p24_packet packet;
    for (size_t i = 0; i < length; i++) {
        enum p24_read r = p24_read_byte(&front->reader, bytes[i], &packet);
        if (r == P24_READ_BROKEN)
            error_send(front, P24_TRANSFER_ERROR);
        if (r != P24_READ_PACKET)
            continue;
        int64_t now_ns = device_advance(front->device);
        device_settle(front->device);
        trace_packet(front, "received", &packet, 0, now_ns);
        if (front->waiting_count < WAITING_MAX)
            front->waiting[front->waiting_count++] = packet;
    }
    packets_serve(front);
}

/* ---- the link ---- */

void p24_front_open(struct p24_front *front)
{
    front->open = true;
    front->conn = peer_next_id();
    front->reader = (struct p24_reader){0};
}

void p24_front_close(struct p24_front *front)
{
    front->open = false;
    front->waiting_count = 0;
    packet_jobs_closed(&front->jobs);
}

static void power(struct p24_front *front, int64_t down_ms)
{
    struct fault_args args = {.present = 1u << ARG_ms};
    args.value[ARG_ms] = down_ms;
    (void)device_advance(front->device);
    model_reboot(front->device->model, &args);
    device_settle(front->device);
}

void p24_front_unplug(struct p24_front *front)
{
    p24_front_close(front);
    power(front, UNPLUGGED_MS);
}

void p24_front_plug(struct p24_front *front)
{
    power(front, 0);
}

struct p24_front *p24_front_new(struct device *device, struct p24_link link)
{
    struct p24_front *front = calloc(1, sizeof *front);
    if (!front)
        return NULL;
    front->device = device;
    front->link = link;
    front->jobs =
        (struct packet_jobs){.loop = device->loop, .user = {.act = act, .send = send_bytes, .cut = cut, .ctx = front}};
    front->busy_timer = (struct loop_timer){.fn = busy_over, .ctx = front};
    return front;
}

void p24_front_free(struct p24_front *front)
{
    if (!front)
        return;
    packet_jobs_free(&front->jobs);
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

static void protocol_4(struct page *page)
{
    page->identity.revision = page->identity_shown.revision = 4;
}

const struct page_kind page_p24 = {.model = &p24_kind, .init = protocol_4, .read = no_register};
