/* SPDX-License-Identifier: Apache-2.0 */
#include "slip.h"

#include <errno.h>
#include <unistd.h>

#include "common/transport_fd.h"
#include "modality/clock.h"

#define SILENCE_MS 10

void slip_begin(struct slip_line *line, enum slip slip, unsigned from, unsigned count)
{
    line->slip = slip;
    line->from = from;
    line->to = from + count;
    line->slipped = false;
    line->written = 0;
}

static int slip_write(void *ctx, const uint8_t *bytes, size_t n, int64_t deadline_ns)
{
    struct slip_line *line = ctx;
    struct transport t = transport_of_fd(line->fd);
    line->slipped = line->written >= line->from && line->written < line->to;
    line->written++;
    switch (line->slipped ? line->slip : SLIP_NONE) {
    case SLIP_WRITE_AGAIN:
        return -EAGAIN;
    case SLIP_WRITE_TIMEOUT:
        (void)t.write(t.ctx, bytes, n / 2, deadline_ns);
        return -ETIMEDOUT;
    case SLIP_WRITE_IO:
        return -EIO;
    case SLIP_WRITE_GONE:
        return -ENODEV;
    case SLIP_NONE:
    case SLIP_READ_IO:
    case SLIP_READ_GONE:
    case SLIP_SHORT_READS:
        break;
    }
    return t.write(t.ctx, bytes, n, deadline_ns);
}

static int slip_read(void *ctx, uint8_t *bytes, size_t size, int64_t deadline_ns, size_t *n)
{
    const struct slip_line *line = ctx;
    struct transport t = transport_of_fd(line->fd);
    bool waits = deadline_ns > 0; /* hearing what is there already does not fail */
    if (line->slipped && waits && line->slip == SLIP_READ_IO)
        return -EIO;
    if (line->slipped && waits && line->slip == SLIP_READ_GONE)
        return -ENODEV;
    return t.read(t.ctx, bytes, line->slipped && line->slip == SLIP_SHORT_READS ? 1 : size, deadline_ns, n);
}

static void slip_close(void *ctx)
{
    struct slip_line *line = ctx;
    if (line->fd >= 0)
        close(line->fd);
    line->fd = -1;
}

struct transport slip_transport(struct slip_line *line)
{
    return (struct transport){.ctx = line, .write = slip_write, .read = slip_read, .close = slip_close};
}

int slip_recover(struct slip_line *line, int64_t deadline_ns)
{
    struct transport t = transport_of_fd(line->fd);
    uint8_t bytes[256];
    size_t n;
    int r = 0;
    while (r == 0 && clock_monotonic_ns() < deadline_ns)
        r = t.read(t.ctx, bytes, sizeof bytes, clock_monotonic_ns() + SILENCE_MS * NS_PER_MS, &n);
    return r == -EAGAIN ? 0 : r == 0 ? -EAGAIN : r;
}
