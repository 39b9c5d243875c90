/* SPDX-License-Identifier: Apache-2.0 */
#include "front/openlifu_front.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#include "front/packet_job.h"
#include "model/openlifu.h"

struct olifu_front {
    struct device *device; /* not owned */
    enum olifu_side side;
    struct olifu_link link;
    bool open, busy;
    struct loop_timer busy_timer;
    uint8_t kept[OLIFU_FRAME_MAX]; /* a burst that came meanwhile */
    size_t kept_length;
    struct packet_jobs jobs;
    uint8_t last[OLIFU_FRAME_MAX];
    size_t last_length;
};

_Static_assert(sizeof(struct olifu_packet) <= PACKET_SIZE_MAX, "a packet that no job can keep");
_Static_assert(2 * OLIFU_FRAME_MAX + RULE_NOISE_BYTES <= PACKET_ANSWER_MAX, "an answer that no job can keep");

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

static size_t answer_write(struct olifu_front *front, struct olifu_packet *answer, const struct plan *plan,
                           uint8_t *bytes)
{
    if (plan->replay && front->last_length) {
        memcpy(bytes, front->last, front->last_length);
        return front->last_length;
    }
    size_t length = olifu_write(answer, bytes);
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

/* While it is busy with this one it hears no other. */
static void be_busy(struct olifu_front *front, int64_t busy_ns)
{
    front->jobs.busy_ns = busy_ns;
    if (busy_ns == 0)
        return;
    front->busy = true;
    loop_timer_arm(front->device->loop, &front->busy_timer, clock_monotonic_ns() + busy_ns);
}

static size_t act(void *ctx, const void *packet, const struct plan *plan, uint8_t bytes[PACKET_ANSWER_MAX])
{
    struct olifu_front *front = ctx;
    struct olifu_packet answer;
    int64_t busy_ns, now_ns = device_advance(front->device);
    bool acts = plan->act != ACT_NEVER && !plan->echo_only;
    olifu_command_run(front->device, front->side, packet, acts, &answer, &busy_ns);
    if (plan->exception) {
        answer.command = 0;
        olifu_error(front->side, OLIFU_READ_PACKET, &answer);
    }
    trace_packet(front, acts ? "applied" : "ignored", packet, now_ns);
    be_busy(front, busy_ns);
    device_settle(front->device);
    return plan->reply ? answer_write(front, &answer, plan, bytes) : 0;
}

static void send_bytes(void *ctx, const uint8_t *bytes, size_t length)
{
    struct olifu_front *front = ctx;
    if (front->open && length > 0)
        front->link.send(front->link.ctx, bytes, length);
}

static void cut(void *ctx)
{
    struct olifu_front *front = ctx;
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
    packet_job_begin(&front->jobs, packet, sizeof *packet, &plan);
}

static void error_send(struct olifu_front *front, enum olifu_read read, const struct olifu_packet *packet)
{
    uint8_t frame[OLIFU_FRAME_MAX];
    struct olifu_packet answer = *packet;
    olifu_error(front->side, read, &answer);
    send_bytes(front, frame, olifu_write(&answer, frame));
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
    packet_jobs_closed(&front->jobs);
}

struct olifu_front *olifu_front_new(struct device *device, enum olifu_side side, struct olifu_link link)
{
    struct olifu_front *front = calloc(1, sizeof *front);
    if (!front)
        return NULL;
    front->device = device;
    front->side = side;
    front->link = link;
    front->jobs =
        (struct packet_jobs){.loop = device->loop, .user = {.act = act, .send = send_bytes, .cut = cut, .ctx = front}};
    front->busy_timer = (struct loop_timer){.fn = busy_over, .ctx = front};
    return front;
}

void olifu_front_free(struct olifu_front *front)
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

const struct page_kind page_openlifu = {.model = &olifu_kind, .read = no_register};
