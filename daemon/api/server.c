/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Accepting, caps, turns and clean-up of connections.
 */
#include "api/server.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/work.h"
#include "link/loop.h"

/* --- the list --- */

static void list_add(struct clients *all, struct connection *c)
{
    c->previous = all->last;
    if (all->last != NULL)
        all->last->next = c;
    else
        all->first = c;
    all->last = c;
    if (c->service == SERVICE_FULL)
        all->n_full++;
    else
        all->n_stop_only++;
}

static void list_remove(struct clients *all, struct connection *c)
{
    if (c->previous != NULL)
        c->previous->next = c->next;
    else
        all->first = c->next;
    if (c->next != NULL)
        c->next->previous = c->previous;
    else
        all->last = c->previous;
}

static size_t count_of_uid(const struct clients *all, uid_t uid)
{
    size_t n = 0;
    for (const struct connection *c = all->first; c != NULL; c = c->next)
        n += c->service == SERVICE_FULL && c->peer.uid == uid;
    return n;
}

static void reap(struct clients *all)
{
    for (struct connection *c = all->first, *next; c != NULL; c = next) {
        next = c->next;
        if (!connection_done(c))
            continue;
        list_remove(all, c);
        all->n_closed--;
        if (c->service == SERVICE_FULL)
            all->n_full--;
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
        clients_deadline(&s->api->clients, again_ns);
}

static void listener_wake(struct server *s)
{
    if (s->listener_rests && sd_event_source_set_enabled(s->listener, SD_EVENT_ON) >= 0)
        s->listener_rests = false;
}

/* Those that have closed their descriptor give their places back. */
static void places_back(struct server *s)
{
    struct clients *all = &s->api->clients;
    if (all->n_leaving == 0)
        return;
    for (struct connection *c = all->first; c != NULL && all->n_leaving > 0; c = c->next) {
        if (!c->leaving)
            continue;
        c->leaving = false;
        all->n_leaving--;
        if (c->reserved >= 0)
            s->reserve[c->reserved] = -1;
        if (c->service != SERVICE_FULL)
            all->n_stop_only--;
    }
    reserve_fill(s);
    listener_wake(s);
}

/* --- accepting --- */

/* Room for one more that may only stop: the oldest has had its time, or has it now. */
static bool stop_only_evict(struct server *s, bool on_reserve)
{
    for (struct connection *c = s->api->clients.first; c != NULL; c = c->next) {
        if (c->service == SERVICE_FULL || c->fd < 0 || (on_reserve && c->reserved < 0))
            continue;
        connection_read_now(c);
        connection_drop(c);
        places_back(s);
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
    struct clients *all = &s->api->clients;
    const struct config *config = s->api->config;
    const struct config_role *role = peer_role(fd, &peer, config);
    bool over = reserved >= 0 || all->n_full >= API_CONNECTIONS_MAX ||
                count_of_uid(all, peer.uid) >= config->daemon.connections_per_uid;
    enum connection_service service = role == NULL ? SERVICE_NO_ROLE : over ? SERVICE_OVER_CAP : SERVICE_FULL;
    if (service != SERVICE_FULL && all->n_stop_only >= API_STOP_ONLY_MAX)
        stop_only_evict(s, false);
    struct connection *c;
    r = connection_open(s->api, fd, service, &peer, reserved, &c);
    if (r < 0)
        return r;
    list_add(all, c);
    if (service != SERVICE_FULL)
        clients_deadline(all, connection_deadline(c));
    connection_read(c);
    return 0;
}

static int on_listener(sd_event_source *source, int listener, uint32_t events, void *userdata)
{
    struct server *s = userdata;
    (void)source;
    (void)events;
    places_back(s);
    if (!clients_may_read(&s->api->clients)) {
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

static void work_one(struct clients *all)
{
    struct connection *c = all->work_first;
    if (c == NULL)
        return;
    all->work_first = c->next_work;
    if (all->work_first == NULL)
        all->work_last = NULL;
    c->has_work = false;
    if (work_step(c))
        connection_has_work(c);
}

static void turn_begin(struct server *s)
{
    struct clients *all = &s->api->clients;
    all->turn_bytes = all->turn_reads = 0;
    if (s->listener_rests && s->listener_again_ns == INT64_MAX)
        listener_wake(s);
    for (struct connection *c = all->first; c != NULL && all->n_rested > 0; c = c->next) {
        if (c->rested)
            connection_resume(c);
    }
}

static int on_work(sd_event_source *source, void *userdata)
{
    struct server *s = userdata;
    struct clients *all = &s->api->clients;
    turn_begin(s);
    work_one(all);
    for (struct connection *c = all->first; c != NULL && all->n_dirty > 0; c = c->next) {
        if (c->dirty)
            connection_flush(c);
    }
    places_back(s);
    if (all->n_closed > 0)
        reap(all);
    if (all->work_first == NULL && all->n_dirty == 0)
        (void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
    return 0;
}

/* --- deadlines --- */

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
    struct server *s = userdata;
    struct clients *all = &s->api->clients;
    (void)usec;
    int64_t now = clock_monotonic_ns(), next = INT64_MAX;
    for (struct connection *c = all->first; c != NULL; c = c->next) {
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
    all->timer_ns = next;
    return loop_set_timer(source, next);
}

void server_roles(struct server *s)
{
    for (struct connection *c = s->api->clients.first; c != NULL; c = c->next)
        connection_identify(c);
}

/* --- start and stop --- */

void server_init(struct server *s, struct api *api)
{
    s->api = api;
    s->socket.fd = s->socket.lock_fd = -1;
    for (size_t i = 0; i < API_RESERVE; i++)
        s->reserve[i] = -1;
}

int server_start(struct server *s)
{
    sd_event *event = s->api->settings.event;
    struct clients *all = &s->api->clients;
    all->timer_ns = INT64_MAX;
    reserve_fill(s);
    int r = loop_add_defer(event, LOOP_CLIENT_WORK, "client work", on_work, s, &all->work);
    if (r >= 0)
        r = loop_add_timer(event, INT64_MAX, LOOP_CLIENT_WORK, "client deadlines", on_timer, s, &all->timer);
    if (r >= 0)
        r = loop_add_io(event, s->socket.fd, EPOLLIN, LOOP_CLIENT_READ, "listener", on_listener, s, &s->listener);
    return r < 0 ? r : 0;
}

void server_stop(struct server *s)
{
    struct clients *all = &s->api->clients;
    s->listener = sd_event_source_disable_unref(s->listener);
    all->work = sd_event_source_disable_unref(all->work);
    all->timer = sd_event_source_disable_unref(all->timer);
    while (all->first != NULL) {
        struct connection *c = all->first;
        connection_flush(c);
        connection_drop(c);
        list_remove(all, c);
        connection_free(c);
    }
    all->work_first = all->work_last = NULL;
    for (size_t i = 0; i < API_RESERVE; i++) {
        if (s->reserve[i] >= 0)
            close(s->reserve[i]);
        s->reserve[i] = -1;
    }
    text_free(&all->answer);
    socket_close(&s->socket);
}
