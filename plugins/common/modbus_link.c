/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests on one Modbus line: when one may go out, how long it may take, and what its answer means. Unit, size, echo
 * and count of every reply are compared here or in modbus_exchange.c, on TCP and on RTU, because libmodbus does not.
 */
#include "modbus_link.h"

#include <errno.h>
#include <modbus.h>
#include <stdlib.h>
#include <string.h>

#include "modality/clock.h"
#include "modbus_exchange.h"
#include "modbus_port.h"

/* Modbus over serial line V1.02, 2.5.1.1: 3.5 characters between frames, 1.75 ms above 19200 baud. */
#define GAP_HALF_CHARACTERS 7
#define GAP_FAST_NS (1750 * NS_PER_US)
#define GAP_FAST_FROM_BAUD 19200
#define RTU_OVERHEAD 3 /* unit and CRC around a PDU */
#define ECHO_SIZE 5    /* PDU that answers any write: function, address, value or count */
#define COIL_ON 0xff00

struct modbus_line {
    struct modbus_line_config config;
    modbus_t *ctx;        /* owned */
    bool open;            /* the port is open */
    bool doubt;           /* a late reply may still come */
    bool fresh;           /* in doubt only because it was just opened */
    int64_t last_ns;      /* when the line was last known to be in use */
    uint16_t transaction; /* TCP: of the last request; counted on over a reopen */
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

/* On TCP a gateway may have made the echo; and function 16 does not echo what was written. */
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

/* Grants the reply its time, at most until the deadline. */
static int grant(struct modbus_line *line, const struct modbus_call *call, struct modbus_exchange *x)
{
    size_t bytes = 2 * RTU_OVERHEAD + x->request_size + x->reply_size;
    int64_t now = clock_monotonic_ns(), left = call->deadline_ns - now;
    int64_t timeout = call->answer_ns + modbus_line_time_ns(&line->config, bytes);
    if (timeout > left)
        timeout = left;
    if (timeout < NS_PER_US)
        return -EAGAIN;
    x->unit = call->unit;
    x->until_ns = now + timeout;
    x->transaction = ++line->transaction;
    if (line->config.kind == LINK_KIND_TCP)
        return 0;
    if (modbus_set_slave(line->ctx, call->unit) < 0 ||
        modbus_set_response_timeout(line->ctx, (uint32_t)(timeout / NS_PER_S),
                                    (uint32_t)(timeout % NS_PER_S / NS_PER_US)) < 0)
        return -EINVAL;
    return 0;
}

/* Everything before the first byte of a request goes out. */
static int begin(struct modbus_line *line, const struct modbus_call *call, struct modbus_exchange *x,
                 bool even_in_doubt)
{
    line->exception = 0;
    if (!line->open)
        return -EIO;
    if (line->doubt && !even_in_doubt) {
        int r = line->fresh ? settle(line, call->deadline_ns) : -EIO;
        if (r < 0)
            return r;
    }
    bool serial = line->config.kind == LINK_KIND_SERIAL;
    int r = modbus_port_discard(&line->config, line->ctx);
    /* On TCP nothing comes unasked: whoever sent it answers for somebody else, or twice. */
    if (r > 0 && !serial) {
        line->doubt = true;
        if (!even_in_doubt)
            return -EIO;
    }
    if (r >= 0 && serial) {
        int64_t quiet = line->last_ns + gap_ns(&line->config);
        if (quiet > clock_monotonic_ns())
            r = modbus_port_silence(line->ctx, line->last_ns, gap_ns(&line->config), call->deadline_ns);
    }
    if (r == -EIO)
        line_shut(line);
    return r < 0 ? r : grant(line, call, x);
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

/* Turns the errno of a failed exchange into ours. */
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

/* One request, once: 0 with a reply of the size asked for, or what its failure means. */
static int ask(struct modbus_line *line, const struct modbus_call *call, struct modbus_exchange *x, bool write,
               bool even_in_doubt)
{
    int r = begin(line, call, x, even_in_doubt);
    if (r < 0)
        return r;
    r = line->config.kind == LINK_KIND_TCP ? modbus_exchange_tcp(modbus_get_socket(line->ctx), x)
                                           : modbus_exchange_rtu(line->ctx, x);
    int error = errno;
    line->last_ns = clock_monotonic_ns();
    return r < 0 ? fail(line, call, write, error) : 0;
}

static void append(struct modbus_exchange *x, uint16_t word)
{
    x->request[x->request_size++] = (uint8_t)(word >> 8);
    x->request[x->request_size++] = (uint8_t)(word & 0xff);
}

int modbus_line_read(struct modbus_line *line, const struct modbus_call *call, enum modbus_table table,
                     uint16_t address, uint16_t count, uint16_t *words)
{
    static const uint8_t functions[] = {[MODBUS_COIL] = MODBUS_FC_READ_COILS,
                                        [MODBUS_DISCRETE] = MODBUS_FC_READ_DISCRETE_INPUTS,
                                        [MODBUS_INPUT] = MODBUS_FC_READ_INPUT_REGISTERS,
                                        [MODBUS_HOLDING] = MODBUS_FC_READ_HOLDING_REGISTERS};
    bool bits = table == MODBUS_COIL || table == MODBUS_DISCRETE;
    if (count == 0 || count > (bits ? MODBUS_LINE_BITS_MAX : MODBUS_LINE_READ_MAX))
        return -EINVAL;
    size_t payload = bits ? (size_t)(count + 7) / 8 : (size_t)count * 2;
    struct modbus_exchange x = {.request = {functions[table]}, .request_size = 1, .reply_size = 2 + payload};
    append(&x, address);
    append(&x, count);
    int r = ask(line, call, &x, false, false);
    if (r < 0)
        return r;
    if (x.reply[1] != payload)
        return fail(line, call, false, EMBBADDATA);
    const uint8_t *data = x.reply + 2;
    for (size_t i = 0; i < count; i++)
        words[i] = (uint16_t)(bits ? data[i / 8] >> i % 8 & 1 : data[2 * i] << 8 | data[2 * i + 1]);
    return 0;
}

int modbus_line_write(struct modbus_line *line, const struct modbus_call *call, enum modbus_table table,
                      uint16_t address, uint16_t count, const uint16_t *words, bool multiple, bool even_in_doubt)
{
    bool coil = table == MODBUS_COIL;
    if ((!coil && table != MODBUS_HOLDING) || count == 0 || count > (coil ? 1 : 2))
        return -EINVAL;
    bool many = !coil && (multiple || count > 1);
    int function = coil   ? MODBUS_FC_WRITE_SINGLE_COIL
                   : many ? MODBUS_FC_WRITE_MULTIPLE_REGISTERS
                          : MODBUS_FC_WRITE_SINGLE_REGISTER;
    struct modbus_exchange x = {.request = {(uint8_t)function}, .request_size = 1, .reply_size = ECHO_SIZE};
    append(&x, address);
    if (coil)
        append(&x, words[0] ? COIL_ON : 0);
    else
        append(&x, many ? count : words[0]);
    if (many)
        x.request[x.request_size++] = (uint8_t)(2 * count);
    for (size_t i = 0; many && i < count; i++)
        append(&x, words[i]);
    int r = ask(line, call, &x, true, even_in_doubt);
    if (r < 0)
        return r;
    /* The whole of functions 5 and 6; function, address and count of function 16. */
    return memcmp(x.reply, x.request, ECHO_SIZE) ? fail(line, call, true, EMBBADDATA) : 0;
}
