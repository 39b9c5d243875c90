/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding and decoding. Multi-byte fields have their most significant byte first: the document's tables show it, and
 * the two clients that are known to drive the device send it, against its words "little endian".
 */
#include "packet.h"

#include <errno.h>

#include "common/stuffed_frame.h"

#define HEAD_SIZE 2          /* packet number and command */
#define SPACING_OF_CODE_0 3  /* half ms */
#define INTERVAL_OF_CODE_0 2 /* half ms */
#define MODE_SINGLE 0        /* no doublets, no triplets */

/* ---- encoding ---- */

static bool is_in(int32_t value, int32_t min, int32_t max)
{
    return value >= min && value <= max;
}

static bool is_mask(unsigned mask)
{
    return mask != 0 && mask >> SM2_CHANNELS == 0;
}

static int put_list(struct stuffed_body *b, const struct sm2_list *list)
{
    if (!is_mask(list->active) || (list->low_frequency & ~list->active) != 0 ||
        !is_in(list->skipped, 0, SM2_SKIPPED_MAX) || !is_in(list->spacing, SM2_SPACING_MIN, SM2_SPACING_MAX) ||
        !is_in(list->interval, SM2_INTERVAL_MIN, SM2_INTERVAL_MAX) || list->interval < list->spacing)
        return -EINVAL;
    stuffed_put(b, (unsigned)list->skipped);
    stuffed_put(b, list->active);
    stuffed_put(b, list->low_frequency);
    stuffed_put(b, (unsigned)(list->spacing - SPACING_OF_CODE_0));
    stuffed_put16(b, (unsigned)(list->interval - INTERVAL_OF_CODE_0));
    stuffed_put(b, list->fast);
    return 0;
}

static int put_pulse(struct stuffed_body *b, const struct sm2_pulse *pulse)
{
    if (!is_in(pulse->width_us, SM2_WIDTH_MIN, SM2_WIDTH_MAX) || !is_in(pulse->current_ma, 0, SM2_CURRENT_MAX))
        return -EINVAL;
    stuffed_put16(b, (unsigned)pulse->width_us);
    stuffed_put(b, (unsigned)pulse->current_ma);
    return 0;
}

static int put_pulses(struct stuffed_body *b, unsigned active, const struct sm2_pulse *pulses)
{
    if (!is_mask(active) || !pulses)
        return -EINVAL;
    for (unsigned c = 0; c < SM2_CHANNELS; c++) {
        if (!(active & (1u << c)))
            continue;
        stuffed_put(b, MODE_SINGLE);
        int r = put_pulse(b, &pulses[c]);
        if (r < 0)
            return r;
    }
    return 0;
}

static int put_single(struct stuffed_body *b, const struct sm2_request *q)
{
    if (q->channel >= SM2_CHANNELS || !q->pulses)
        return -EINVAL;
    stuffed_put(b, q->channel);
    return put_pulse(b, q->pulses);
}

static int put_data(struct stuffed_body *b, const struct sm2_request *q)
{
    switch (q->command) {
    case SM2_INIT_ACK:
        stuffed_put(b, (unsigned)q->result);
        return q->result == SM2_OK || q->result == SM2_VERSION_REFUSED ? 0 : -EINVAL;
    case SM2_WATCHDOG:
    case SM2_GET_MODE:
    case SM2_STOP_LIST:
        return 0;
    case SM2_INIT_LIST:
        return put_list(b, &q->list);
    case SM2_START_LIST:
        return put_pulses(b, q->list.active, q->pulses);
    case SM2_SINGLE_PULSE:
        return put_single(b, q);
    case SM2_INIT:
    case SM2_UNKNOWN_COMMAND:
    case SM2_GET_MODE_ACK:
    case SM2_INIT_LIST_ACK:
    case SM2_START_LIST_ACK:
    case SM2_STOP_LIST_ACK:
    case SM2_SINGLE_PULSE_ACK:
    case SM2_STIMULATION_ERROR:
        break;
    }
    return -EINVAL;
}

int sm2_encode(const struct sm2_request *request, uint8_t *out, size_t size, size_t *out_size)
{
    struct stuffed_body b = {0};
    stuffed_put(&b, request->number);
    stuffed_put(&b, (unsigned)request->command);
    int r = put_data(&b, request);
    return r < 0 ? r : stuffed_frame_encode(&stuffed_sciencemode2, b.bytes, b.n, out, size, out_size);
}

/* ---- decoding ---- */

/* A command of the device that is none of the ergometer's. */
static int find_command(unsigned number, enum sm2_command *out)
{
    static const enum sm2_command known[] = {
        SM2_INIT,           SM2_UNKNOWN_COMMAND, SM2_GET_MODE_ACK,     SM2_INIT_LIST_ACK,
        SM2_START_LIST_ACK, SM2_STOP_LIST_ACK,   SM2_SINGLE_PULSE_ACK, SM2_STIMULATION_ERROR};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if ((unsigned)known[i] == number) {
            *out = known[i];
            return 0;
        }
    }
    return -ENOMSG;
}

static int to_signed(uint8_t byte)
{
    return byte < 128 ? byte : (int)byte - 256;
}

static int take_mode(const uint8_t *data, size_t n, struct sm2_answer *a)
{
    if (a->result != SM2_OK) /* a mode beside an error means nothing */
        return n <= 2 ? 0 : -EPROTO;
    if (n != 2 || data[1] > SM2_MODE_STARTED)
        return -EPROTO;
    a->mode = (enum sm2_mode)data[1];
    return 0;
}

int sm2_decode(const uint8_t *body, size_t n, struct sm2_answer *out)
{
    struct sm2_answer a = {0};
    if (n < HEAD_SIZE)
        return -EPROTO;
    int r = find_command(body[1], &a.command);
    if (r < 0)
        return r;
    const uint8_t *data = body + HEAD_SIZE;
    size_t size = n - HEAD_SIZE;
    if (size == 0)
        return -EPROTO;
    a.number = body[0];
    if (a.command == SM2_INIT)
        a.version = data[0];
    else if (a.command == SM2_UNKNOWN_COMMAND)
        a.unknown = data[0];
    else
        a.result = to_signed(data[0]);
    r = a.command == SM2_GET_MODE_ACK ? take_mode(data, size, &a) : size == 1 ? 0 : -EPROTO;
    if (r == 0)
        *out = a;
    return r;
}

/* ---- for people ---- */

const char *sm2_result_text(int result)
{
    static const char *const texts[] = {
        [0] = "no error",
        [1] = "transfer error",
        [2] = "parameter error",
        [3] = "wrong mode",
        [4] = "no connection to the ergometer",
        [5] = "protocol version refused",
        [6] = "trainer error",
        [7] = "ergometer busy",
        [8] = "busy",
    };
    return result <= 0 && -result < (int)(sizeof texts / sizeof *texts) ? texts[-result] : "unknown error";
}

const char *sm2_error_text(int error)
{
    switch (error) {
    case SM2_ERROR_EMERGENCY_SWITCH:
        return "emergency switch pressed or missing";
    case SM2_ERROR_ELECTRODE:
        return "electrode error";
    case SM2_ERROR_MODULE:
        return "stimulation module error";
    default:
        return "unknown stimulation error";
    }
}
