/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One Modbus line, TCP or RTU, with the guarantees the daemon needs and libmodbus does not give: every call ends at its
 * deadline, no write is repeated, and a reply that another unit sent or that may belong to an earlier request is never
 * taken.
 * After a timeout or a malformed reply the line is in doubt; reads and proved writes are then refused until
 * modbus_line_reopen(). Writes toward rest go out even in doubt, because they can only help.
 *
 * Errors: -EACCES the device answered with an exception, it did not act; -ETIMEDOUT the request went out and its
 * outcome is unknown; -EPROTO the answer did not match; -EAGAIN no time was left and nothing was sent; -EIO the
 * transport failed or is in doubt and nothing was sent (for a read: the reply was lost).
 */
#ifndef PLUGINS_MODBUS_LINK_H
#define PLUGINS_MODBUS_LINK_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "modality/plugin.h"

#define MODBUS_LINE_READ_MAX 125  /* registers in one request */
#define MODBUS_LINE_BITS_MAX 2000 /* coils or discrete inputs in one request */
#define MODBUS_LINE_PATH_MAX 128  /* bytes of a device path, NUL included */
#define MODBUS_LINE_UNIT_TCP 255  /* "the device itself" behind a TCP endpoint */

/* Where a line is and how it talks. */
struct modbus_line_config {
    enum modality_link_kind kind; /* LINK_KIND_TCP or LINK_KIND_SERIAL */
    struct sockaddr_storage address;
    socklen_t address_size;
    char path[MODBUS_LINE_PATH_MAX];
    int baud;
    char parity; /* 'N', 'E', 'O' */
    int stop_bits;
    int64_t silence_ns; /* RTU: after doubt the line must have been silent for this long */
};

/* One request: to whom and until when. */
struct modbus_call {
    uint8_t unit;
    bool refuses_by_failure; /* exception 4 on a write means that the device did not act */
    int64_t answer_ns;       /* longest time until the answer begins, line time not counted */
    int64_t deadline_ns;     /* absolute, CLOCK_MONOTONIC */
};

enum modbus_table { MODBUS_COIL, MODBUS_DISCRETE, MODBUS_INPUT, MODBUS_HOLDING };

struct modbus_line;

/*
 * Reads "tcp:127.0.0.1:1502", "tcp:[::1]:502" or "serial:/dev/ttyUSB0" into kind and address or path; hosts are
 * numeric, so that no lookup can block. 0 or -EINVAL.
 */
int modbus_line_parse(const char *text, struct modbus_line_config *out);

/* Opens the line: 0; -ENODEV nobody there; -EIO. Sends no request. */
int modbus_line_open(const struct modbus_line_config *config, int64_t deadline_ns, struct modbus_line **out);

/* TCP: closes and connects anew. RTU: waits for silence, and opens the port anew if it vanished. Sends no request. */
int modbus_line_reopen(struct modbus_line *line, int64_t deadline_ns);

/* Closes and frees; accepts NULL. */
void modbus_line_close(struct modbus_line *line);

/* Reads count registers (input, holding) into words, or bits (coil, discrete) as one 0 or 1 per word. */
int modbus_line_read(struct modbus_line *line, const struct modbus_call *call, enum modbus_table table,
                     uint16_t address, uint16_t count, uint16_t *words);

/*
 * Writes count registers or one coil, once. multiple: registers always by function 16. even_in_doubt: for writes toward
 * rest. 0 means that the unit echoed it; the echo was compared in full (function 16: address and count).
 */
int modbus_line_write(struct modbus_line *line, const struct modbus_call *call, enum modbus_table table,
                      uint16_t address, uint16_t count, const uint16_t *words, bool multiple, bool even_in_doubt);

/* True if the echo of such a write is the unit's own and repeats its value, so that it needs no read-back. */
bool modbus_line_proves_write(const struct modbus_line *line, size_t words, bool multiple);

/* Time that frames of so many bytes take on the line, gaps of 3.5 characters included; 0 on TCP. */
int64_t modbus_line_time_ns(const struct modbus_line_config *config, size_t bytes);

/* The exception code of the last call that returned -EACCES or was refused by exception, else 0. */
int modbus_line_exception(const struct modbus_line *line);

#endif
