/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A device that knows a conversation by heart.
 */
#include "script_peer.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "support.h"
#include "wire.h"

#define FRAME_MAX 64

struct frame {
    uint8_t bytes[FRAME_MAX];
    size_t size;
};

struct script_peer {
    pthread_t thread;
    struct wire wire;
    int stop_fd;
    const struct script_step *steps;
    size_t n_steps, at;
    struct frame seen; /* what came since the last answer */
};

static struct frame parse(const char *text)
{
    struct frame f = {.size = 0};
    const char *p = text;
    char *end;
    while (*p && strncmp(p, "..", 2) != 0) {
        assert_true(f.size < FRAME_MAX - 2);
        f.bytes[f.size++] = (uint8_t)strtoul(p, &end, 16);
        assert_true(end == p + 2);
        p = end + strspn(end, " ");
    }
    if (*p) {
        uint16_t crc = wire_crc(f.bytes, f.size);
        f.bytes[f.size++] = (uint8_t)(crc & 0xff);
        f.bytes[f.size++] = (uint8_t)(crc >> 8);
    }
    return f;
}

/* Where the comparison begins: behind the transaction of TCP. */
static size_t head(const struct script_peer *p)
{
    return p->wire.rtu ? 0 : 2;
}

static bool is_begun(const struct script_peer *p, const struct frame *wanted)
{
    size_t n = p->seen.size < wanted->size ? p->seen.size : wanted->size;
    return p->seen.size <= wanted->size &&
           (n <= head(p) || !memcmp(p->seen.bytes + head(p), wanted->bytes + head(p), n - head(p)));
}

/* Answers when the whole of the next request is there; keeps what is not the beginning of it. */
static void answer(struct script_peer *p)
{
    if (p->at == p->n_steps)
        return;
    struct frame wanted = parse(p->steps[p->at].request), reply = parse(p->steps[p->at].reply);
    if (p->seen.size != wanted.size || !is_begun(p, &wanted))
        return;
    memcpy(reply.bytes, p->seen.bytes, head(p));
    p->at++;
    p->seen.size = 0;
    wire_send(&p->wire, reply.bytes, reply.size);
}

static void *run(void *arg)
{
    struct script_peer *p = arg;
    for (;;) {
        struct pollfd fds[] = {{.fd = p->stop_fd, .events = POLLIN},
                               {.fd = p->wire.listener, .events = POLLIN},
                               {.fd = p->seen.size < FRAME_MAX ? p->wire.fd : -1, .events = POLLIN}};
        if (poll(fds, 3, -1) < 0 || fds[0].revents)
            return NULL;
        if (fds[1].revents)
            wire_accept(&p->wire);
        else if (fds[2].revents) {
            ssize_t n = read(p->wire.fd, p->seen.bytes + p->seen.size, FRAME_MAX - p->seen.size);
            if (n <= 0)
                wire_drop(&p->wire);
            else
                p->seen.size += (size_t)n;
            answer(p);
        }
    }
}

struct script_peer *script_new(bool rtu, const struct script_step *steps, size_t n)
{
    struct script_peer *p = calloc(1, sizeof *p);
    assert_non_null(p);
    p->stop_fd = eventfd(0, EFD_CLOEXEC);
    p->steps = steps;
    p->n_steps = n;
    wire_open(&p->wire, rtu);
    assert_int_equal(pthread_create(&p->thread, NULL, run, p), 0);
    return p;
}

const char *script_link(const struct script_peer *p)
{
    return p->wire.link;
}

void script_end(struct script_peer *p)
{
    uint64_t one = 1;
    assert_int_equal(write(p->stop_fd, &one, sizeof one), sizeof one);
    pthread_join(p->thread, NULL);
    bool whole = p->at == p->n_steps && p->seen.size == 0;
    if (!whole) {
        print_error("step %zu of %zu expects %s\n  was      ", p->at + 1, p->n_steps,
                    p->at < p->n_steps ? p->steps[p->at].request : "nothing");
        for (size_t i = 0; i < p->seen.size; i++)
            print_error("%02X ", p->seen.bytes[i]);
        print_error("\n");
    }
    wire_close(&p->wire);
    close(p->stop_fd);
    free(p);
    assert_true(whole);
}
