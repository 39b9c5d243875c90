/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes of one client in both directions, and the steps in which a connection ends. Stops and keep-alives act inside
 * connection_read; everything else is only stored there.
 */
#include "api/connection.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/loop.h"

/* What the descriptor is watched for; a resting or paused one is not watched at all, not even for hang-up. */
static void watch(struct connection *c)
{
    if (c->fd < 0)
        return;
    uint32_t events =
        (c->read_closed ? 0u : (uint32_t)EPOLLIN) | (output_waiting(&c->out) > 0 ? (uint32_t)EPOLLOUT : 0u);
    bool on = !c->rested && !c->paused;
    int r = sd_event_source_set_io_events(c->io, events);
    if (r >= 0)
        r = sd_event_source_set_enabled(c->io, on ? SD_EVENT_ON : SD_EVENT_OFF);
    if (r < 0)
        connection_drop(c);
}

void connection_touch(struct connection *c)
{
    if (c->dirty || c->fd < 0)
        return;
    c->dirty = true;
    c->api->clients.n_dirty++;
    clients_wake(&c->api->clients);
}

void connection_has_work(struct connection *c)
{
    struct clients *all = &c->api->clients;
    if (c->has_work)
        return;
    c->has_work = true;
    c->next_work = NULL;
    if (all->work_last != NULL)
        all->work_last->next_work = c;
    else
        all->work_first = c;
    all->work_last = c;
    clients_wake(all);
}

static void keepalive_done(void *userdata, json_t *result, const struct session_error *error)
{
    (void)userdata;
    json_decref(result);
    if (error != NULL)
        json_decref(error->data);
}

/* The scanner has recognised a request: it acts here, before anything else is looked at. */
static void on_found(void *userdata, const struct scanner_call *call)
{
    struct connection *c = userdata;
    struct sessions *sessions = c->api->settings.sessions;
    if (call->stop) {
        struct session_time now = api_now();
        session_stop_now(sessions, call->session_id, &now);
        return;
    }
    const struct session_reply nobody = {.done = keepalive_done};
    session_keepalive(sessions, call->session_id, call->lease_key, c->last_read_ns, nobody);
}

/* --- in --- */

static int in_append(struct connection *c, const char *bytes, size_t n, bool newline)
{
    size_t more = n + (newline ? 1 : 0);
    if (c->in_head > 0 && c->in_end + more > c->in_size) {
        memmove(c->in, c->in + c->in_head, c->in_end - c->in_head);
        c->in_end -= c->in_head;
        c->in_head = 0;
    }
    if (c->in_end + more > c->in_size) {
        size_t size = c->in_size == 0 ? 512 : c->in_size;
        while (size < c->in_end + more)
            size *= 2;
        char *grown = realloc(c->in, size);
        if (grown == NULL)
            return -ENOMEM;
        c->in = grown;
        c->in_size = size;
    }
    memcpy(c->in + c->in_end, bytes, n);
    if (newline)
        c->in[c->in_end + n] = '\n';
    c->in_end += more;
    return 0;
}

static void in_settle(struct connection *c)
{
    if (c->in_lines == 0)
        c->in_since_ns = 0;
    if (c->in_head < c->in_end)
        return;
    c->in_head = c->in_end = 0;
    if (c->in_size > 4096 || c->fd < 0) {
        free(c->in);
        c->in = NULL;
        c->in_size = 0;
    }
}

/* Part of a line, or its end. */
static void in_take(struct connection *c, const char *bytes, size_t n, bool newline)
{
    if (c->deaf)
        return;
    if (c->in_half + n > API_LINE_MAX) {
        c->in_end -= c->in_half;
        c->in_half = 0;
        c->too_long = c->deaf = true;
        connection_has_work(c);
        return;
    }
    if (in_append(c, bytes, n, newline) < 0) {
        connection_drop(c);
        return;
    }
    c->in_half = newline ? 0 : c->in_half + n;
    if (!newline)
        return;
    if (c->in_lines++ == 0)
        c->in_since_ns = c->last_read_ns;
    c->deaf = c->service != SERVICE_FULL; /* one line is all it gets */
    connection_has_work(c);
}

static void bytes_take(struct connection *c, const char *bytes, size_t n)
{
    while (n > 0 && c->fd >= 0) {
        const char *newline = memchr(bytes, '\n', n);
        size_t length = newline != NULL ? (size_t)(newline - bytes) : n;
        scanner_feed(&c->scanner, bytes, length, on_found, c);
        if (newline != NULL)
            scanner_end(&c->scanner, on_found, c);
        in_take(c, bytes, length, newline != NULL);
        size_t used = length + (newline != NULL ? 1 : 0);
        bytes += used;
        n -= used;
    }
}

/* Everything that was asked has been answered and sent, and nothing more can come. */
static void leave_if_done(struct connection *c)
{
    bool idle = c->in_lines == 0 && !c->too_long && c->batch == NULL && c->calls == 0;
    if (c->fd < 0 || output_waiting(&c->out) > 0)
        return;
    if (c->closing || (c->read_closed && idle && !c->subscription.active))
        connection_hang_up(c);
}

static void end_of_file(struct connection *c)
{
    scanner_end(&c->scanner, on_found, c);
    c->read_closed = true;
    c->in_end -= c->in_half; /* a frame is a whole line; a stop in it has acted */
    c->in_half = 0;
    connection_touch(c);
    watch(c);
}

void connection_read(struct connection *c)
{
    if (clients_may_read(&c->api->clients)) {
        connection_read_now(c);
    } else if (!c->rested && c->fd >= 0) {
        c->rested = true;
        c->api->clients.n_rested++;
        watch(c);
    }
}

void connection_read_now(struct connection *c)
{
    struct clients *all = &c->api->clients;
    if (c->fd < 0 || c->read_closed)
        return;
    ssize_t n = recv(c->fd, all->scratch, sizeof(all->scratch), MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            connection_hang_up(c);
        return;
    }
    if (n == 0) {
        end_of_file(c);
        return;
    }
    all->turn_bytes += (size_t)n;
    c->last_read_ns = clock_monotonic_ns();
    bytes_take(c, all->scratch, (size_t)n);
    if (c->fd < 0)
        return;
    if (c->in_half > 0)
        clients_deadline(all, connection_deadline(c));
    if (c->in_lines > 0 && !c->deaf && c->in_end - c->in_head >= API_INPUT_MAX) {
        c->paused = true;
        watch(c);
    }
}

void connection_resume(struct connection *c)
{
    if (c->rested)
        c->api->clients.n_rested--;
    c->rested = false;
    if (c->in_end - c->in_head < API_INPUT_MAX || c->in_lines == 0)
        c->paused = false;
    watch(c);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    struct connection *c = userdata;
    (void)source;
    (void)fd;
    if (!c->read_closed && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
        connection_read(c);
    else if ((events & (EPOLLHUP | EPOLLERR)) != 0)
        connection_hang_up(c);
    if ((events & EPOLLOUT) != 0)
        connection_flush(c);
    return 0;
}

/* --- lines --- */

struct connection_line connection_line(const struct connection *c)
{
    const char *bytes = c->in + c->in_head;
    const char *newline = memchr(bytes, '\n', c->in_end - c->in_head);
    return (struct connection_line){.bytes = bytes, .length = (size_t)(newline - bytes), .read_ns = c->in_since_ns};
}

void connection_line_done(struct connection *c, const struct connection_line *line)
{
    c->in_head += line->length + 1;
    c->in_lines--;
    in_settle(c);
}

void connection_answered(struct connection *c)
{
    if (c->service != SERVICE_FULL && c->calls == 0 && c->in_lines == 0 && c->batch == NULL)
        connection_finish(c);
    connection_touch(c);
    if (c->fd < 0)
        clients_wake(&c->api->clients); /* perhaps it was the last that kept it */
}

/* --- out --- */

void connection_flush(struct connection *c)
{
    if (c->dirty) {
        c->dirty = false;
        c->api->clients.n_dirty--;
    }
    if (c->fd < 0)
        return;
    size_t before = output_waiting(&c->out);
    int r = output_send(&c->out, c->fd);
    c->api->clients.output_total -= before - output_waiting(&c->out);
    if (r < 0) {
        connection_hang_up(c);
        return;
    }
    leave_if_done(c);
    watch(c);
}

void connection_push(struct connection *c)
{
    if (c->fd < 0)
        return;
    size_t before = output_waiting(&c->out);
    (void)output_send(&c->out, c->fd);
    c->api->clients.output_total -= before - output_waiting(&c->out);
}

static void out_drop(struct connection *c)
{
    size_t before = output_waiting(&c->out);
    output_drop(&c->out);
    c->api->clients.output_total -= before - output_waiting(&c->out);
}

static int out_line(struct connection *c, const char *line, size_t length)
{
    int r = output_line(&c->out, line, length);
    if (r == 0)
        c->api->clients.output_total += length + 1;
    return r;
}

/* The client does not read: one event says so, and the connection ends. */
static void overflow(struct connection *c)
{
    c->overflowed = true;
    c->subscription.active = false;
    out_drop(c);
    json_t *params =
        json_pack("{s:I, s:I}", "seq", (json_int_t)c->api->event_seq, "limit_bytes", (json_int_t)API_OUTPUT_MAX);
    char *text = event_text(0, "overflow", NULL, params);
    if (text != NULL && out_line(c, text, strlen(text)) < 0)
        connection_drop(c);
    free(text);
    connection_finish(c);
}

/* Too much waits for all clients together: the one with the most is dropped. */
static void output_grew(const struct clients *all)
{
    struct connection *greediest = all->first;
    if (all->output_total <= API_OUTPUT_TOTAL)
        return;
    for (struct connection *c = all->first; c != NULL; c = c->next) {
        if (output_waiting(&c->out) > output_waiting(&greediest->out))
            greediest = c;
    }
    if (greediest != NULL)
        connection_drop(greediest);
}

void connection_say(struct connection *c, const char *line, size_t length)
{
    if (c->fd < 0 || c->overflowed)
        return;
    if (output_waiting(&c->out) > API_OUTPUT_MAX) {
        overflow(c);
        return;
    }
    if (out_line(c, line, length) < 0) {
        connection_drop(c);
        return;
    }
    connection_touch(c);
    output_grew(&c->api->clients);
}

/* --- the end --- */

int64_t connection_deadline(const struct connection *c)
{
    if (c->fd < 0)
        return INT64_MAX;
    if (c->closing)
        return c->close_by_ns;
    if (c->service != SERVICE_FULL)
        return c->opened_ns + API_STOP_ONLY_NS;
    return c->in_half > 0 ? c->last_read_ns + API_HALF_LINE_NS : INT64_MAX;
}

void connection_expire(struct connection *c, int64_t now_ns)
{
    if (connection_deadline(c) <= now_ns)
        connection_drop(c);
}

void connection_finish(struct connection *c)
{
    if (c->closing || c->fd < 0)
        return;
    c->closing = c->deaf = true;
    c->close_by_ns = clock_monotonic_ns() + API_LINGER_NS;
    if (c->service != SERVICE_FULL && c->close_by_ns > c->opened_ns + API_STOP_ONLY_NS)
        c->close_by_ns = c->opened_ns + API_STOP_ONLY_NS;
    clients_deadline(&c->api->clients, c->close_by_ns);
    connection_touch(c);
}

void connection_hang_up(struct connection *c)
{
    if (c->fd < 0)
        return;
    struct clients *all = &c->api->clients;
    if (c->dirty)
        all->n_dirty--;
    if (c->rested)
        all->n_rested--;
    c->dirty = c->rested = c->paused = false;
    c->subscription.active = false;
    c->io = sd_event_source_disable_unref(c->io);
    close(c->fd);
    c->fd = -1;
    all->output_total -= output_waiting(&c->out);
    output_free(&c->out);
    c->read_closed = c->deaf = true;
    c->leaving = true;
    all->n_closed++;
    all->n_leaving++;
    clients_wake(all);
}

void connection_drop(struct connection *c)
{
    c->in_head = c->in_end = c->in_half = c->in_lines = 0;
    c->too_long = false;
    batch_drop(&c->batch);
    connection_hang_up(c);
    in_settle(c);
}

bool connection_done(const struct connection *c)
{
    return c->fd < 0 && !c->has_work && c->calls == 0 && c->batch == NULL;
}

void connection_identify(struct connection *c)
{
    const struct api *api = c->api;
    c->name = peer_names_find(api->names, c->peer.uid);
    c->role = c->fd >= 0 ? peer_role(c->fd, &c->peer, api->config) : NULL;
    if (c->name != NULL)
        snprintf(c->label, sizeof(c->label), "%s", c->name);
    else
        snprintf(c->label, sizeof(c->label), "%u", (unsigned)c->peer.uid);
}

int connection_open(struct api *api, int fd, enum connection_service service, const struct peer *peer, int reserved,
                    struct connection **out)
{
    struct connection *c = calloc(1, sizeof(*c));
    int r = c != NULL ? loop_add_io(api->settings.event, fd, EPOLLIN, LOOP_CLIENT_READ, "client", on_io, c, &c->io)
                      : -ENOMEM;
    if (r < 0) {
        close(fd);
        free(c);
        return r;
    }
    c->api = api;
    c->number = ++api->clients.next_number;
    c->fd = fd;
    c->reserved = reserved;
    c->peer = *peer;
    c->service = service;
    connection_identify(c);
    c->opened_ns = clock_monotonic_ns();
    scanner_begin(&c->scanner);
    *out = c;
    return 0;
}

void connection_free(struct connection *c)
{
    if (c == NULL)
        return;
    free(c->in);
    output_free(&c->out);
    free(c);
}
