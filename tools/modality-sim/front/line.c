/* SPDX-License-Identifier: Apache-2.0 */
#include "front/line.h"

#include <errno.h>
#include <modality/clock.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void absent_over(void *ctx, int64_t now_ns)
{
    (void)now_ns;
    line_return(ctx);
}

struct line *line_new(struct loop *loop, struct trace *trace, enum line_kind kind, const char *endpoint)
{
    struct line *line = calloc(1, sizeof *line);
    if (!line)
        return NULL;
    *line =
        (struct line){.kind = kind, .loop = loop, .trace = trace, .listen_fd = -1, .master_fd = -1, .inotify_fd = -1};
    line->absent_timer = (struct loop_timer){.fn = absent_over, .ctx = line};
    snprintf(line->endpoint, sizeof line->endpoint, "%s", endpoint);
    return line;
}

int line_add_unit(struct line *line, struct device *device)
{
    if (line->unit_count == LINE_UNITS_MAX)
        return -ENOSPC;
    for (unsigned i = 0; i < line->unit_count; i++)
        if (line->units[i]->unit == device->unit)
            return -EEXIST;
    line->units[line->unit_count++] = device;
    device->line = line;
    return 0;
}

int line_open(struct line *line)
{
    int r = line->kind == LINE_TCP ? tcp_open(line) : pty_open(line);
    if (r == 0)
        trace_link(line->trace, "listen", line->link, 0, line->absent ? "injected" : "switch_on");
    line->absent = line->absent && r < 0;
    return r;
}

static void endpoint_close(struct line *line, const char *cause)
{
    while (line->peers)
        peer_close(line->peers, cause);
    if (line->kind == LINE_TCP)
        tcp_close(line);
    else
        pty_close(line);
}

void line_cut(struct line *line, struct peer *peer)
{
    if (line->kind == LINE_TCP) {
        peer_close(peer, "injected");
        return;
    }
    line_vanish(line, 0);
    line_return(line);
}

void line_vanish(struct line *line, int64_t ms)
{
    if (!line->absent) {
        line->absent = true;
        endpoint_close(line, "injected");
        if (line->kind == LINE_TCP)
            tcp_reserve(line);
        trace_link(line->trace, "absent", line->link, 0, "injected");
    }
    loop_timer_arm(line->loop, &line->absent_timer, ms ? clock_monotonic_ns() + ms * NS_PER_MS : LOOP_NEVER);
}

void line_return(struct line *line)
{
    loop_timer_cancel(line->loop, &line->absent_timer);
    if (!line->absent)
        return;
    int r = line_open(line);
    if (r < 0)
        fprintf(stderr, "modality-sim: %s does not come back: %s\n", line->link, strerror(-r));
}

void line_free(struct line *line)
{
    if (!line)
        return;
    loop_timer_cancel(line->loop, &line->absent_timer);
    endpoint_close(line, NULL);
    line_jobs_free(line);
    free(line);
}
