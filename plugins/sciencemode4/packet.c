/* SPDX-License-Identifier: Apache-2.0 */
/* Encoding and decoding. Multi-byte fields are big endian, as in the vendor's own example frames. */
#include "packet.h"

#include <errno.h>
#include <string.h>

#include "common/stuffed_frame.h"

#define PREFIX_SIZE 2
#define COMMAND_BITS 10
#define COMMAND_MASK 0x3ffu
#define CURRENT_ZERO 300 /* code of 0 mA */
/* Prefix, mask, and eight channels of three bytes and sixteen points each. */
#define UPDATE_SIZE (PREFIX_SIZE + 1 + SM4_CHANNELS * (3 + 4 * SM4_POINTS_MAX))

_Static_assert(UPDATE_SIZE <= STUFFED_BODY_MAX, "the longest body of all");

/* ---- encoding ---- */

int64_t sm4_period_us(const struct sm4_pulse *pulse)
{
    return (int64_t)pulse->period_code * (pulse->quarters ? 250 : 500);
}

static int check_points(const struct sm4_pulse *pulse)
{
    if (pulse->n_points < 1 || pulse->n_points > SM4_POINTS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < pulse->n_points; i++) {
        const struct sm4_point *p = &pulse->points[i];
        if (p->duration_us < SM4_POINT_US_MIN || p->duration_us > SM4_POINT_US_MAX || p->current < -SM4_CURRENT_MAX ||
            p->current > SM4_CURRENT_MAX)
            return -EINVAL;
    }
    return 0;
}

static int check_pulse(const struct sm4_pulse *pulse)
{
    int64_t period = sm4_period_us(pulse);
    if (pulse->period_code < 1 || pulse->period_code > INT16_MAX || period < SM4_PERIOD_US_MIN ||
        period > SM4_PERIOD_US_MAX || pulse->ramp < 0 || pulse->ramp > SM4_RAMP_MAX)
        return -EINVAL;
    return check_points(pulse);
}

static void put_points(struct stuffed_body *b, const struct sm4_pulse *pulse)
{
    for (size_t i = 0; i < pulse->n_points; i++) {
        unsigned duration = (unsigned)pulse->points[i].duration_us;
        unsigned current = (unsigned)(pulse->points[i].current + CURRENT_ZERO);
        uint32_t word = (uint32_t)duration << 20 | (uint32_t)current << 10;
        stuffed_put16(b, word >> 16);
        stuffed_put16(b, word);
    }
}

static int put_update(struct stuffed_body *b, const struct sm4_request *q)
{
    if (q->mask >> SM4_CHANNELS != 0 || (q->mask != 0 && !q->pulses))
        return -EINVAL;
    stuffed_put(b, q->mask);
    for (unsigned c = 0; c < SM4_CHANNELS; c++) {
        if (!(q->mask & (1u << c)))
            continue;
        const struct sm4_pulse *pulse = &q->pulses[c];
        int r = check_pulse(pulse);
        if (r < 0)
            return r;
        stuffed_put(b, (unsigned)(pulse->n_points - 1) << 4 | (unsigned)pulse->ramp);
        stuffed_put16(b, (unsigned)pulse->period_code << 1 | pulse->quarters);
        put_points(b, pulse);
    }
    return 0;
}

static int put_ll_init(struct stuffed_body *b, const struct sm4_request *q)
{
    if (q->measure > 3 || q->voltage > SM4_VOLTAGE_FULL)
        return -EINVAL;
    stuffed_put(b, q->measure << 4 | q->voltage << 1);
    return 0;
}

static int put_ll_config(struct stuffed_body *b, const struct sm4_request *q)
{
    if (q->channel >= SM4_CHANNELS || !q->pulses || check_points(q->pulses) < 0)
        return -EINVAL;
    stuffed_put(b, (unsigned)q->execute << 7 | (q->channel & 3u) << 5 | (q->channel >> 2) << 4 |
                       (unsigned)(q->pulses->n_points - 1));
    if (q->execute) /* the vendor's library leaves the points out else */
        put_points(b, q->pulses);
    return 0;
}

static int put_data(struct stuffed_body *b, const struct sm4_request *q)
{
    switch (q->command) {
    case SM4_LL_INIT:
        return put_ll_init(b, q);
    case SM4_LL_CHANNEL_CONFIG:
        return put_ll_config(b, q);
    case SM4_ML_INIT:
        stuffed_put(b, q->stop_all);
        return 0;
    case SM4_ML_UPDATE:
        return put_update(b, q);
    case SM4_ML_CURRENT_DATA:
        stuffed_put(b, q->selection);
        return q->selection < 2 || q->selection > 4 ? -EINVAL : 0;
    case SM4_LL_STOP:
    case SM4_ML_STOP:
    case SM4_GET_DEVICE_ID:
    case SM4_RESET:
    case SM4_GET_STIM_STATUS:
    case SM4_GET_EXTENDED_VERSION:
        return 0;
    case SM4_GENERAL_ERROR:
    case SM4_UNKNOWN_COMMAND:
        break;
    }
    return -EINVAL;
}

int sm4_encode(const struct sm4_request *request, uint8_t *out, size_t size, size_t *out_size)
{
    struct stuffed_body b = {0};
    if (request->number >= SM4_NUMBERS)
        return -EINVAL;
    stuffed_put16(&b, request->number << COMMAND_BITS | (unsigned)request->command);
    int r = put_data(&b, request);
    return r < 0 ? r : stuffed_frame_encode(&stuffed_sciencemode4, b.bytes, b.n, out, size, out_size);
}

/* ---- decoding ---- */

int sm4_peek(const uint8_t *body, size_t n, unsigned *command, unsigned *number)
{
    if (n < PREFIX_SIZE)
        return -EPROTO;
    unsigned prefix = (unsigned)body[0] << 8 | body[1];
    *command = prefix & COMMAND_MASK;
    *number = prefix >> COMMAND_BITS;
    return 0;
}

/* Printable, so that it can be shown and compared; a shorter one may be filled up with NUL. */
static int take_id(const uint8_t *data, struct sm4_answer *a)
{
    bool ended = false;
    for (size_t i = 0; i < SM4_ID_CHARS; i++) {
        ended |= data[i] == 0;
        if (ended ? data[i] != 0 : data[i] < ' ' || data[i] > '~')
            return -EPROTO;
        a->id[i] = (char)data[i];
    }
    return 0;
}

static int take_stim_status(const uint8_t *data, struct sm4_answer *a)
{
    if (data[0] > SM4_MODE_MID_LEVEL_RUNNING || data[1] < SM4_VOLTAGE_OFF || data[1] > SM4_VOLTAGE_FULL)
        return -EPROTO;
    a->mode = (enum sm4_mode)data[0];
    a->voltage = data[1];
    return 0;
}

static int take_current_data(const uint8_t *data, struct sm4_answer *a)
{
    if (data[0] != 4)
        return -EPROTO;
    a->active = data[1];
    for (unsigned c = 0; c < SM4_CHANNELS; c++) {
        unsigned state = ((unsigned)data[2 + c / 2] >> (c % 2 * 4)) & 0xfu;
        if (state > SM4_CHANNEL_LOW_CURRENT)
            return -EPROTO;
        a->states[c] = (enum sm4_channel_state)state;
    }
    return 0;
}

static int take_version(const uint8_t *data, struct sm4_answer *a)
{
    memcpy(a->firmware, data, sizeof a->firmware);
    memcpy(a->protocol, data + 3, sizeof a->protocol);
    return 0;
}

static int take_ll_config(const uint8_t *data, struct sm4_answer *a)
{
    if (data[0] > 0x1f || (data[0] & 0xfu) > 3 || data[1] != 0) /* a measurement is never asked for */
        return -EPROTO;
    a->channel = (data[0] >> 4) * 4u + (data[0] & 0xfu);
    return 0;
}

/* What stands behind the result, by the command on the wire. */
struct layout {
    unsigned command;
    size_t size;
    int (*take)(const uint8_t *data, struct sm4_answer *a);
};

static const struct layout layouts[] = {
    {SM4_LL_INIT + 1, 0, NULL},
    {SM4_LL_CHANNEL_CONFIG + 1, 2, take_ll_config},
    {SM4_LL_STOP + 1, 0, NULL},
    {SM4_ML_INIT + 1, 0, NULL},
    {SM4_ML_UPDATE + 1, 0, NULL},
    {SM4_ML_STOP + 1, 0, NULL},
    {SM4_ML_CURRENT_DATA + 1, 6, take_current_data},
    {SM4_GET_DEVICE_ID + 1, SM4_ID_CHARS, take_id},
    {SM4_RESET + 1, 0, NULL},
    {SM4_GET_STIM_STATUS + 1, 2, take_stim_status},
    {SM4_GENERAL_ERROR, 0, NULL},
    {SM4_UNKNOWN_COMMAND, 0, NULL},
    {SM4_GET_EXTENDED_VERSION + 1, 12, take_version},
};

int sm4_decode(const uint8_t *body, size_t n, struct sm4_answer *out)
{
    struct sm4_answer a = {0};
    if (n < PREFIX_SIZE + 1 || sm4_peek(body, n, &a.command, &a.number) < 0)
        return -EPROTO;
    a.result = body[PREFIX_SIZE];
    const uint8_t *data = body + PREFIX_SIZE + 1;
    size_t size = n - PREFIX_SIZE - 1;
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        const struct layout *l = &layouts[i];
        if (l->command != a.command)
            continue;
        if (size != l->size && (size != 0 || a.result == SM4_OK))
            return -EPROTO;
        a.has_data = size == l->size;
        /* What stands beside an error need not mean anything. */
        int r = l->take && a.has_data ? l->take(data, &a) : 0;
        if (r < 0 && a.result == SM4_OK)
            return r;
        a.has_data = a.has_data && r == 0;
        *out = a;
        return 0;
    }
    return -EPROTO;
}

/* ---- for people ---- */

static const char *const result_texts[] = {
    [0] = "no error",
    [1] = "transfer error",
    [2] = "parameter error",
    [3] = "protocol version error",
    [4] = "stimulation controller timeout",
    [5] = "EMG timeout",
    [6] = "EMG register error",
    [7] = "not initialised",
    [8] = "high voltage error",
    [9] = "demultiplexer timeout",
    [10] = "electrode error",
    [11] = "unknown command",
    [12] = "demultiplexer error",
    [13] = "demultiplexer error",
    [14] = "demultiplexer error",
    [15] = "demultiplexer error",
    [16] = "pulse timeout",
    [17] = "fuel gauge error",
    [18] = "live signal error",
    [19] = "file timeout",
    [20] = "file not found",
    [21] = "busy",
    [22] = "file error",
    [23] = "flash erase error",
    [24] = "flash write error",
    [25] = "unknown controller error",
    [26] = "firmware too large",
    [27] = "fuel gauge not programmed",
    [28] = "pulse low current",
};

const char *sm4_result_text(unsigned result)
{
    return result < sizeof result_texts / sizeof *result_texts ? result_texts[result] : "unknown error";
}
