/* SPDX-License-Identifier: Apache-2.0 */
/* See fake_world.h. */
#include "fake_world.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct fake_world *world_map(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    void *at = mmap(NULL, sizeof(struct fake_world), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    return at == MAP_FAILED ? NULL : at;
}

int fake_number(const char *text, uint32_t *out)
{
    char *end = NULL;
    unsigned long value = strtoul(text, &end, 10);
    if (end == text || *end != '\0' || value > 1000000)
        return -EINVAL;
    *out = (uint32_t)value;
    return 0;
}

struct fake_entry *fake_trace_begin(struct fake_world *w, size_t unit, enum fake_call call)
{
    unsigned i = atomic_fetch_add(&w->n_trace, 1);
    struct fake_entry *e = &w->trace[i < FAKE_TRACE_MAX ? i : FAKE_TRACE_MAX - 1];
    e->at_ns = clock_monotonic_ns();
    e->end_ns = 0;
    e->pid = getpid();
    e->unit = (uint32_t)unit;
    e->call = call;
    e->result = 1;
    return e;
}

int fake_trace_end(struct fake_entry *e, int result)
{
    e->result = result;
    e->end_ns = clock_monotonic_ns();
    return result;
}

static void wait_until(int64_t at_ns)
{
    int64_t left = at_ns - clock_monotonic_ns();
    if (left <= 0)
        return;
    struct timespec t = {left / NS_PER_S, left % NS_PER_S};
    ppoll(NULL, 0, &t, NULL);
}

int fake_ordered(struct fake_unit *u, enum fake_call call, int64_t deadline_ns)
{
    int one = 1;
    if (atomic_compare_exchange_strong(&u->hang[call], &one, 0))
        for (;;)
            pause();
    if (u->silent) {
        wait_until(deadline_ns);
        return -ETIMEDOUT;
    }
    if (u->n_fail[call] <= 0)
        return 0;
    u->n_fail[call]--;
    if (u->fail[call] == -ETIMEDOUT)
        wait_until(deadline_ns);
    return u->fail[call];
}

int fake_open(const struct modality_services *services, const struct modality_config *config, int64_t deadline_ns,
              struct modality_link **out)
{
    (void)deadline_ns;
    const char *script = NULL;
    for (size_t i = 0; i < config->n_lines; i++)
        if (strcmp(config->lines[i].key, "script") == 0)
            script = config->lines[i].value;
    struct fake_world *world = script ? world_map(script) : NULL;
    if (!world)
        return -EIO;
    struct fake_entry *e = fake_trace_begin(world, 0, FAKE_OPEN);
    world->rest_owed = services->rest_owed(services->ctx);
    if (world->link_down > 1)
        services->log(services->ctx, MODALITY_LOG_INFO, "plug %d is out: push it in", (int)world->link_down);
    struct modality_link *link = world->link_down ? NULL : malloc(sizeof(*link));
    if (!link) {
        fake_trace_end(e, -EIO);
        munmap(world, sizeof(*world));
        return -EIO;
    }
    link->world = world;
    *out = link;
    return fake_trace_end(e, 0);
}

int fake_reopen(struct modality_link *link, int64_t deadline_ns)
{
    (void)deadline_ns;
    struct fake_entry *e = fake_trace_begin(link->world, 0, FAKE_REOPEN);
    return fake_trace_end(e, link->world->link_down ? -EIO : 0);
}

void fake_close(struct modality_link *link)
{
    if (!link)
        return;
    munmap(link->world, sizeof(*link->world));
    free(link);
}
