/* SPDX-License-Identifier: Apache-2.0 */
/* Both directions of the packet. Header fields are big endian, unlike much of the data. */
#include "ow_packet.h"

#include <errno.h>
#include <string.h>

#include "crc.h"

#define START 0xaa
#define END 0xdd
#define DATA_AT 9
#define CRC_FROM 1 /* all but the start byte */

static uint16_t word_at(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static void word_put(uint8_t *at, size_t word)
{
    at[0] = (uint8_t)(word >> 8 & 0xff);
    at[1] = (uint8_t)(word & 0xff);
}

int ow_packet_encode(const struct ow_packet *packet, uint8_t *out, size_t size, size_t *out_size)
{
    if (packet->size > OW_DATA_MAX)
        return -EMSGSIZE;
    size_t whole = packet->size + OW_PACKET_AROUND, crc_at = DATA_AT + packet->size;
    if (whole > size)
        return -ENOSPC;
    out[0] = START;
    word_put(out + 1, packet->id);
    out[3] = packet->type;
    out[4] = packet->command;
    out[5] = packet->addr;
    out[6] = packet->reserved;
    word_put(out + 7, packet->size);
    if (packet->size > 0)
        memcpy(out + DATA_AT, packet->data, packet->size);
    word_put(out + crc_at, crc16_ccitt_false(out + CRC_FROM, crc_at - CRC_FROM));
    out[crc_at + 2] = END;
    *out_size = whole;
    return 0;
}

void ow_receiver_init(struct ow_receiver *r)
{
    *r = (struct ow_receiver){0};
}

void ow_receiver_restart(struct ow_receiver *r)
{
    r->used = r->taken = 0;
}

/* Drops so many bytes, and what follows them up to the next start byte. */
static void drop(struct ow_receiver *r, size_t n)
{
    const uint8_t *rest = r->bytes + n, *start = memchr(rest, START, r->used - n);
    size_t left = start ? (size_t)(r->bytes + r->used - start) : 0;
    r->ignored += r->used - n - left;
    if (start)
        memmove(r->bytes, start, left);
    r->used = left;
}

static enum ow_event fault(struct ow_receiver *r, enum ow_fault what)
{
    r->faults[what]++;
    r->fault = what;
    drop(r, 1);
    return OW_FAULT;
}

static enum ow_event hand_on(struct ow_receiver *r, size_t size)
{
    const uint8_t *b = r->bytes;
    r->packet = (struct ow_packet){.id = word_at(b + 1),
                                   .type = b[3],
                                   .command = b[4],
                                   .addr = b[5],
                                   .reserved = b[6],
                                   .size = size,
                                   .data = b + DATA_AT};
    r->taken = size + OW_PACKET_AROUND;
    r->packets++;
    return OW_PACKET;
}

/* Bytes that are wanted before more can be said: the header, then the whole packet. */
static size_t wanted(const struct ow_receiver *r)
{
    return r->used < DATA_AT ? DATA_AT : word_at(r->bytes + 7) + (size_t)OW_PACKET_AROUND;
}

/* Of what is kept. */
static enum ow_event judge(struct ow_receiver *r)
{
    if (r->used < DATA_AT)
        return OW_MORE;
    size_t size = word_at(r->bytes + 7), crc_at = DATA_AT + size;
    if (size > OW_DATA_MAX)
        return fault(r, OW_OVERSIZED);
    if (r->used < crc_at + 3)
        return OW_MORE;
    if (r->bytes[crc_at + 2] != END)
        return fault(r, OW_END);
    if (word_at(r->bytes + crc_at) != crc16_ccitt_false(r->bytes + CRC_FROM, crc_at - CRC_FROM))
        return fault(r, OW_CRC);
    return hand_on(r, size);
}

/* Keeps no more than is wanted; outside a packet only what begins with a start byte. */
static void keep(struct ow_receiver *r, const uint8_t **bytes, size_t *n)
{
    if (r->used == 0) {
        const uint8_t *start = memchr(*bytes, START, *n);
        size_t before = start ? (size_t)(start - *bytes) : *n;
        r->ignored += before;
        *bytes += before;
        *n -= before;
    }
    size_t some = wanted(r) - r->used;
    if (some > *n)
        some = *n;
    memcpy(r->bytes + r->used, *bytes, some);
    r->used += some;
    *bytes += some;
    *n -= some;
}

enum ow_event ow_receiver_take(struct ow_receiver *r, const uint8_t **bytes, size_t *n)
{
    if (r->taken > 0)
        drop(r, r->taken);
    r->taken = 0;
    for (;;) {
        enum ow_event event = judge(r);
        if (event != OW_MORE || *n == 0)
            return event;
        keep(r, bytes, n);
    }
}

enum ow_event ow_receiver_silence(struct ow_receiver *r)
{
    if (r->taken > 0)
        drop(r, r->taken);
    r->taken = 0;
    return r->used > 0 ? fault(r, OW_TRUNCATED) : OW_MORE;
}

const char *ow_fault_text(enum ow_fault what)
{
    switch (what) {
    case OW_OVERSIZED:
        return "a packet says that it is too long";
    case OW_END:
        return "a packet does not end where it says";
    case OW_CRC:
        return "a packet has a wrong CRC";
    case OW_TRUNCATED:
        return "a packet was cut short";
    case OW_FAULTS:
        break;
    }
    return "an unknown fault";
}
