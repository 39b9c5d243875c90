/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on one Modbus line. On TCP libmodbus' own calls are used, because they compare the transaction id; on RTU a
 * write is sent raw and its echo compared here, because the library accepts an echo of another address or value.
 */
#include "modbus_link.h"

#include <errno.h>
#include <modbus.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"
#include "modbus_port.h"

/* Modbus over serial line V1.02, 2.5.1.1: 3.5 characters between frames, 1.75 ms above 19200 baud. */
#define GAP_HALF_CHARACTERS 7
#define GAP_FAST_NS (1750 * NS_PER_US)
#define GAP_FAST_FROM_BAUD 19200
#define RTU_OVERHEAD 3 /* unit and CRC around a PDU */

struct modbus_line {
    struct modbus_line_config config;
    modbus_t *ctx;   /* owned */
    bool open;       /* the port is open */
    bool doubt;      /* a late reply may still come */
    bool fresh;      /* in doubt only because it was just opened */
    int64_t last_ns; /* when the line was last known to be in use */
    int exception;
};

/* Bit times of one character: a parity bit or a second stop bit where there is one. */
static int64_t character_ns(const struct modbus_line_config *config)
{
    int bits = 10 + (config->parity != 'N') + (config->stop_bits == 2);
    return bits * NS_PER_S / config->baud;
}

static int64_t gap_ns(const struct modbus_line_config *config)
{
    if (config->kind == LINK_KIND_TCP)
        return 0;
    return config->baud > GAP_FAST_FROM_BAUD ? GAP_FAST_NS : GAP_HALF_CHARACTERS * character_ns(config) / 2;
}

int64_t modbus_line_time_ns(const struct modbus_line_config *config, size_t bytes)
{
    if (config->kind == LINK_KIND_TCP)
        return 0;
    return (int64_t)bytes * character_ns(config) + 2 * gap_ns(config);
}

bool modbus_line_proves_write(const struct modbus_line *line, size_t words, bool multiple)
{
    return line->config.kind == LINK_KIND_SERIAL && words == 1 && !multiple;
}

int modbus_line_exception(const struct modbus_line *line)
{
    return line->exception;
}

int modbus_line_open(const struct modbus_line_config *config, int64_t deadline_ns, struct modbus_line **out)
{
    struct modbus_line *line = calloc(1, sizeof *line);
    if (!line)
        return -EIO;
    line->config = *config;
    int r = modbus_port_create(config, &line->ctx);
    if (r == 0)
        r = modbus_port_open(config, line->ctx, deadline_ns);
    if (r < 0) {
        if (line->ctx)
            modbus_free(line->ctx);
        free(line);
        return r;
    }
    line->open = true;
    /* Somebody before us may have asked a question on this line whose answer is still to come. */
    line->doubt = line->fresh = config->kind == LINK_KIND_SERIAL;
    line->last_ns = clock_monotonic_ns();
    *out = line;
    return 0;
}

static void line_shut(struct modbus_line *line)
{
    modbus_port_close(&line->config, line->ctx);
    line->open = false;
    line->doubt = true;
}

void modbus_line_close(struct modbus_line *line)
{
    if (!line)
        return;
    modbus_port_close(&line->config, line->ctx);
    modbus_free(line->ctx);
    free(line);
}

static int settle(struct modbus_line *line, int64_t deadline_ns)
{
    int r = modbus_port_silence(line->ctx, line->last_ns, line->config.silence_ns, deadline_ns);
    if (r == -EIO)
        line_shut(line);
    if (r < 0)
        return r;
    line->doubt = line->fresh = false;
    return 0;
}

int modbus_line_reopen(struct modbus_line *line, int64_t deadline_ns)
{
    bool serial = line->config.kind == LINK_KIND_SERIAL;
    if (line->open && !serial)
        line_shut(line);
    if (!line->open) {
        int r = modbus_port_open(&line->config, line->ctx, deadline_ns);
        if (r < 0)
            return r;
        line->open = true;
        line->last_ns = clock_monotonic_ns();
    }
    if (serial)
        return settle(line, deadline_ns);
    line->doubt = false;
    return 0;
}

/* Everything before the first byte of a request goes out. bytes: request and reply together. */
static int begin(struct modbus_line *line, const struct modbus_call *call, size_t bytes, bool even_in_doubt)
{
    line->exception = 0;
    if (!line->open)
        return -EIO;
    if (line->doubt && !even_in_doubt) {
        int r = line->fresh ? settle(line, call->deadline_ns) : -EIO;
        if (r < 0)
            return r;
    }
    int r = modbus_port_discard(&line->config, line->ctx);
    if (r >= 0 && line->config.kind == LINK_KIND_SERIAL) {
        int64_t quiet = line->last_ns + gap_ns(&line->config);
        if (quiet > clock_monotonic_ns())
            r = modbus_port_silence(line->ctx, line->last_ns, gap_ns(&line->config), call->deadline_ns);
    }
    if (r == -EIO)
        line_shut(line);
    if (r < 0)
        return r;
    int64_t left = call->deadline_ns - clock_monotonic_ns();
    int64_t timeout = call->answer_ns + modbus_line_time_ns(&line->config, bytes);
    if (timeout > left)
        timeout = left;
    if (timeout < NS_PER_US)
        return -EAGAIN;
    if (modbus_set_slave(line->ctx, call->unit) < 0 ||
        modbus_set_response_timeout(line->ctx, (uint32_t)(timeout / NS_PER_S),
                                    (uint32_t)(timeout % NS_PER_S / NS_PER_US)) < 0)
        return -EINVAL;
    return 0;
}

/* What an exception says about the outcome. */
static int exception_error(struct modbus_line *line, const struct modbus_call *call, bool write, int code)
{
    line->exception = code;
    switch (code) {
    case MODBUS_EXCEPTION_ACKNOWLEDGE:    /* accepted, still at work */
    case MODBUS_EXCEPTION_GATEWAY_TARGET: /* the gateway asked and got no answer */
        return -ETIMEDOUT;
    case MODBUS_EXCEPTION_SLAVE_OR_SERVER_FAILURE: /* "while attempting to perform the action" */
        return write && !call->refuses_by_failure ? -ETIMEDOUT : -EACCES;
    default:
        return -EACCES;
    }
}

/* Turns libmodbus' errno after a failed call into ours. */
static int fail(struct modbus_line *line, const struct modbus_call *call, bool write, int error)
{
    if (error > MODBUS_ENOBASE && error < MODBUS_ENOBASE + MODBUS_EXCEPTION_MAX)
        return exception_error(line, call, write, error - MODBUS_ENOBASE);
    line->doubt = true;
    line->fresh = false;
    if (error == ETIMEDOUT)
        return -ETIMEDOUT;
    if (error > MODBUS_ENOBASE)
        return -EPROTO;
    line_shut(line);
    /* These come from sending; anything else may have come after the request was out. */
    bool unsent = error == EPIPE || error == EBADF || error == ENOTCONN || error == EAGAIN;
    return write && !unsent ? -ETIMEDOUT : -EIO;
}

int modbus_line_read(struct modbus_line *line, const struct modbus_call *call, enum modbus_table table,
                     uint16_t address, uint16_t count, uint16_t *words)
{
    bool bits = table == MODBUS_COIL || table == MODBUS_DISCRETE;
    if (count == 0 || count > (bits ? MODBUS_LINE_BITS_MAX : MODBUS_LINE_READ_MAX))
        return -EINVAL;
    size_t payload = bits ? (size_t)(count + 7) / 8 : (size_t)count * 2;
    int r = begin(line, call, RTU_OVERHEAD + 5 + RTU_OVERHEAD + 2 + payload, false);
    if (r < 0)
        return r;
    uint8_t states[MODBUS_LINE_BITS_MAX];
    switch (table) {
    case MODBUS_COIL:
        r = modbus_read_bits(line->ctx, address, count, states);
        break;
    case MODBUS_DISCRETE:
        r = modbus_read_input_bits(line->ctx, address, count, states);
        break;
    case MODBUS_INPUT:
        r = modbus_read_input_registers(line->ctx, address, count, words);
        break;
    case MODBUS_HOLDING:
        r = modbus_read_registers(line->ctx, address, count, words);
        break;
    }
    int error = errno;
    line->last_ns = clock_monotonic_ns();
    if (r != count)
        return fail(line, call, false, r < 0 ? error : EMBBADDATA);
    for (size_t i = 0; bits && i < count; i++)
        words[i] = states[i];
    return 0;
}

/* RTU: sends the frame and compares the echo. Returns 0 or -1 with errno, as libmodbus does. */
static int write_compared(modbus_t *ctx, const struct modbus_call *call, int function, uint16_t address, uint16_t count,
                          const uint16_t *words)
{
    uint8_t frame[7 + 2 * 2], reply[MODBUS_RTU_MAX_ADU_LENGTH];
    int size = 6;
    uint16_t field = function == MODBUS_FC_WRITE_MULTIPLE_REGISTERS ? count : words[0];
    if (function == MODBUS_FC_WRITE_SINGLE_COIL)
        field = words[0] ? 0xff00 : 0;
    frame[0] = call->unit;
    frame[1] = (uint8_t)function;
    frame[2] = (uint8_t)(address >> 8);
    frame[3] = (uint8_t)(address & 0xff);
    frame[4] = (uint8_t)(field >> 8);
    frame[5] = (uint8_t)(field & 0xff);
    if (function == MODBUS_FC_WRITE_MULTIPLE_REGISTERS) {
        frame[size++] = (uint8_t)(2 * count);
        for (size_t i = 0; i < count; i++) {
            frame[size++] = (uint8_t)(words[i] >> 8);
            frame[size++] = (uint8_t)(words[i] & 0xff);
        }
    }
    if (modbus_send_raw_request(ctx, frame, size) < 0)
        return -1;
    int n = modbus_receive_confirmation(ctx, reply);
    if (n < 0)
        return -1;
    if (n == 5 && reply[0] == call->unit && reply[1] == (function | 0x80)) {
        bool known = reply[2] > 0 && reply[2] < MODBUS_EXCEPTION_MAX;
        errno = known ? MODBUS_ENOBASE + reply[2] : EMBBADEXC;
        return -1;
    }
    /* 6 bytes and CRC: the whole of functions 5 and 6, unit, address and count of function 16. */
    if (n != 8 || memcmp(reply, frame, 6) != 0) {
        errno = EMBBADDATA;
        return -1;
    }
    return 0;
}

int modbus_line_write(struct modbus_line *line, const struct modbus_call *call, enum modbus_table table,
                      uint16_t address, uint16_t count, const uint16_t *words, bool multiple, bool even_in_doubt)
{
    bool coil = table == MODBUS_COIL;
    if ((!coil && table != MODBUS_HOLDING) || count == 0 || count > (coil ? 1 : 2))
        return -EINVAL;
    int r = begin(line, call, RTU_OVERHEAD + 6 + (size_t)count * 2 + RTU_OVERHEAD + 5, even_in_doubt);
    if (r < 0)
        return r;
    int function = coil                    ? MODBUS_FC_WRITE_SINGLE_COIL
                   : multiple || count > 1 ? MODBUS_FC_WRITE_MULTIPLE_REGISTERS
                                           : MODBUS_FC_WRITE_SINGLE_REGISTER;
    if (line->config.kind == LINK_KIND_SERIAL)
        r = write_compared(line->ctx, call, function, address, count, words);
    else if (function == MODBUS_FC_WRITE_SINGLE_COIL)
        r = modbus_write_bit(line->ctx, address, words[0] != 0);
    else if (function == MODBUS_FC_WRITE_SINGLE_REGISTER)
        r = modbus_write_register(line->ctx, address, words[0]);
    else
        r = modbus_write_registers(line->ctx, address, count, words);
    int error = errno;
    line->last_ns = clock_monotonic_ns();
    return r < 0 ? fail(line, call, true, error) : 0;
}
