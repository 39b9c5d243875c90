/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A tiny Modbus device that answers wrongly on demand.
 */
#include "fault_peer.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support.h"
#include "wire.h"

#define DRIP_MS 15
#define ADU_MAX 300
#define COILS 16
#define INPUTS 64
#define HOLDINGS 256

struct peer {
    pthread_t thread;
    pthread_mutex_t lock;
    struct wire wire;
    int stop_fd;
    uint16_t inputs[INPUTS], holdings[HOLDINGS];
    int64_t born_ns;
    uint8_t coils[COILS];
    enum peer_fault fault;
    unsigned fault_count;
    uint8_t fault_function;
    int argument;
    unsigned writes, requests;
    uint8_t buffer[ADU_MAX];
    size_t used;
};

/* A frame: unit and PDU, and on TCP its transaction. */
struct frame {
    uint16_t transaction;
    uint8_t unit;
    uint8_t pdu[260];
    size_t size;
};

static uint16_t word_at(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static void word_put(uint8_t *p, uint16_t word)
{
    p[0] = (uint8_t)(word >> 8);
    p[1] = (uint8_t)(word & 0xff);
}

/* Bytes of the request in the buffer, 0 while it is not whole. */
static size_t request_size(const struct peer *p)
{
    if (!p->wire.rtu) {
        size_t size = p->used >= 6 ? 6u + word_at(p->buffer + 4) : 0;
        return size && p->used >= size ? size : 0;
    }
    if (p->used < 8)
        return 0;
    size_t size = p->buffer[1] == 16 ? 9u + p->buffer[6] : 8;
    return p->used >= size ? size : 0;
}

static bool take_request(struct peer *p, struct frame *out)
{
    size_t size = request_size(p), head = p->wire.rtu ? 0 : 6, tail = p->wire.rtu ? 2 : 0;
    if (!size)
        return false;
    out->transaction = p->wire.rtu ? 0 : word_at(p->buffer);
    out->unit = p->buffer[head];
    out->size = size - head - tail - 1;
    memcpy(out->pdu, p->buffer + head + 1, out->size);
    p->used -= size;
    memmove(p->buffer, p->buffer + size, p->used);
    return true;
}

static size_t pack(const struct peer *p, const struct frame *f, uint8_t *out)
{
    size_t head = p->wire.rtu ? 0 : 6;
    if (!p->wire.rtu) {
        word_put(out, f->transaction);
        word_put(out + 2, 0);
        word_put(out + 4, (uint16_t)(f->size + 1));
    }
    out[head] = f->unit;
    memcpy(out + head + 1, f->pdu, f->size);
    size_t size = head + 1 + f->size;
    if (p->wire.rtu) {
        uint16_t crc = wire_crc(out, size);
        out[size++] = (uint8_t)(crc & 0xff);
        out[size++] = (uint8_t)(crc >> 8);
    }
    return size;
}

static void exception(struct frame *f, int code)
{
    f->pdu[0] |= 0x80;
    f->pdu[1] = (uint8_t)code;
    f->size = 2;
}

static void answer_read(struct peer *p, struct frame *f)
{
    p->inputs[13] = (uint16_t)((clock_monotonic_ns() - p->born_ns) / NS_PER_MS); /* its uptime goes on */
    uint16_t address = word_at(f->pdu + 1), count = word_at(f->pdu + 3);
    size_t limit = f->pdu[0] == 4 ? INPUTS : HOLDINGS;
    const uint16_t *cells = f->pdu[0] == 4 ? p->inputs : p->holdings;
    if (f->pdu[0] < 3) {
        f->pdu[1] = 1;
        f->pdu[2] = 0;
        for (unsigned i = 0; i < count && address + i < COILS; i++)
            f->pdu[2] |= (uint8_t)(p->coils[address + i] << i);
        f->size = 3;
        return;
    }
    if (address + count > (int)limit) {
        exception(f, 2);
        return;
    }
    f->pdu[1] = (uint8_t)(count * 2);
    for (unsigned i = 0; i < count; i++)
        word_put(f->pdu + 2 + 2 * i, cells[address + i]);
    f->size = 2 + (size_t)count * 2;
}

static void answer_write(struct peer *p, struct frame *f, bool does)
{
    uint16_t address = word_at(f->pdu + 1), value = word_at(f->pdu + 3);
    p->writes++;
    for (unsigned i = 0; does && f->pdu[0] == 16 && i < value && address + i < HOLDINGS; i++)
        p->holdings[address + i] = word_at(f->pdu + 6 + 2 * i);
    if (does && f->pdu[0] == 5 && address < COILS)
        p->coils[address] = value != 0;
    if (does && f->pdu[0] == 6 && address < HOLDINGS)
        p->holdings[address] = value;
    /* What the device would show of it: output bits follow the coils. */
    p->inputs[10] = (uint16_t)(p->coils[0] | p->coils[1] << 1);
    f->size = 5;
}

/* Waits, but not beyond the end of the test. */
static void pass(const struct peer *p, int ms)
{
    struct pollfd end = {.fd = p->stop_fd, .events = POLLIN};
    poll(&end, 1, ms);
}

static void drop(struct peer *p)
{
    wire_drop(&p->wire);
    p->used = 0;
}

/* What a header alone can say wrongly. */
static void spoil_header(uint8_t *header, enum peer_fault fault, int argument)
{
    if (fault == PEER_WRONG_PROTOCOL)
        header[3] = 1;
    if (fault == PEER_LENGTH_SAYS)
        word_put(header + 4, (uint16_t)argument);
    if (fault == PEER_LENGTH_OFF_BY)
        word_put(header + 4, (uint16_t)(word_at(header + 4) + argument));
}

static void send_faulty(struct peer *p, struct frame *f, enum peer_fault fault, int argument)
{
    uint8_t bytes[ADU_MAX + 8];
    if (fault == PEER_EXCEPTION || fault == PEER_FOREIGN_EXCEPTION)
        exception(f, argument);
    if (fault == PEER_WRONG_FUNCTION)
        f->pdu[0] = f->pdu[0] == 3 ? 4 : 3;
    if (fault == PEER_WRONG_UNIT || fault == PEER_FOREIGN_EXCEPTION)
        f->unit++;
    if (fault == PEER_WRONG_COUNT)
        f->pdu[1]--;
    if (fault == PEER_WRONG_TRANSACTION)
        f->transaction--;
    if (fault == PEER_WRONG_ECHO) {
        f->pdu[2]++;
        f->pdu[4]++;
    }
    if (fault == PEER_PADDED) {
        memset(f->pdu + f->size, 0x5a, 5);
        f->size += 5;
    }
    size_t size = pack(p, f, bytes);
    spoil_header(bytes, fault, argument);
    if (fault == PEER_LATE || fault == PEER_LATE_UNDONE)
        pass(p, argument);
    if (fault == PEER_BAD_CHECKSUM)
        bytes[size - 1] ^= 0x55;
    if (fault == PEER_GARBAGE)
        memset(bytes, 0xa5, size);
    if (fault == PEER_TRUNCATED)
        size /= 2;
    if (fault == PEER_TRAILING) {
        memset(bytes + size, 0x5a, 5);
        size += 5;
    }
    for (size_t i = 0; fault == PEER_DRIP && i < size && wire_send(&p->wire, bytes + i, 1); i++)
        pass(p, DRIP_MS);
    if (fault != PEER_DRIP)
        wire_send(&p->wire, bytes, size);
    if (fault == PEER_TWICE) {
        pass(p, argument);
        wire_send(&p->wire, bytes, size);
    }
}

static void serve(struct peer *p, struct frame *f)
{
    pthread_mutex_lock(&p->lock);
    p->requests++;
    bool hit = p->fault_count && (!p->fault_function || p->fault_function == f->pdu[0]);
    enum peer_fault fault = hit ? p->fault : PEER_GOOD;
    int argument = p->argument;
    p->fault_count -= hit;
    bool does = fault != PEER_EXCEPTION && fault != PEER_FOREIGN_EXCEPTION && fault != PEER_WRONG_ECHO &&
                fault != PEER_ECHO_WITHOUT_DOING && fault != PEER_LATE_UNDONE;
    if (f->pdu[0] <= 4)
        answer_read(p, f);
    else
        answer_write(p, f, does);
    pthread_mutex_unlock(&p->lock);
    if (fault == PEER_CLOSE)
        drop(p);
    else if (fault != PEER_SILENT)
        send_faulty(p, f, fault, argument);
}

static void *run(void *arg)
{
    struct peer *p = arg;
    for (;;) {
        struct pollfd fds[] = {{.fd = p->stop_fd, .events = POLLIN},
                               {.fd = p->wire.listener, .events = POLLIN},
                               {.fd = p->wire.fd, .events = POLLIN}};
        if (poll(fds, 3, -1) < 0 || fds[0].revents)
            return NULL;
        if (fds[1].revents) {
            drop(p);
            wire_accept(&p->wire);
            continue;
        }
        if (!fds[2].revents)
            continue;
        ssize_t n = read(p->wire.fd, p->buffer + p->used, sizeof p->buffer - p->used);
        struct frame f;
        if (n <= 0 && !p->wire.rtu)
            drop(p);
        else if (n > 0)
            p->used += (size_t)n;
        while (p->wire.fd >= 0 && take_request(p, &f))
            serve(p, &f);
    }
}

struct peer *peer_new(bool rtu)
{
    struct peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    pthread_mutex_init(&p->lock, NULL);
    p->stop_fd = eventfd(0, EFD_CLOEXEC);
    p->born_ns = clock_monotonic_ns();
    p->inputs[0] = 21332;
    p->inputs[1] = 1;
    p->inputs[3] = 10001;
    wire_open(&p->wire, rtu);
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
    return p;
}

void peer_free(struct peer *p)
{
    uint64_t one = 1;
    assert_int_equal(write(p->stop_fd, &one, sizeof one), sizeof one);
    pthread_join(p->thread, NULL);
    wire_close(&p->wire);
    close(p->stop_fd);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

const char *peer_link(const struct peer *p)
{
    return p->wire.link;
}

void peer_inject(struct peer *p, enum peer_fault fault, unsigned count, uint8_t function, int argument)
{
    pthread_mutex_lock(&p->lock);
    p->fault = fault;
    p->fault_count = count;
    p->fault_function = function;
    p->argument = argument;
    pthread_mutex_unlock(&p->lock);
}

void peer_set_input(struct peer *p, uint16_t address, uint16_t value)
{
    pthread_mutex_lock(&p->lock);
    p->inputs[address] = value;
    pthread_mutex_unlock(&p->lock);
}

uint16_t peer_holding(struct peer *p, uint16_t address)
{
    pthread_mutex_lock(&p->lock);
    uint16_t value = p->holdings[address];
    pthread_mutex_unlock(&p->lock);
    return value;
}

bool peer_coil(struct peer *p, uint16_t address)
{
    pthread_mutex_lock(&p->lock);
    bool on = p->coils[address];
    pthread_mutex_unlock(&p->lock);
    return on;
}

unsigned peer_writes(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned n = p->writes;
    p->writes = 0;
    pthread_mutex_unlock(&p->lock);
    return n;
}

unsigned peer_requests(struct peer *p)
{
    pthread_mutex_lock(&p->lock);
    unsigned n = p->requests;
    p->requests = 0;
    pthread_mutex_unlock(&p->lock);
    return n;
}
