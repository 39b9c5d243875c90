/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What goes to a host. The socket holds few messages, so what it does not take waits in a short queue, in which a stop
 * overtakes everything and takes the queued energising of its session away. Nothing here waits or allocates.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "link/internal.h"

static int socket_send(struct link *link, const void *message)
{
    const struct link_header *header = message;
    if (send(link->fd, message, header->size, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
        return 0;
    return errno == ENOBUFS ? -EAGAIN : -errno;
}

static bool link_configured(const struct link *link)
{
    return link->config_next > link->settings.n_lines + 1;
}

static int config_send_next(struct link *link)
{
    const struct link_settings *s = &link->settings;
    if (link->config_next == 0) {
        struct link_config config = {.replacement = link->replacement,
                                     .idle = link->idle,
                                     .telemetry_ms = s->telemetry_ms,
                                     .slice_ms = s->slice_ms,
                                     .grace_ms = s->grace_ms,
                                     .quarantine_min_ms = s->quarantine_min_ms,
                                     .n_lines = (uint32_t)s->n_lines};
        link_message_head(&config, LINK_CONFIG, sizeof(config));
        snprintf(config.link, sizeof(config.link), "%s", s->canonical);
        snprintf(config.plugin_path, sizeof(config.plugin_path), "%s", s->plugin_path);
        snprintf(config.state_dir, sizeof(config.state_dir), "%s", s->state_dir);
        return socket_send(link, &config);
    }
    if (link->config_next <= s->n_lines) {
        struct link_line line;
        int r = link_line_pack(&line, &s->lines[link->config_next - 1]);
        return r < 0 ? r : socket_send(link, &line);
    }
    struct link_plain end;
    link_message_head(&end, LINK_CONFIG_END, sizeof(end));
    return socket_send(link, &end);
}

static void want_write(struct link *link, bool want)
{
    if (want == link->writing || !link->io)
        return;
    if (sd_event_source_set_io_events(link->io, want ? EPOLLIN | EPOLLOUT : EPOLLIN) >= 0)
        link->writing = want;
}

int link_flush(struct link *link)
{
    int r = 0;
    while (r == 0 && !link_configured(link)) {
        r = config_send_next(link);
        if (r == 0)
            link->config_next++;
    }
    size_t sent = 0;
    while (r == 0 && sent < link->queued) {
        r = socket_send(link, &link->queue[sent]);
        if (r == 0)
            sent++;
    }
    if (sent > 0) {
        link->queued -= sent;
        memmove(link->queue, link->queue + sent, link->queued * sizeof(link->queue[0]));
    }
    want_write(link, r == -EAGAIN);
    return r == -EAGAIN ? 0 : r;
}

/* What a stop makes pointless: an energising, a target, a permit or a tightening of the sessions it stops. */
static bool stop_supersedes(const struct link_stop *stop, const union link_outgoing *m)
{
    uint64_t session = 0;
    switch ((enum link_message_type)m->header.type) {
    case LINK_ARM:
    case LINK_TIGHTEN:
        session = m->arm.ref.session;
        break;
    case LINK_TARGET:
        session = m->target.ref.session;
        break;
    case LINK_PERMIT:
        session = m->permit.ref.session;
        break;
    case LINK_CONFIG:
    case LINK_LINE:
    case LINK_CONFIG_END:
    case LINK_STOP:
    case LINK_MAKE_SAFE:
    case LINK_SHUTDOWN:
    case LINK_HELLO:
    case LINK_UNIT:
    case LINK_CONFIG_FAULT:
    case LINK_PRESENCE:
    case LINK_SAMPLE:
    case LINK_SESSION:
    case LINK_LOG:
    case LINK_HEARD:
    case LINK_ASK:
    case LINK_TRY:
    case LINK_TRIED:
        return false;
    }
    return stop->session == 0 || stop->session == session;
}

static int queue_stop(struct link *link, const struct link_stop *stop)
{
    size_t kept = 0;
    for (size_t i = 0; i < link->queued; i++)
        if (!stop_supersedes(stop, &link->queue[i]))
            link->queue[kept++] = link->queue[i];
    link->queued = kept;
    if (kept == LINK_QUEUE_MAX)
        return -EAGAIN;
    memmove(link->queue + 1, link->queue, kept * sizeof(link->queue[0]));
    link->queue[0].stop = *stop;
    link->queued++;
    return 0;
}

static int queue_add(struct link *link, const void *message)
{
    const struct link_header *header = message;
    if (header->size > sizeof(link->queue[0]))
        return -EINVAL;
    if (header->type == LINK_STOP)
        return queue_stop(link, message);
    if (link->queued == LINK_QUEUE_MAX)
        return -EAGAIN;
    memcpy(&link->queue[link->queued++], message, header->size);
    return 0;
}

int link_send(struct link *link, const void *message)
{
    if (link->fd < 0)
        return -ENOTCONN;
    int r = -EAGAIN;
    if (link_configured(link) && link->queued == 0)
        r = socket_send(link, message);
    if (r == -EPIPE || r == -ECONNRESET)
        return -ENOTCONN; /* its end of file is read next and replaces it */
    if (r != -EAGAIN)
        return r;
    r = queue_add(link, message);
    want_write(link, true);
    return r;
}
