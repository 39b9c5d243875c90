/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decided here, because the document does not say: what is not connected ignores everything but InitAck, and what is
 * connected ignores InitAck; a packet that is none is ignored; the device's count begins with 1 when it is switched on.
 */
#include "front/rehastim2_front.h"

#include <modality/clock.h>
#include <stdlib.h>
#include <string.h>

#include "front/line.h"
#include "front/packet_job.h"
#include "model/rehastim2.h"

#define INIT_PERIOD_NS (500 * NS_PER_MS)
#define CHANNEL_BYTES 4 /* of a list's pulses */

struct rehastim2_front {
    struct device *device; /* not owned */
    struct rehastim2_link link;
    struct rehastim2_reader reader;
    struct packet_jobs jobs;
    bool open;
    unsigned conn;
    uint8_t number; /* of the device's next packet */
    uint8_t version;
    bool was_connected, was_down;
    int64_t init_ns; /* next one, while it is not connected */
    struct loop_timer timer;
    uint8_t last[REHASTIM2_FRAME_MAX];
    size_t last_length;
};

/* ---- what it says by itself ---- */

static void send_bytes(void *ctx, const uint8_t *bytes, size_t length)
{
    struct rehastim2_front *front = ctx;
    if (front->open && length > 0)
        front->link.send(front->link.ctx, bytes, length);
}

static void cut(void *ctx)
{
    struct rehastim2_front *front = ctx;
    if (front->link.cut)
        front->link.cut(front->link.ctx);
}

static void say(struct rehastim2_front *front, uint8_t command, uint8_t value)
{
    uint8_t frame[REHASTIM2_FRAME_MAX];
    struct rehastim2_packet p = {.number = front->number++, .command = command, .size = 1, .data = {value}};
    send_bytes(front, frame, rehastim2_frame_encode(&p, frame));
}

/* Init at once when the connection was lost or power is back, then twice a second. */
static void say_init(struct rehastim2_front *front, int64_t now_ns)
{
    bool down = model_is_down(front->device->model), connected = rehastim2_connected(front->device->model);
    if (down && !front->was_down)
        front->number = 1;
    if ((front->was_connected && !connected) || (front->was_down && !down))
        front->init_ns = now_ns;
    front->was_connected = connected;
    front->was_down = down;
    if (connected || down || now_ns < front->init_ns)
        return;
    say(front, REHASTIM2_INIT, front->version);
    front->init_ns = now_ns + INIT_PERIOD_NS;
}

void rehastim2_front_tell(struct rehastim2_front *front)
{
    struct model *model = front->device->model;
    int64_t now_ns = device_advance(front->device);
    int error = rehastim2_take_error(model);
    if (error != 0 && !model_is_down(model) && rehastim2_connected(model))
        say(front, REHASTIM2_ERROR, (uint8_t)(error & 0xff));
    say_init(front, now_ns);
    device_settle(front->device);
    int64_t next_ns = model_next_ns(model);
    if (!rehastim2_connected(model) && !model_is_down(model) && front->init_ns < next_ns)
        next_ns = front->init_ns;
    loop_timer_arm(front->device->loop, &front->timer, next_ns);
}

static void timer_due(void *ctx, int64_t now_ns)
{
    (void)now_ns;
    rehastim2_front_tell(ctx);
}

/* ---- commands ---- */

static enum rehastim2_result init_list(struct model *model, const struct rehastim2_packet *p)
{
    if (p->size != 7)
        return REHASTIM2_PARAMETER;
    struct rehastim2_list list = {.skipped = p->data[0],
                                  .active = p->data[1],
                                  .low_frequency = p->data[2],
                                  .spacing = p->data[3],
                                  .interval = (uint16_t)(p->data[4] << 8 | p->data[5]),
                                  .fast = p->data[6]};
    return rehastim2_init_list(model, &list);
}

/* Width and current behind the byte that stands for itself. */
static struct rehastim2_pulse take_pulse(const uint8_t *bytes)
{
    return (struct rehastim2_pulse){.width_us = (uint16_t)(bytes[1] << 8 | bytes[2]), .current_ma = bytes[3]};
}

static enum rehastim2_result start_list(struct model *model, const struct rehastim2_packet *p)
{
    struct rehastim2_pulse pulses[REHASTIM2_CHANNELS];
    size_t n = p->size / CHANNEL_BYTES;
    if (p->size % CHANNEL_BYTES != 0 || n > REHASTIM2_CHANNELS)
        return REHASTIM2_PARAMETER;
    for (size_t i = 0; i < n; i++) {
        pulses[i] = take_pulse(p->data + CHANNEL_BYTES * i);
        pulses[i].more = p->data[CHANNEL_BYTES * i];
    }
    return rehastim2_start_list(model, pulses, n);
}

static enum rehastim2_result single_pulse(struct model *model, const struct rehastim2_packet *p)
{
    struct rehastim2_pulse pulse = take_pulse(p->data);
    return p->size == CHANNEL_BYTES ? rehastim2_single_pulse(model, p->data[0], &pulse) : REHASTIM2_PARAMETER;
}

static bool is_known(uint8_t command)
{
    return command == REHASTIM2_GET_MODE || command == REHASTIM2_INIT_LIST || command == REHASTIM2_START_LIST ||
           command == REHASTIM2_STOP_LIST || command == REHASTIM2_SINGLE_PULSE;
}

static bool writes(uint8_t command)
{
    return is_known(command) && command != REHASTIM2_GET_MODE;
}

static enum rehastim2_result carry_out(struct model *model, const struct rehastim2_packet *p)
{
    switch (p->command) {
    case REHASTIM2_INIT_LIST:
        return init_list(model, p);
    case REHASTIM2_START_LIST:
        return start_list(model, p);
    case REHASTIM2_STOP_LIST:
        return rehastim2_stop_list(model);
    case REHASTIM2_SINGLE_PULSE:
        return single_pulse(model, p);
    default:
        return REHASTIM2_OK;
    }
}

static void fill_answer(const struct model *model, const struct rehastim2_packet *p, int result,
                        struct rehastim2_packet *out)
{
    *out = (struct rehastim2_packet){.number = p->number, .command = (uint8_t)(p->command + 1), .size = 1};
    out->data[0] = (uint8_t)(result & 0xff);
    if (!is_known(p->command)) {
        out->command = REHASTIM2_UNKNOWN;
        out->data[0] = p->command;
    } else if (p->command == REHASTIM2_GET_MODE && result == 0) {
        out->data[out->size++] = (uint8_t)rehastim2_mode(model);
    }
}

/* ---- answers ---- */

static const uint8_t garbage[] = {0x12, 0x34, 0xf0, 0x81, 0x55, 0x81, 0x59, 0x00, 0x00, 0x0f, 0x99};
static const uint8_t noise[RULE_NOISE_BYTES] = {0xaa, 0x0f};

static size_t bend(enum corrupt_how how, struct rehastim2_packet *p, uint8_t *frame)
{
    size_t length;
    switch (how) {
    case CORRUPT_TRANSACTION:
        p->number = (uint8_t)(p->number + 17);
        return rehastim2_frame_encode(p, frame);
    case CORRUPT_UNIT:
    case CORRUPT_FUNCTION:
    case CORRUPT_ADDRESS:
        p->command = p->command == REHASTIM2_START_LIST + 1 ? REHASTIM2_STOP_LIST + 1 : REHASTIM2_START_LIST + 1;
        return rehastim2_frame_encode(p, frame);
    case CORRUPT_VALUE:
        p->data[p->size - 1] ^= 0x40;
        return rehastim2_frame_encode(p, frame);
    case CORRUPT_GARBAGE:
        memcpy(frame, garbage, sizeof garbage);
        return sizeof garbage;
    case CORRUPT_NOISE:
        memcpy(frame, noise, sizeof noise);
        return sizeof noise + rehastim2_frame_encode(p, frame + sizeof noise);
    case CORRUPT_TRUNCATE:
        return rehastim2_frame_encode(p, frame) / 2;
    case CORRUPT_BIT_FLIP:
        length = rehastim2_frame_encode(p, frame);
        frame[length - 2] ^= 0x20;
        return length;
    case CORRUPT_BAD_CRC:
        length = rehastim2_frame_encode(p, frame);
        frame[2] ^= 0x04;
        return length;
    }
    return 0;
}

static size_t write_answer(struct rehastim2_front *front, struct rehastim2_packet *p, const struct plan *plan,
                           uint8_t *bytes)
{
    if (plan->replay && front->last_length) {
        memcpy(bytes, front->last, front->last_length);
        return front->last_length;
    }
    size_t length = rehastim2_frame_encode(p, bytes);
    memcpy(front->last, bytes, length);
    front->last_length = length;
    if (plan->corrupt)
        length = bend(plan->how, p, bytes);
    if (plan->duplicate) {
        memcpy(bytes + length, bytes, length);
        length *= 2;
    }
    return length;
}

/* What a wire fault is matched against; also what the trace shows. */
static struct modbus_request as_request(const struct rehastim2_packet *p)
{
    struct modbus_request q = {.function = writes(p->command) ? MODBUS_WRITE_HOLDING : MODBUS_READ_HOLDINGS,
                               .address = p->command,
                               .count = 1};
    q.data[1] = p->size ? p->data[0] : 0;
    return q;
}

static void trace_packet(struct rehastim2_front *front, const char *phase, const struct rehastim2_packet *p, int result,
                         int64_t now_ns)
{
    struct modbus_request q = as_request(p);
    struct trace *trace = front->device->trace;
    if (writes(p->command) || trace->reads)
        trace_request(trace, front->device->name, phase, front->conn, &q, (enum modbus_exception)(result & 0xff),
                      now_ns);
}

static size_t act(void *ctx, const void *packet, const struct plan *plan, uint8_t answer[PACKET_ANSWER_MAX])
{
    struct rehastim2_front *front = ctx;
    const struct rehastim2_packet *p = packet;
    struct model *model = front->device->model;
    struct rehastim2_packet out;
    int64_t now_ns = device_advance(front->device);
    bool acts = plan->act != ACT_NEVER && !model_is_down(model) && rehastim2_connected(model);
    int result = acts ? (int)carry_out(model, p) : 0;
    if (plan->exception)
        result = plan->exception;
    trace_packet(front, acts ? result ? "refused" : "applied" : "ignored", p, result, now_ns);
    bool answers = acts || plan->echo_only || plan->exception;
    fill_answer(model, p, result, &out);
    return answers && plan->reply ? write_answer(front, &out, plan, answer) : 0;
}

/* ---- packets ---- */

static void accept_init(struct rehastim2_front *front, const struct rehastim2_packet *p)
{
    if (rehastim2_connected(front->device->model) || p->size != 1 || p->data[0] != 0)
        return;
    rehastim2_connect(front->device->model);
}

static void take_packet(struct rehastim2_front *front, const struct rehastim2_packet *p)
{
    struct model *model = front->device->model;
    if (front->link.heard)
        front->link.heard(front->link.ctx, p);
    trace_packet(front, "received", p, 0, device_advance(front->device));
    if (model_is_down(model))
        return;
    struct modbus_request q = as_request(p);
    struct plan plan = rule_plan(&front->device->rules, &q);
    if (plan.act == ACT_NEVER && !plan.reply && !plan.close)
        return; /* never heard */
    if (p->command == REHASTIM2_INIT_ACK)
        accept_init(front, p);
    if (p->command == REHASTIM2_INIT_ACK || !rehastim2_connected(model))
        return;
    rehastim2_heard(model);
    if (p->command != REHASTIM2_WATCHDOG)
        packet_job_begin(&front->jobs, p, sizeof *p, &plan);
}

void rehastim2_front_receive(struct rehastim2_front *front, const uint8_t *bytes, size_t length)
{
    struct rehastim2_packet packet;
    for (size_t i = 0; i < length; i++) {
        if (!rehastim2_reader_take(&front->reader, bytes[i], &packet))
            continue;
        take_packet(front, &packet);
        rehastim2_front_tell(front);
    }
}

/* ---- the link ---- */

void rehastim2_front_open(struct rehastim2_front *front)
{
    front->open = true;
    front->conn = peer_next_id();
    front->reader = (struct rehastim2_reader){0};
    rehastim2_front_tell(front);
}

void rehastim2_front_close(struct rehastim2_front *front)
{
    front->open = false;
    packet_jobs_closed(&front->jobs);
}

void rehastim2_front_version(struct rehastim2_front *front, uint8_t version)
{
    front->version = version;
}

struct rehastim2_front *rehastim2_front_new(struct device *device, struct rehastim2_link link)
{
    struct rehastim2_front *front = calloc(1, sizeof *front);
    if (!front)
        return NULL;
    front->device = device;
    front->link = link;
    front->number = 1;
    front->version = 1;
    front->jobs =
        (struct packet_jobs){.loop = device->loop, .user = {.act = act, .send = send_bytes, .cut = cut, .ctx = front}};
    front->timer = (struct loop_timer){.fn = timer_due, .ctx = front};
    return front; /* its first Init waits for the first client, the others come when they come */
}

void rehastim2_front_free(struct rehastim2_front *front)
{
    if (!front)
        return;
    packet_jobs_free(&front->jobs);
    loop_timer_cancel(front->device->loop, &front->timer);
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

const struct page_kind page_rehastim2 = {.model = &rehastim2_kind, .read = no_register};
