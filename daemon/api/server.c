/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepting, caps, turns and clean-up. Reading has the highest priority of the loop, so what all clients may send
 * between two turns of work is bounded: a flood slows itself down, never a deadline.
 */
#include "api/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/connection.h"
#include "api/state.h"
#include "link/loop.h"

/* --- the list --- */

static void list_add(struct server *s, struct connection *c)
{
    c->previous = s->last;
    if (s->last != NULL)
        s->last->next = c;
    else
        s->first = c;
    s->last = c;
    if (c->service == SERVICE_FULL)
        s->n_full++;
    else
        s->n_stop_only++;
}

static void list_remove(struct server *s, struct connection *c)
{
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        s->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    else
        s->last = c->previous;
}

static size_t count_of_uid(const struct server *s, uid_t uid)
{
    size_t n = 0;
    for (const struct connection *c = s->first; c != NULL; c = c->next)
        n += c->service == SERVICE_FULL && c->peer.uid == uid;
    return n;
}

static void reap(struct server *s)
{
    for (struct connection *c = s->first, *next; c != NULL; c = next) {
        next = c->next;
        if (!connection_done(c))
            continue;
        list_remove(s, c);
        s->n_closed--;
        if (c->service == SERVICE_FULL)
            s->n_full--;
        connection_free(c);
    }
}

/* --- descriptors kept aside --- */

static void reserve_fill(struct server *s)
{
    for (size_t i = 0; i < API_RESERVE; i++) {
        if (s->reserve[i] == -1)
            s->reserve[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
}

/* -2 marks a place whose descriptor serves a connection. */
static int accept_on_reserve(struct server *s, int *place)
{
    for (int i = 0; i < API_RESERVE; i++) {
        if (s->reserve[i] < 0)
            continue;
        close(s->reserve[i]);
        s->reserve[i] = -1;
        int fd = accept4(s->socket.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            s->reserve[i] = -2;
            *place = i;
            return fd;
        }
        int error = errno;
        reserve_fill(s);
        errno = error;
        return -1;
    }
    errno = EMFILE;
    return -1;
}

static void listener_rest(struct server *s, int64_t again_ns)
{
    s->listener_rests = true;
    s->listener_again_ns = again_ns;
    if (sd_event_source_set_enabled(s->listener, SD_EVENT_OFF) >= 0 && again_ns != INT64_MAX)
        server_deadline(s, again_ns);
}

static void listener_wake(struct server *s)
{
    if (s->listener_rests && sd_event_source_set_enabled(s->listener, SD_EVENT_ON) >= 0)
        s->listener_rests = false;
}

void server_closed(struct server *s, const struct connection *c)
{
    if (c->reserved >= 0)
        s->reserve[c->reserved] = -1;
    if (c->service != SERVICE_FULL)
        s->n_stop_only--;
    reserve_fill(s);
    listener_wake(s);
}

/* --- accepting --- */

/* Room for one more that may only stop: the oldest has had its time, or has it now. */
static bool stop_only_evict(struct server *s, bool on_reserve)
{
    for (struct connection *c = s->first; c != NULL; c = c->next) {
        if (c->service == SERVICE_FULL || c->fd < 0 || (on_reserve && c->reserved < 0))
            continue;
        connection_read_now(c);
        connection_drop(c);
        return true;
    }
    return false;
}

static int admit(struct server *s, int fd, int reserved)
{
    struct peer peer;
    int r = peer_read(fd, &peer);
    if (r < 0) {
        close(fd);
        return r;
    }
    const struct config *config = s->api->config;
    const struct config_role *role = peer_role(fd, &peer, config);
    bool over = reserved >= 0 || s->n_full >= API_CONNECTIONS_MAX ||
                count_of_uid(s, peer.uid) >= config->daemon.connections_per_uid;
    enum connection_service service = role == NULL ? SERVICE_NO_ROLE : over ? SERVICE_OVER_CAP : SERVICE_FULL;
    if (service != SERVICE_FULL && s->n_stop_only >= API_STOP_ONLY_MAX)
        stop_only_evict(s, false);
    struct connection *c;
    r = connection_open(s, fd, service, &peer, reserved, &c);
    if (r < 0)
        return r;
    list_add(s, c);
    if (service != SERVICE_FULL)
        server_deadline(s, connection_deadline(c));
    connection_read(c);
    return 0;
}

static int on_listener(sd_event_source *source, int listener, uint32_t events, void *userdata)
{
    struct server *s = userdata;
    (void)source;
    (void)events;
    if (!server_may_read(s)) {
        listener_rest(s, INT64_MAX); /* the next turn of work wakes it */
        return 0;
    }
    int reserved = -1;
    int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        fd = accept_on_reserve(s, &reserved);
        if (fd < 0 && (errno == EMFILE || errno == ENFILE) && stop_only_evict(s, true))
            fd = accept_on_reserve(s, &reserved);
    }
    if (fd < 0) {
        if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            listener_rest(s, clock_monotonic_ns() + API_ACCEPT_REST_NS);
        return 0;
    }
    if (admit(s, fd, reserved) < 0 && reserved >= 0) {
        s->reserve[reserved] = -1;
        reserve_fill(s);
    }
    return 0;
}

int server_listen(struct server *s, int old_fd)
{
    int fd;
    while ((fd = accept4(old_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
        (void)admit(s, fd, -1); /* a peer that cannot be admitted is closed there */
    int r = sd_event_source_set_io_fd(s->listener, s->socket.fd);
    if (r >= 0)
        r = sd_event_source_set_enabled(s->listener, SD_EVENT_ON);
    s->listener_rests = false;
    close(old_fd);
    return r < 0 ? r : 0;
}

/* --- turns --- */

bool server_may_read(struct server *s)
{
    if (s->turn_bytes < API_TURN_BYTES && s->turn_reads < API_TURN_READS) {
        s->turn_reads++;
        return true;
    }
    server_wake(s);
    return false;
}

void server_wake(struct server *s)
{
    if (s->work != NULL)
        (void)sd_event_source_set_enabled(s->work, SD_EVENT_ON); /* fails only on a source that is gone */
}

void server_has_work(struct server *s, struct connection *c)
{
    if (c->has_work)
        return;
    c->has_work = true;
    c->next_work = NULL;
    if (s->work_last != NULL)
        s->work_last->next_work = c;
    else
        s->work_first = c;
    s->work_last = c;
    server_wake(s);
}

static void work_one(struct server *s)
{
    struct connection *c = s->work_first;
    if (c == NULL)
        return;
    s->work_first = c->next_work;
    if (s->work_first == NULL)
        s->work_last = NULL;
    c->has_work = false;
    if (connection_work(c))
        server_has_work(s, c);
}

static void turn_begin(struct server *s)
{
    s->turn_bytes = s->turn_reads = 0;
    if (s->listener_rests && s->listener_again_ns == INT64_MAX)
        listener_wake(s);
    for (struct connection *c = s->first; c != NULL && s->n_rested > 0; c = c->next) {
        if (c->rested)
            connection_resume(c);
    }
}

static int on_work(sd_event_source *source, void *userdata)
{
    struct server *s = userdata;
    turn_begin(s);
    work_one(s);
    for (struct connection *c = s->first; c != NULL && s->n_dirty > 0; c = c->next) {
        if (c->dirty)
            connection_flush(c);
    }
    if (s->n_closed > 0)
        reap(s);
    if (s->work_first == NULL && s->n_dirty == 0)
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return 0;
}

/* --- deadlines --- */

void server_deadline(struct server *s, int64_t at_ns)
{
    if (at_ns >= s->timer_ns || s->timer == NULL)
        return;
    s->timer_ns = at_ns;
    (void)loop_set_timer(s->timer, at_ns);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct server *s = userdata;
    (void)usec;
    int64_t now = clock_monotonic_ns(), next = INT64_MAX;
    for (struct connection *c = s->first; c != NULL; c = c->next) {
        connection_expire(c, now);
        int64_t at = connection_deadline(c);
        next = at < next ? at : next;
    }
    if (s->listener_rests && s->listener_again_ns <= now) {
        reserve_fill(s);
        listener_wake(s);
    } else if (s->listener_rests && s->listener_again_ns < next) {
        next = s->listener_again_ns;
    }
    s->timer_ns = next;
    return loop_set_timer(source, next);
}

void server_output_grew(struct server *s)
{
    if (s->output_total <= API_OUTPUT_TOTAL)
        return;
    struct connection *greediest = s->first;
    for (struct connection *c = s->first; c != NULL; c = c->next) {
        if (output_waiting(&c->out) > output_waiting(&greediest->out))
            greediest = c;
    }
    connection_drop(greediest);
}

void server_roles(struct server *s)
{
    for (struct connection *c = s->first; c != NULL; c = c->next)
        connection_identify(c);
}

/* --- start and stop --- */

int server_start(struct server *s, struct api *api)
{
    sd_event *event = api->settings.event;
    s->api = api;
    s->timer_ns = INT64_MAX;
    for (size_t i = 0; i < API_RESERVE; i++)
        s->reserve[i] = -1;
    reserve_fill(s);
    int r = loop_add_defer(event, LOOP_CLIENT_WORK, "client work", on_work, s, &s->work);
    if (r >= 0)
        r = loop_add_timer(event, INT64_MAX, LOOP_CLIENT_WORK, "client deadlines", on_timer, s, &s->timer);
    if (r >= 0)
        r = loop_add_io(event, s->socket.fd, EPOLLIN, LOOP_CLIENT_READ, "listener", on_listener, s, &s->listener);
    if (r >= 0)
        r = socket_watch_start(&s->watch, s);
    return r < 0 ? r : 0;
}

void server_stop(struct server *s)
{
    socket_watch_stop(&s->watch);
    s->listener = sd_event_source_disable_unref(s->listener);
    s->work = sd_event_source_disable_unref(s->work);
    s->timer = sd_event_source_disable_unref(s->timer);
    while (s->first != NULL) {
        struct connection *c = s->first;
        connection_flush(c);
        connection_drop(c);
        list_remove(s, c);
        connection_free(c);
    }
    s->work_first = s->work_last = NULL;
    for (size_t i = 0; i < API_RESERVE; i++) {
        if (s->reserve[i] >= 0)
            close(s->reserve[i]);
        s->reserve[i] = -1;
    }
    text_free(&s->answer);
    socket_close(&s->socket);
}
