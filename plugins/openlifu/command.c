/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both directions. Errors come in two dialects: the console changes the packet's type for each, the transmitter has one
 * type for all and says the reason in a field. Both mean that nothing was done, but for the transmitter's own timeout.
 */
#include "command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define TYPE_NAK 0xe1
#define TYPE_RESPONSE 0xe3
#define TYPE_BAD_CRC 0xed /* console */
#define TYPE_UNKNOWN 0xee /* console; from the transmitter a timeout of its own */
#define TYPE_ERROR 0xef   /* console: bad arguments; transmitter: any error */
#define FLOAT_BYTES 4
#define HARDWARE_ID_BYTES 12 /* the console sends 4 more, which do not count */
#define CONSOLE_ID_BYTES 16

static const struct {
    uint8_t code, type;
    int size;
} commands[LIFU_COMMAND_COUNT] = {
#define COMMAND(id, code, type, size) {code, type, size},
    LIFU_COMMANDS(COMMAND)
#undef COMMAND
};

/* ---- numbers of the wire: IEEE 754, binary32 ---- */

/* A number of eighths, big endian: a shift and an exponent, nothing to round. */
static void eighths_put(uint32_t eighths, uint8_t out[FLOAT_BYTES])
{
    uint32_t bits = 0;
    if (eighths > 0) {
        uint32_t top = 0;
        while (eighths >> (top + 1) != 0)
            top++;
        bits = (127 + top - 3) << 23 | ((eighths << (23 - top)) & 0x7fffff);
    }
    for (unsigned i = 0; i < FLOAT_BYTES; i++)
        out[i] = (uint8_t)(bits >> (24 - 8 * i) & 0xff);
}

static uint32_t little_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* Little endian, in thousandths, rounded away from 0: -EPROTO what is no number or beyond 2^19. */
static int milli_of(const uint8_t bytes[FLOAT_BYTES], int64_t *out)
{
    uint32_t bits = little_endian(bytes);
    int exponent = (int)(bits >> 23 & 0xff) - 150; /* of the mantissa's last bit */
    int64_t thousandths = (int64_t)((bits & 0x7fffff) | 0x800000) * 1000;
    if (exponent > 18 - 23)
        return -EPROTO;
    if (exponent < -40) /* 0, and what is too small to be told from it */
        thousandths = exponent == -150 && (bits & 0x7fffff) == 0 ? 0 : 1;
    else
        thousandths = (thousandths + (INT64_C(1) << -exponent) - 1) >> -exponent;
    *out = bits >> 31 ? -thousandths : thousandths;
    return 0;
}

/* ---- requests ---- */

static int encode_with(struct ow_packet packet, const void *data, size_t size, uint8_t *out, size_t *n)
{
    packet.data = data;
    packet.size = size;
    return ow_packet_encode(&packet, out, LIFU_REQUEST_MAX, n) < 0 ? -EINVAL : 0;
}

static int encode_voltage(const struct ow_packet *packet, int64_t mv, uint8_t *out, size_t *n)
{
    uint8_t volts[FLOAT_BYTES];
    if (mv < 0 || mv > LIFU_VOLTAGE_MAX_MV || mv % LIFU_VOLTAGE_STEP_MV != 0)
        return -EINVAL;
    eighths_put((uint32_t)(mv / LIFU_VOLTAGE_STEP_MV), volts);
    return encode_with(*packet, volts, sizeof volts, out, n);
}

static int encode_trigger(const struct ow_packet *packet, const struct lifu_trigger *trigger, uint8_t *out, size_t *n)
{
    char text[LIFU_TRIGGER_TEXT_MAX];
    if (lifu_trigger_write(trigger, text, sizeof text) < 0)
        return -EINVAL;
    return encode_with(*packet, text, strlen(text), out, n);
}

static int encode_register(struct ow_packet packet, const struct lifu_request *request, uint8_t *out, size_t *n)
{
    const uint8_t address[] = {(uint8_t)(request->address & 0xff), (uint8_t)(request->address >> 8)};
    packet.addr = request->chip;
    return encode_with(packet, address, sizeof address, out, n);
}

int lifu_encode(const struct lifu_request *request, uint16_t id, uint8_t out[LIFU_REQUEST_MAX], size_t *n)
{
    const struct ow_packet packet = {
        .id = id, .type = commands[request->command].type, .command = commands[request->command].code};
    if (request->command == LIFU_SET_VOLTAGE)
        return encode_voltage(&packet, request->millivolts, out, n);
    if (request->command == LIFU_SET_TRIGGER)
        return encode_trigger(&packet, request->trigger, out, n);
    if (request->command == LIFU_READ_REGISTER)
        return encode_register(packet, request, out, n);
    return encode_with(packet, NULL, 0, out, n);
}

/* ---- answers ---- */

/* Printable, with or without a NUL behind it; older firmware sends three bytes of a version. */
static int version_of(const struct ow_packet *packet, char out[LIFU_TEXT_MAX])
{
    const uint8_t *b = packet->data;
    size_t n = packet->size;
    if (n == 3 && (b[0] < ' ' || b[1] < ' ' || b[2] < ' ')) {
        snprintf(out, LIFU_TEXT_MAX, "%u.%u.%u", b[0], b[1], b[2]);
        return 0;
    }
    while (n > 0 && b[n - 1] == '\0')
        n--;
    if (n == 0 || n >= LIFU_TEXT_MAX)
        return -EPROTO;
    for (size_t i = 0; i < n; i++)
        if (b[i] < ' ' || b[i] > '~')
            return -EPROTO;
    memcpy(out, b, n);
    out[n] = '\0';
    return 0;
}

static int hardware_id_of(enum lifu_side side, const struct ow_packet *packet, char out[LIFU_TEXT_MAX])
{
    if (packet->size != HARDWARE_ID_BYTES && !(side == LIFU_CONSOLE && packet->size == CONSOLE_ID_BYTES))
        return -EPROTO;
    for (size_t i = 0; i < HARDWARE_ID_BYTES; i++)
        snprintf(out + 2 * i, 3, "%02x", packet->data[i]);
    return 0;
}

static int data_of(enum lifu_side side, enum lifu_command command, const struct ow_packet *packet,
                   struct lifu_answer *a)
{
    switch ((int)command) {
    case LIFU_VERSION:
        return version_of(packet, a->text);
    case LIFU_HARDWARE_ID:
        return hardware_id_of(side, packet, a->text);
    case LIFU_TX_TEMPERATURE:
    case LIFU_AMBIENT:
    case LIFU_READ_VOLTAGE:
        return milli_of(packet->data, &a->milli);
    case LIFU_SET_TRIGGER:
    case LIFU_GET_TRIGGER:
        return lifu_trigger_read((const char *)packet->data, packet->size, &a->trigger);
    case LIFU_READ_REGISTER:
        a->value = little_endian(packet->data);
        return 0;
    case LIFU_VOLTAGE_IS_ON:
    case LIFU_SUPPLY_IS_ON:
        a->flag = packet->reserved == 1;
        return packet->reserved <= 1 ? 0 : -EPROTO;
    default:
        return 0;
    }
}

static bool is_refusal(enum lifu_side side, uint8_t type)
{
    if (type == TYPE_NAK || type == TYPE_ERROR)
        return true;
    return side == LIFU_CONSOLE && (type == TYPE_BAD_CRC || type == TYPE_UNKNOWN);
}

int lifu_decode(enum lifu_side side, enum lifu_command command, const struct ow_packet *packet, struct lifu_answer *out)
{
    struct lifu_answer a = {0};
    if (is_refusal(side, packet->type))
        return -EACCES;
    if (packet->type != TYPE_RESPONSE || packet->command != commands[command].code)
        return -EPROTO;
    if (commands[command].size >= 0 && packet->size != (size_t)commands[command].size)
        return -EPROTO;
    int r = data_of(side, command, packet, &a);
    if (r == 0)
        *out = a;
    return r;
}
