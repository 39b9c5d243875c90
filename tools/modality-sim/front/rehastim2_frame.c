/* SPDX-License-Identifier: Apache-2.0 */
#include "front/rehastim2_frame.h"

#include <string.h>

enum { BEGIN = 0xf0, END = 0x0f, STUFF = 0x81, FLIP = 0x55 };
#define HEADER 4 /* stuffed CRC, stuffed length */

static uint8_t checksum(const uint8_t *bytes, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0x80; bit; bit >>= 1) {
            bool carry = (sum & 0x80) != 0;
            bool in = (bytes[i] & bit) != 0;
            sum = (sum << 1) & 0xff;
            if (carry != in)
                sum ^= 0x07;
        }
    return (uint8_t)sum;
}

static size_t stuff(uint8_t byte, uint8_t *to)
{
    if (byte != BEGIN && byte != END && byte != STUFF) {
        to[0] = byte;
        return 1;
    }
    to[0] = STUFF;
    to[1] = byte ^ FLIP;
    return 2;
}

size_t rehastim2_frame_encode(const struct rehastim2_packet *packet, uint8_t frame[REHASTIM2_FRAME_MAX])
{
    uint8_t *body = frame + 1 + HEADER;
    size_t n = stuff(packet->number, body);
    n += stuff(packet->command, body + n);
    for (size_t i = 0; i < packet->size; i++)
        n += stuff(packet->data[i], body + n);
    frame[0] = BEGIN;
    frame[1] = frame[3] = STUFF;
    frame[2] = checksum(body, n) ^ FLIP;
    frame[4] = (uint8_t)(n & 0xff) ^ FLIP;
    body[n] = END;
    return 1 + HEADER + n + 1;
}

/* What stands between F0 and 0F. */
static bool decode(const uint8_t *raw, size_t n, struct rehastim2_packet *out)
{
    uint8_t plain[REHASTIM2_FRAME_MAX];
    size_t size = 0;
    if (n < HEADER + 2 || raw[0] != STUFF || raw[2] != STUFF || (raw[3] ^ FLIP) != (int)(n - HEADER) ||
        (raw[1] ^ FLIP) != checksum(raw + HEADER, n - HEADER))
        return false;
    for (size_t i = HEADER; i < n; i++) {
        bool stuffed = raw[i] == STUFF;
        if (stuffed && ++i == n)
            return false;
        plain[size++] = stuffed ? raw[i] ^ FLIP : raw[i];
    }
    if (size < 2 || size - 2 > REHASTIM2_DATA_MAX)
        return false;
    *out = (struct rehastim2_packet){.number = plain[0], .command = plain[1], .size = size - 2};
    memcpy(out->data, plain + 2, size - 2);
    return true;
}

bool rehastim2_reader_take(struct rehastim2_reader *r, uint8_t byte, struct rehastim2_packet *out)
{
    if (!r->stuffing && byte == BEGIN) {
        r->broken += r->inside;
        r->inside = true;
        r->used = 0;
        return false;
    }
    if (!r->inside)
        return false;
    if (!r->stuffing && byte == END) {
        r->inside = false;
        bool whole = decode(r->raw, r->used, out);
        r->broken += !whole;
        return whole;
    }
    r->stuffing = !r->stuffing && byte == STUFF;
    if (r->used == sizeof r->raw) {
        r->inside = r->stuffing = false;
        r->broken++;
        return false;
    }
    r->raw[r->used++] = byte;
    return false;
}
