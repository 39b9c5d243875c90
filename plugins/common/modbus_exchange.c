/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and replies on the wire. TCP is framed here, because libmodbus compares neither the unit nor the length of a
 * reply and sends raw requests all with transaction 0; on RTU it frames, checks the CRC and hands over the frame. What
 * the reply says is compared here on both.
 */
#include "modbus_exchange.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "modbus_port.h"

#define EXCEPTION_SIZE 2 /* function and code */
#define EXCEPTION_FLAG 0x80
/* Transaction, protocol (0) and length of what follows: 6 bytes, then the unit, then the PDU. */
#define MBAP_LENGTH_AT 4
#define MBAP_UNIT_AT 6
#define MBAP_SIZE 7

static uint16_t word_at(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void word_put(uint8_t *bytes, size_t word)
{
    bytes[0] = (uint8_t)(word >> 8);
    bytes[1] = (uint8_t)(word & 0xff);
}

static int malformed(void)
{
    errno = EMBBADDATA;
    return -1;
}

/* Whether a PDU that begins with this function and has this size answers the request. */
static bool answers(const struct modbus_exchange *x, uint8_t function, size_t size)
{
    if (function == (x->request[0] | EXCEPTION_FLAG))
        return size == EXCEPTION_SIZE;
    return function == x->request[0] && size == x->reply_size;
}

/* Takes a whole PDU from the unit that was asked. */
static int take(struct modbus_exchange *x, const uint8_t *pdu, size_t size)
{
    if (!answers(x, pdu[0], size))
        return malformed();
    if (pdu[0] & EXCEPTION_FLAG) {
        bool known = pdu[1] > 0 && pdu[1] < MODBUS_EXCEPTION_MAX;
        errno = known ? MODBUS_ENOBASE + pdu[1] : EMBBADEXC;
        return -1;
    }
    memcpy(x->reply, pdu, size);
    return 0;
}

static int send_tcp(int fd, const struct modbus_exchange *x)
{
    uint8_t adu[MBAP_SIZE + MODBUS_REQUEST_MAX];
    size_t size = MBAP_SIZE + x->request_size;
    word_put(adu, x->transaction);
    word_put(adu + 2, 0);
    word_put(adu + MBAP_LENGTH_AT, 1 + x->request_size);
    adu[MBAP_UNIT_AT] = x->unit;
    memcpy(adu + MBAP_SIZE, x->request, x->request_size);
    ssize_t n = send(fd, adu, size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n >= 0 && (size_t)n != size)
        errno = EIO;
    return n >= 0 && (size_t)n == size ? 0 : -1;
}

/* The header and the function of a reply, as soon as they are there: nothing is waited for on a wrong header's word. */
static bool header_answers(const struct modbus_exchange *x, const uint8_t *adu)
{
    size_t length = word_at(adu + MBAP_LENGTH_AT);
    return word_at(adu) == x->transaction && word_at(adu + 2) == 0 && adu[MBAP_UNIT_AT] == x->unit && length > 1 &&
           answers(x, adu[MBAP_SIZE], length - 1);
}

int modbus_exchange_tcp(int fd, struct modbus_exchange *x)
{
    if (send_tcp(fd, x) < 0)
        return -1;
    /* One byte more than any reply, so that a byte behind the longest is seen. */
    uint8_t adu[MODBUS_TCP_MAX_ADU_LENGTH + 1];
    size_t have = 0, whole = MBAP_SIZE + EXCEPTION_SIZE;
    while (have < whole) {
        int ready = modbus_port_wait(fd, POLLIN, x->until_ns);
        if (ready <= 0) {
            errno = ready < 0 ? -ready : ETIMEDOUT;
            return -1;
        }
        ssize_t n = recv(fd, adu + have, sizeof adu - have, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (n == 0)
            errno = ECONNRESET;
        if (n <= 0)
            return -1;
        have += (size_t)n;
        if (have <= MBAP_SIZE)
            continue;
        if (!header_answers(x, adu))
            return malformed();
        whole = MBAP_UNIT_AT + (size_t)word_at(adu + MBAP_LENGTH_AT);
    }
    if (have != whole)
        return malformed();
    return take(x, adu + MBAP_SIZE, whole - MBAP_SIZE);
}

int modbus_exchange_rtu(modbus_t *ctx, struct modbus_exchange *x)
{
    uint8_t frame[1 + MODBUS_REQUEST_MAX], adu[MODBUS_RTU_MAX_ADU_LENGTH];
    frame[0] = x->unit;
    memcpy(frame + 1, x->request, x->request_size);
    if (modbus_send_raw_request(ctx, frame, (int)x->request_size + 1) < 0)
        return -1;
    int n = modbus_receive_confirmation(ctx, adu);
    if (n < 0)
        return -1;
    /* Unit and CRC around the PDU; the library has checked the CRC, and answers 0 for a frame of another unit. */
    if (n < 1 + EXCEPTION_SIZE + 2 || adu[0] != x->unit)
        return malformed();
    return take(x, adu + 1, (size_t)n - 3);
}
