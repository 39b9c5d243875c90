/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Modbus on the wire, as functions of bytes: request PDUs in, reply PDUs out, and the two envelopes (MBAP for TCP,
 * address + CRC for RTU). No I/O, no clock, no state. A decoder never reads past the length it is given and an encoder
 * never writes more than MODBUS_FRAME_MAX bytes.
 */
#ifndef SIM_MODBUS_FRAME_H
#define SIM_MODBUS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define MODBUS_PDU_MAX 253   /* Modbus application protocol 4.1 */
#define MODBUS_FRAME_MAX 260 /* MBAP header of 7 and a PDU; RTU needs 256 */
#define MBAP_SIZE 7
#define MODBUS_READ_BITS_MAX 2000
#define MODBUS_READ_WORDS_MAX 125
#define MODBUS_WRITE_BITS_MAX 1968
#define MODBUS_WRITE_WORDS_MAX 123
#define MODBUS_READ_WRITE_WORDS_MAX 121 /* written by function 23 */

enum modbus_function {
    MODBUS_READ_COILS = 1,
    MODBUS_READ_DISCRETES = 2,
    MODBUS_READ_HOLDINGS = 3,
    MODBUS_READ_INPUTS = 4,
    MODBUS_WRITE_COIL = 5,
    MODBUS_WRITE_HOLDING = 6,
    MODBUS_WRITE_COILS = 15,
    MODBUS_WRITE_HOLDINGS = 16,
    MODBUS_READ_WRITE_HOLDINGS = 23,
};

enum modbus_exception {
    MODBUS_OK = 0,
    MODBUS_ILLEGAL_FUNCTION = 1,
    MODBUS_ILLEGAL_ADDRESS = 2,
    MODBUS_ILLEGAL_VALUE = 3,
    MODBUS_DEVICE_FAILURE = 4,
    MODBUS_GATEWAY_NO_RESPONSE = 11,
};

struct modbus_request {
    uint16_t transaction; /* MBAP only */
    uint8_t unit;
    uint8_t function;
    uint16_t address;
    uint16_t count; /* points read or written; 1 for functions 5 and 6; of function 23 what it writes */
    uint16_t read_address;
    uint16_t read_count;          /* points read back: as count for a read, and what function 23 reads; else 0 */
    uint8_t data[MODBUS_PDU_MAX]; /* values of a write as they came: big-endian words, or packed bits for function 15 */
};

uint16_t modbus_crc(const uint8_t *bytes, size_t length);

bool modbus_function_writes(uint8_t function);
bool modbus_function_is_bits(uint8_t function);

/* Fills function, addresses, counts and data. Returns MODBUS_OK or the exception a server answers; function is always
 * set when length is at least 1, so that the exception can be framed. */
enum modbus_exception modbus_request_decode(const uint8_t *pdu, size_t length, struct modbus_request *request);

/* The index-th value of a write: 0 or 1 for coils. Index below count. */
uint16_t modbus_request_value(const struct modbus_request *request, unsigned index);

/* Whether a good reply repeats address and value or count. */
bool modbus_function_echoes(uint8_t function);

/* Reply PDUs; values has request->read_count entries. Return the length. */
size_t modbus_reply_encode(const struct modbus_request *request, const uint16_t *values, uint8_t *pdu);
size_t modbus_exception_encode(uint8_t function, enum modbus_exception exception, uint8_t *pdu);

/* Length of the first complete frame in a TCP stream: 0 = more bytes needed, -EPROTO = this is not Modbus. */
ssize_t mbap_frame_length(const uint8_t *bytes, size_t length);
size_t mbap_encode(uint16_t transaction, uint8_t unit, const uint8_t *pdu, size_t pdu_length, uint8_t *frame);

/* Length of the request that starts at bytes: 0 = more bytes needed, -ENOSYS = the function's length is not known, so
 * only silence ends the frame. The CRC is not checked here. */
ssize_t rtu_request_length(const uint8_t *bytes, size_t length);
bool rtu_crc_valid(const uint8_t *frame, size_t length);
size_t rtu_encode(uint8_t unit, const uint8_t *pdu, size_t pdu_length, uint8_t *frame);

#endif
