/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to one unit and the reply to it, framed and verified: a reply is handed on only when every field around
 * and in it says that it answers this request. Private to plugins/common.
 */
#ifndef PLUGINS_MODBUS_EXCHANGE_H
#define PLUGINS_MODBUS_EXCHANGE_H

#include <modbus.h>
#include <stddef.h>
#include <stdint.h>

#define MODBUS_REQUEST_MAX 10 /* bytes of the longest PDU sent: two registers by function 16 */

struct modbus_exchange {
    uint8_t unit;
    uint16_t transaction; /* TCP: of this request and no other on the connection */
    int64_t until_ns;     /* TCP: when the reply must be whole; on RTU the response timeout of the context says it */
    size_t request_size, reply_size; /* of the PDUs; the reply has this size or is an exception */
    uint8_t request[MODBUS_REQUEST_MAX];
    uint8_t reply[MODBUS_MAX_PDU_LENGTH];
};

/*
 * Sends the request and receives its reply, once. 0 with the reply filled in, or -1 with errno as libmodbus sets it:
 * MODBUS_ENOBASE + code for an exception, ETIMEDOUT, an EMB... error for what does not answer the request, else what
 * the transport said.
 */
int modbus_exchange_tcp(int fd, struct modbus_exchange *x);
int modbus_exchange_rtu(modbus_t *ctx, struct modbus_exchange *x);

#endif
