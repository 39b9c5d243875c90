/* SPDX-License-Identifier: Apache-2.0 */
#include "front/openlifu_codec.h"

#include <string.h>

#define AROUND 12

unsigned olifu_crc(const uint8_t *bytes, size_t n)
{
    unsigned crc = 0xffff;
    while (n-- > 0) {
        crc ^= (unsigned)*bytes++ << 8;
        for (int bit = 0; bit < 8; bit++)
            crc = (crc << 1 ^ (crc & 0x8000 ? 0x1021u : 0)) & 0xffff;
    }
    return crc;
}

enum olifu_read olifu_read(const uint8_t *bytes, size_t n, struct olifu_packet *out)
{
    *out = (struct olifu_packet){.id = n > 2 ? (unsigned)bytes[1] << 8 | bytes[2] : 0};
    if (n == 0 || bytes[0] != 0xaa)
        return OLIFU_READ_BAD_START;
    if (n < AROUND)
        return OLIFU_READ_BAD_LENGTH;
    size_t length = (size_t)bytes[7] << 8 | bytes[8];
    if (length > OLIFU_DATA_MAX || n < length + AROUND || bytes[length + AROUND - 1] != 0xdd)
        return OLIFU_READ_BAD_LENGTH;
    if (olifu_crc(bytes + 1, length + 8) != ((unsigned)bytes[length + 9] << 8 | bytes[length + 10]))
        return OLIFU_READ_BAD_CRC;
    out->type = bytes[3];
    out->command = bytes[4];
    out->addr = bytes[5];
    out->reserved = bytes[6];
    out->length = length;
    memcpy(out->data, bytes + 9, length);
    return OLIFU_READ_PACKET;
}

size_t olifu_write(const struct olifu_packet *packet, uint8_t *frame)
{
    size_t n = packet->length;
    frame[0] = 0xaa;
    frame[1] = (uint8_t)(packet->id >> 8 & 0xff);
    frame[2] = (uint8_t)(packet->id & 0xff);
    frame[3] = packet->type;
    frame[4] = packet->command;
    frame[5] = packet->addr;
    frame[6] = packet->reserved;
    frame[7] = (uint8_t)(n >> 8 & 0xff);
    frame[8] = (uint8_t)(n & 0xff);
    memcpy(frame + 9, packet->data, n);
    unsigned crc = olifu_crc(frame + 1, n + 8);
    frame[9 + n] = (uint8_t)(crc >> 8);
    frame[10 + n] = (uint8_t)(crc & 0xff);
    frame[11 + n] = 0xdd;
    return n + AROUND;
}
