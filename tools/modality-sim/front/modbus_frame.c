/* SPDX-License-Identifier: Apache-2.0 */
#include "front/modbus_frame.h"

#include <errno.h>
#include <string.h>

static uint16_t word_at(const uint8_t *bytes)
{
    return (uint16_t)((bytes[0] << 8) | bytes[1]);
}

static void word_put(uint8_t *bytes, uint16_t value)
{
    bytes[0] = (uint8_t)(value >> 8);
    bytes[1] = (uint8_t)(value & 0xff);
}

/* CRC-16/MODBUS: polynomial 0x8005 reflected, initial 0xffff; it goes onto the wire low byte first. */
uint16_t modbus_crc(const uint8_t *bytes, size_t length)
{
    uint16_t crc = 0xffff;
    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (uint16_t)((crc & 1) ? (crc >> 1) ^ 0xa001 : crc >> 1);
    }
    return crc;
}

bool modbus_function_writes(uint8_t function)
{
    return function == MODBUS_WRITE_COIL || function == MODBUS_WRITE_HOLDING || function == MODBUS_WRITE_COILS ||
           function == MODBUS_WRITE_HOLDINGS || function == MODBUS_READ_WRITE_HOLDINGS;
}

bool modbus_function_echoes(uint8_t function)
{
    return modbus_function_writes(function) && function != MODBUS_READ_WRITE_HOLDINGS;
}

bool modbus_function_is_bits(uint8_t function)
{
    return function == MODBUS_READ_COILS || function == MODBUS_READ_DISCRETES || function == MODBUS_WRITE_COIL ||
           function == MODBUS_WRITE_COILS;
}

static enum modbus_exception decode_read(const uint8_t *pdu, size_t length, struct modbus_request *request)
{
    unsigned most = modbus_function_is_bits(request->function) ? MODBUS_READ_BITS_MAX : MODBUS_READ_WORDS_MAX;
    request->count = word_at(pdu + 3);
    request->read_address = request->address;
    request->read_count = request->count;
    return length == 5 && request->count >= 1 && request->count <= most ? MODBUS_OK : MODBUS_ILLEGAL_VALUE;
}

static enum modbus_exception decode_write_one(const uint8_t *pdu, size_t length, struct modbus_request *request)
{
    uint16_t value = word_at(pdu + 3);
    request->count = 1;
    if (length != 5)
        return MODBUS_ILLEGAL_VALUE;
    if (request->function == MODBUS_WRITE_HOLDING) {
        memcpy(request->data, pdu + 3, 2);
        return MODBUS_OK;
    }
    request->data[0] = value == 0xff00;
    return value == 0xff00 || value == 0 ? MODBUS_OK : MODBUS_ILLEGAL_VALUE;
}

static enum modbus_exception decode_write_many(const uint8_t *pdu, size_t length, struct modbus_request *request)
{
    bool bits = request->function == MODBUS_WRITE_COILS;
    unsigned most = bits ? MODBUS_WRITE_BITS_MAX : MODBUS_WRITE_WORDS_MAX;
    request->count = word_at(pdu + 3);
    if (length < 6 || request->count < 1 || request->count > most)
        return MODBUS_ILLEGAL_VALUE;
    size_t size = bits ? (request->count + 7u) / 8u : request->count * 2u;
    if (pdu[5] != size || length != 6 + size)
        return MODBUS_ILLEGAL_VALUE;
    memcpy(request->data, pdu + 6, size);
    return MODBUS_OK;
}

static enum modbus_exception decode_read_write(const uint8_t *pdu, size_t length, struct modbus_request *request)
{
    if (length < 10)
        return MODBUS_ILLEGAL_VALUE;
    request->read_address = word_at(pdu + 1);
    request->read_count = word_at(pdu + 3);
    request->address = word_at(pdu + 5);
    request->count = word_at(pdu + 7);
    if (request->read_count < 1 || request->read_count > MODBUS_READ_WORDS_MAX || request->count < 1 ||
        request->count > MODBUS_READ_WRITE_WORDS_MAX)
        return MODBUS_ILLEGAL_VALUE;
    size_t size = request->count * 2u;
    if (pdu[9] != size || length != 10 + size)
        return MODBUS_ILLEGAL_VALUE;
    memcpy(request->data, pdu + 10, size);
    return MODBUS_OK;
}

enum modbus_exception modbus_request_decode(const uint8_t *pdu, size_t length, struct modbus_request *request)
{
    if (length < 1)
        return MODBUS_ILLEGAL_FUNCTION;
    request->function = pdu[0];
    request->address = 0;
    request->count = 0;
    request->read_address = 0;
    request->read_count = 0;
    switch (pdu[0]) {
    case MODBUS_READ_COILS:
    case MODBUS_READ_DISCRETES:
    case MODBUS_READ_HOLDINGS:
    case MODBUS_READ_INPUTS:
    case MODBUS_WRITE_COIL:
    case MODBUS_WRITE_HOLDING:
    case MODBUS_WRITE_COILS:
    case MODBUS_WRITE_HOLDINGS:
    case MODBUS_READ_WRITE_HOLDINGS:
        break;
    default:
        return MODBUS_ILLEGAL_FUNCTION;
    }
    if (length < 5)
        return MODBUS_ILLEGAL_VALUE;
    request->address = word_at(pdu + 1);
    if (pdu[0] == MODBUS_READ_WRITE_HOLDINGS)
        return decode_read_write(pdu, length, request);
    if (!modbus_function_writes(pdu[0]))
        return decode_read(pdu, length, request);
    if (pdu[0] == MODBUS_WRITE_COIL || pdu[0] == MODBUS_WRITE_HOLDING)
        return decode_write_one(pdu, length, request);
    return decode_write_many(pdu, length, request);
}

uint16_t modbus_request_value(const struct modbus_request *request, unsigned index)
{
    if (modbus_function_is_bits(request->function))
        return (request->data[index / 8] >> (index % 8)) & 1;
    return word_at(request->data + 2 * index);
}

static size_t reply_read(const struct modbus_request *request, const uint16_t *values, uint8_t *pdu)
{
    size_t size;
    if (modbus_function_is_bits(request->function)) {
        size = (request->read_count + 7u) / 8u;
        memset(pdu + 2, 0, size);
        for (unsigned i = 0; i < request->read_count; i++)
            if (values[i])
                pdu[2 + i / 8] = (uint8_t)(pdu[2 + i / 8] | 1u << (i % 8));
    } else {
        size = request->read_count * 2u;
        for (unsigned i = 0; i < request->read_count; i++)
            word_put(pdu + 2 + 2 * i, values[i]);
    }
    pdu[1] = (uint8_t)size;
    return 2 + size;
}

size_t modbus_reply_encode(const struct modbus_request *request, const uint16_t *values, uint8_t *pdu)
{
    pdu[0] = request->function;
    if (!modbus_function_echoes(request->function))
        return reply_read(request, values, pdu);
    word_put(pdu + 1, request->address);
    if (request->function == MODBUS_WRITE_COIL)
        word_put(pdu + 3, modbus_request_value(request, 0) ? 0xff00 : 0);
    else if (request->function == MODBUS_WRITE_HOLDING)
        word_put(pdu + 3, modbus_request_value(request, 0));
    else
        word_put(pdu + 3, request->count);
    return 5;
}

size_t modbus_exception_encode(uint8_t function, enum modbus_exception exception, uint8_t *pdu)
{
    pdu[0] = function | 0x80;
    pdu[1] = (uint8_t)exception;
    return 2;
}

ssize_t mbap_frame_length(const uint8_t *bytes, size_t length)
{
    if (length < MBAP_SIZE)
        return 0;
    unsigned follows = word_at(bytes + 4); /* unit and PDU */
    if (word_at(bytes + 2) != 0 || follows < 2 || follows > 1 + MODBUS_PDU_MAX)
        return -EPROTO;
    return length < 6 + follows ? 0 : (ssize_t)(6 + follows);
}

size_t mbap_encode(uint16_t transaction, uint8_t unit, const uint8_t *pdu, size_t pdu_length, uint8_t *frame)
{
    word_put(frame, transaction);
    word_put(frame + 2, 0);
    word_put(frame + 4, (uint16_t)(pdu_length + 1));
    frame[6] = unit;
    memcpy(frame + MBAP_SIZE, pdu, pdu_length);
    return MBAP_SIZE + pdu_length;
}

ssize_t rtu_request_length(const uint8_t *bytes, size_t length)
{
    size_t whole = 8;
    if (length < 2)
        return 0;
    switch (bytes[1]) {
    case MODBUS_READ_COILS:
    case MODBUS_READ_DISCRETES:
    case MODBUS_READ_HOLDINGS:
    case MODBUS_READ_INPUTS:
    case MODBUS_WRITE_COIL:
    case MODBUS_WRITE_HOLDING:
        break;
    case MODBUS_WRITE_COILS:
    case MODBUS_WRITE_HOLDINGS:
        if (length < 7)
            return 0;
        whole = 9u + bytes[6];
        break;
    case MODBUS_READ_WRITE_HOLDINGS:
        if (length < 11)
            return 0;
        whole = 13u + bytes[10];
        break;
    default:
        return -ENOSYS;
    }
    return length < whole ? 0 : (ssize_t)whole;
}

bool rtu_crc_valid(const uint8_t *frame, size_t length)
{
    if (length < 4)
        return false;
    uint16_t crc = modbus_crc(frame, length - 2);
    return frame[length - 2] == (crc & 0xff) && frame[length - 1] == crc >> 8;
}

size_t rtu_encode(uint8_t unit, const uint8_t *pdu, size_t pdu_length, uint8_t *frame)
{
    frame[0] = unit;
    memcpy(frame + 1, pdu, pdu_length);
    uint16_t crc = modbus_crc(frame, pdu_length + 1);
    frame[pdu_length + 1] = (uint8_t)(crc & 0xff);
    frame[pdu_length + 2] = (uint8_t)(crc >> 8);
    return pdu_length + 3;
}
