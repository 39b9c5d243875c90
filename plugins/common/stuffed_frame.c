/* SPDX-License-Identifier: Apache-2.0 */
/* Stuffing and unstuffing. The receiver keeps a frame as it came, because its CRC and length are those of the wire. */
#include "stuffed_frame.h"

#include <errno.h>
#include <string.h>

#include "crc.h"

#define START 0xf0
#define STOP 0x0f
#define STUFFING 0x81
#define KEY 0x55
#define BODY_MIN 2 /* packet number and command */

const struct stuffed_format stuffed_sciencemode4 = {.wide = true, .counts_all = true, .frame_max = STUFFED_FRAME_MAX};
const struct stuffed_format stuffed_sciencemode2 = {.wide = false, .counts_all = false, .frame_max = 69};

/* ---- encoding ---- */

/* Between START and body: each byte of CRC and length takes two. */
static size_t header_size(const struct stuffed_format *format)
{
    return format->wide ? 8 : 4;
}

static bool needs_stuffing(uint8_t byte)
{
    return byte == START || byte == STOP || byte == STUFFING;
}

static size_t stuffed_size(const uint8_t *body, size_t n)
{
    size_t size = n;
    for (size_t i = 0; i < n; i++)
        size += needs_stuffing(body[i]);
    return size;
}

static void put_header_byte(uint8_t *at, unsigned value)
{
    at[0] = STUFFING;
    at[1] = (uint8_t)((value & 0xffu) ^ KEY);
}

static void put_header(const struct stuffed_format *format, uint8_t *at, size_t length, const uint8_t *stuffed,
                       size_t size)
{
    if (!format->wide) {
        put_header_byte(at, crc8_smbus(stuffed, size));
        put_header_byte(at + 2, (unsigned)length);
        return;
    }
    unsigned crc = crc16_xmodem(stuffed, size);
    put_header_byte(at, (unsigned)length >> 8);
    put_header_byte(at + 2, (unsigned)length);
    put_header_byte(at + 4, crc >> 8);
    put_header_byte(at + 6, crc);
}

int stuffed_frame_encode(const struct stuffed_format *format, const uint8_t *body, size_t n, uint8_t *out, size_t size,
                         size_t *out_size)
{
    if (n < BODY_MIN)
        return -EINVAL;
    if (n > format->frame_max)
        return -EMSGSIZE;
    size_t head = 1 + header_size(format), stuffed = stuffed_size(body, n), whole = head + stuffed + 1;
    if (whole > format->frame_max)
        return -EMSGSIZE;
    if (whole > size)
        return -ENOSPC;
    uint8_t *at = out + head;
    for (size_t i = 0; i < n; i++) {
        bool stuff = needs_stuffing(body[i]);
        if (stuff)
            *at++ = STUFFING;
        *at++ = stuff ? body[i] ^ KEY : body[i];
    }
    *at = STOP;
    out[0] = START;
    put_header(format, out + 1, format->counts_all ? whole : stuffed, out + head, stuffed);
    *out_size = whole;
    return 0;
}

/* ---- receiving ---- */

void stuffed_receiver_init(struct stuffed_receiver *r, const struct stuffed_format *format)
{
    *r = (struct stuffed_receiver){.format = format};
}

void stuffed_receiver_restart(struct stuffed_receiver *r)
{
    r->inside = r->behind_stuffing = r->lost = r->again = false;
    r->used = 0;
}

static enum stuffed_event fault(struct stuffed_receiver *r, enum stuffed_fault what)
{
    r->faults[what]++;
    r->fault = what;
    return STUFFED_FAULT;
}

/* The header's byte at this place: -1 if it is not stuffed. */
static int header_byte(const uint8_t *raw, size_t at)
{
    return raw[at] == STUFFING ? raw[at + 1] ^ KEY : -1;
}

/* Length and CRC as the header has them: false if it is malformed. */
static bool read_header(const struct stuffed_receiver *r, size_t *length, unsigned *crc)
{
    int fields[4] = {0};
    for (size_t i = 0; i < header_size(r->format) / 2; i++) {
        fields[i] = header_byte(r->raw, 2 * i);
        if (fields[i] < 0)
            return false;
    }
    if (r->format->wide) {
        *length = (size_t)fields[0] << 8 | (size_t)fields[1];
        *crc = (unsigned)fields[2] << 8 | (unsigned)fields[3];
    } else {
        *crc = (unsigned)fields[0];
        *length = (size_t)fields[1];
    }
    return true;
}

/* Bytes of body that raw[from..used) unstuffs to; a lone stuffing byte at its end is none. */
static size_t unstuffed_size(const struct stuffed_receiver *r, size_t from)
{
    size_t size = 0;
    for (size_t at = from; at < r->used; at++) {
        at += r->raw[at] == STUFFING;
        size += at < r->used;
    }
    return size;
}

static void unstuff(struct stuffed_receiver *r, size_t from)
{
    size_t to = from;
    for (size_t at = from; at < r->used; at++) {
        bool stuffed = r->raw[at] == STUFFING;
        at += stuffed;
        if (at < r->used)
            r->raw[to++] = stuffed ? r->raw[at] ^ KEY : r->raw[at];
    }
}

/* All between F0 and 0F is in raw: what is wrong with it, or STUFFED_FAULTS. Leaves raw as it came. */
static enum stuffed_fault wrong_with(const struct stuffed_receiver *r)
{
    size_t head = header_size(r->format), length = 0, whole = r->used + 2;
    unsigned crc = 0;
    if (r->used < head + BODY_MIN || !read_header(r, &length, &crc))
        return STUFFED_MALFORMED;
    size_t stuffed = r->used - head;
    const uint8_t *body = r->raw + head;
    if (length != (r->format->counts_all ? whole : stuffed))
        return STUFFED_LENGTH;
    if (crc != (r->format->wide ? crc16_xmodem(body, stuffed) : crc8_smbus(body, stuffed)))
        return STUFFED_CRC;
    return unstuffed_size(r, head) < BODY_MIN ? STUFFED_MALFORMED : STUFFED_FAULTS;
}

static enum stuffed_event judge(struct stuffed_receiver *r)
{
    enum stuffed_fault wrong = wrong_with(r);
    size_t head = header_size(r->format);
    r->again = false;
    if (wrong == STUFFED_FAULTS) {
        r->body_size = unstuffed_size(r, head);
        r->body = r->raw + head;
        unstuff(r, head);
        r->frames++;
        return STUFFED_FRAME;
    }
    /* One that was cut right behind an 81 takes the start byte of the next one for its own. */
    const uint8_t *start = memchr(r->raw, START, r->used);
    if (start) {
        r->used = (size_t)(r->raw + r->used - start) - 1;
        memmove(r->raw, start + 1, r->used);
        r->again = true;
    }
    return fault(r, wrong);
}

/* A byte of the frame. */
static enum stuffed_event take_inner(struct stuffed_receiver *r, uint8_t byte)
{
    r->behind_stuffing = byte == STUFFING && !r->behind_stuffing;
    if (r->lost)
        return STUFFED_MORE;
    if (r->used + 2 == r->format->frame_max) {
        r->lost = true;
        return fault(r, STUFFED_OVERSIZED);
    }
    r->raw[r->used++] = byte;
    return STUFFED_MORE;
}

static enum stuffed_event take_byte(struct stuffed_receiver *r, uint8_t byte)
{
    bool cut = r->inside && !r->lost;
    if (r->inside && (r->behind_stuffing || (byte != START && byte != STOP)))
        return take_inner(r, byte);
    if (byte == START) {
        stuffed_receiver_restart(r);
        r->inside = true;
        return cut ? fault(r, STUFFED_TRUNCATED) : STUFFED_MORE;
    }
    r->ignored += !r->inside;
    r->inside = r->lost = false;
    return cut ? judge(r) : STUFFED_MORE;
}

enum stuffed_event stuffed_receiver_take(struct stuffed_receiver *r, const uint8_t **bytes, size_t *n)
{
    if (r->again)
        return judge(r);
    while (*n > 0) {
        enum stuffed_event event = take_byte(r, **bytes);
        ++*bytes;
        --*n;
        if (event != STUFFED_MORE)
            return event;
    }
    return STUFFED_MORE;
}

const char *stuffed_fault_text(enum stuffed_fault what)
{
    switch (what) {
    case STUFFED_TRUNCATED:
        return "a frame was cut short";
    case STUFFED_OVERSIZED:
        return "a frame is too long";
    case STUFFED_MALFORMED:
        return "a frame is malformed";
    case STUFFED_LENGTH:
        return "a frame has another length than it says";
    case STUFFED_CRC:
        return "a frame has a wrong CRC";
    case STUFFED_FAULTS:
        break;
    }
    return "an unknown fault";
}
