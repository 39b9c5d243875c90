/* SPDX-License-Identifier: Apache-2.0 */
#include "front/p24_codec.h"

#define BEGIN 0xf0
#define END 0x0f
#define ESCAPE 0x81
#define FLIP 0x55
#define HEADER 8 /* length and checksum, two bytes each, all escaped */

static uint16_t checksum(const uint8_t *bytes, size_t length)
{
    uint16_t crc = 0;
    for (size_t i = 0; i < length; i++)
        for (int bit = 7; bit >= 0; bit--) {
            bool out = crc >> 15 != ((bytes[i] >> bit) & 1);
            crc = (uint16_t)(crc << 1);
            if (out)
                crc ^= 0x1021;
        }
    return crc;
}

/* A header field: two bytes, high first, each behind an escape. */
static bool header_field(const uint8_t *at, unsigned *out)
{
    if (at[0] != ESCAPE || at[2] != ESCAPE)
        return false;
    *out = (unsigned)(at[1] ^ FLIP) << 8 | (unsigned)(at[3] ^ FLIP);
    return true;
}

/* The frame without its first and last byte. */
static bool packet_take(const uint8_t *frame, size_t length, struct p24_packet *out)
{
    unsigned size, crc;
    uint8_t plain[P24_DATA_MAX + 2];
    size_t n = 0;
    if (length < HEADER + 2 || !header_field(frame, &size) || !header_field(frame + 4, &crc) || size != length + 2 ||
        crc != checksum(frame + HEADER, length - HEADER))
        return false;
    for (size_t i = HEADER; i < length; i++) {
        bool escaped = frame[i] == ESCAPE;
        if (n == sizeof plain || (escaped && i + 1 == length))
            return false;
        i += escaped;
        plain[n++] = escaped ? frame[i] ^ FLIP : frame[i];
    }
    if (n < 2)
        return false;
    *out = (struct p24_packet){.number = plain[0] >> 2, .command = (plain[0] & 3u) << 8 | plain[1], .length = n - 2};
    for (size_t i = 2; i < n; i++)
        out->data[i - 2] = plain[i];
    return true;
}

enum p24_read p24_read_byte(struct p24_reader *reader, uint8_t byte, struct p24_packet *out)
{
    bool mark = !(reader->inside && reader->escaped) && (byte == BEGIN || byte == END);
    if (mark && byte == BEGIN) {
        reader->inside = true;
        reader->escaped = false;
        reader->length = 0;
        return P24_READ_MORE;
    }
    if (!reader->inside)
        return P24_READ_MORE;
    reader->escaped = byte == ESCAPE && !reader->escaped;
    if (!mark) {
        if (reader->length < sizeof reader->frame - 2)
            reader->frame[reader->length++] = byte;
        else
            reader->inside = false;
        return P24_READ_MORE;
    }
    reader->inside = false;
    return packet_take(reader->frame, reader->length, out) ? P24_READ_PACKET : P24_READ_BROKEN;
}

static void put_escaped(uint8_t *frame, size_t *n, unsigned byte)
{
    frame[(*n)++] = ESCAPE;
    frame[(*n)++] = (uint8_t)(byte ^ FLIP);
}

static void put(uint8_t *frame, size_t *n, unsigned byte)
{
    if (byte == BEGIN || byte == END || byte == ESCAPE)
        put_escaped(frame, n, byte);
    else
        frame[(*n)++] = (uint8_t)byte;
}

size_t p24_write(const struct p24_packet *packet, uint8_t *frame)
{
    size_t n = 1 + HEADER, head = 1;
    frame[0] = BEGIN;
    put(frame, &n, packet->number << 2 | packet->command >> 8);
    put(frame, &n, packet->command & 0xff);
    for (size_t i = 0; i < packet->length; i++)
        put(frame, &n, packet->data[i]);
    unsigned crc = checksum(frame + 1 + HEADER, n - 1 - HEADER);
    frame[n++] = END;
    put_escaped(frame, &head, (unsigned)n >> 8);
    put_escaped(frame, &head, (unsigned)n & 0xff);
    put_escaped(frame, &head, crc >> 8);
    put_escaped(frame, &head, crc & 0xff);
    return n;
}
