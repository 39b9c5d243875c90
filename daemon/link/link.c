/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One host per physical link, as the daemon sees it: spawned, listened to, replaced. Nothing here waits. A host that
 * exits, closes its socket, floods or sends what does not check is gone at once and a successor starts in replacement
 * mode if its predecessor ever had a device in hand.
 */
#include "link/internal.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "link/loop.h"

/* Messages of one host per dispatch: other hosts and deadlines come in between. */
#define LINK_READ_PER_TURN 16
#define LINK_DRAIN_MAX 64
/*
 * A line of 32 units at a telemetry of 10 ms sends 3200 samples a second, the fastest that can be configured; a host
 * above that does not follow its devices any more.
 */
#define LINK_FLOOD_PER_S 4000
/*
 * Of these, what a host says of itself and becomes records, alarms and events: a line of 32 units that all come back at
 * once says some 250 such things, and what a host keeps for a daemon that stood still are some 450 of them. And lines
 * for the log, of which a host lets 20 a second through and keeps some 300.
 */
#define LINK_NEWS_PER_S 640
#define LINK_LOGS_PER_S 400
/* A host that lived this long is replaced at once, one that dies sooner with a growing delay. */
#define LINK_HEALTHY_NS (10 * NS_PER_S)
#define LINK_BACKOFF_MIN_NS (100 * NS_PER_MS)
#define LINK_BACKOFF_MAX_NS (5 * NS_PER_S)
/* Shutdown: time to prove rest, then SIGTERM (which means the same, to a host that lost its socket), then SIGKILL. */
#define LINK_SHUTDOWN_NS (1000 * NS_PER_MS)
#define LINK_TERM_NS (300 * NS_PER_MS)

static int link_spawn(struct link *link);
static void link_lost(struct link *link, const char *why);

/* ---- receiving ---- */

/* Neither a sample nor what follows from a message of the daemon's own, of which there may be many. */
static bool is_news(const struct link_header *message)
{
    return message->type != LINK_SAMPLE && message->type != LINK_SESSION && message->type != LINK_HEARD &&
           message->type != LINK_TRIED;
}

static bool link_floods(struct link *link, const struct link_header *message)
{
    int64_t now = clock_monotonic_ns();
    if (now - link->window_ns >= NS_PER_S) {
        link->window_ns = now;
        link->in_window = link->news_in_window = link->logs_in_window = 0;
    }
    link->news_in_window += is_news(message);
    link->logs_in_window += message->type == LINK_LOG;
    return ++link->in_window > LINK_FLOOD_PER_S || link->news_in_window > LINK_NEWS_PER_S ||
           link->logs_in_window > LINK_LOGS_PER_S;
}

/* From when on a successor must assume that an output was left: as soon as a device was in reach. */
static void note_presence(struct link *link, const struct link_header *message)
{
    if (message->type != LINK_PRESENCE)
        return;
    uint32_t state = ((const struct link_presence *)message)->state;
    if (state == UNIT_READY || state == UNIT_ENERGISED || state == UNIT_QUARANTINE || state == UNIT_OUTPUT_UNKNOWN)
        link->in_hand = true;
}

static void link_read(struct link *link, unsigned max)
{
    unsigned generation = link->restarts;
    for (unsigned i = 0; i < max && link->fd >= 0 && link->restarts == generation; i++) {
        ssize_t n = recv(link->fd, link->buffer, sizeof(link->buffer), MSG_DONTWAIT | MSG_TRUNC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            link_lost(link, "host closed its socket");
            return;
        }
        if ((size_t)n > sizeof(link->buffer) || link_message_check(link->buffer, (size_t)n, true) < 0) {
            link_lost(link, "host sent a malformed message");
            return;
        }
        const struct link_header *message = (const void *)link->buffer;
        if (link_floods(link, message)) {
            link_lost(link, "host floods");
            return;
        }
        const struct link_hello *hello = (const void *)link->buffer;
        if (message->type == LINK_HELLO && hello->hello_size != sizeof(struct link_sample)) {
            link_lost(link, "host is of another build");
            return;
        }
        note_presence(link, message);
        link->callbacks.message(link, message, link->callbacks.userdata);
    }
}

void link_drain(struct link *link)
{
    link_read(link, LINK_DRAIN_MAX);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)source;
    (void)fd;
    struct link *link = userdata;
    unsigned generation = link->restarts;
    link_read(link, LINK_READ_PER_TURN);
    if (link->fd < 0 || link->restarts != generation || !(events & EPOLLOUT))
        return 0;
    if (link_flush(link) < 0)
        link_lost(link, "host cannot be written to");
    return 0;
}

/* ---- life of the host ---- */

static int on_exit_of_host(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    (void)source;
    (void)fd;
    (void)events;
    struct link_child *child = userdata;
    struct link *link = child->link;
    int status = 0, killed = 0;
    if (spawned_reap(&child->process, &status, &killed) == 0)
        return 0;
    child->process.pid = 0;
    child->exited = sd_event_source_disable_unref(child->exited);
    spawned_close(&child->process);
    if (child == &link->host) {
        char why[64];
        snprintf(why, sizeof(why), killed ? "host was ended by signal %d" : "host exited with %d", status);
        link_read(link, LINK_DRAIN_MAX); /* its last words, a proof of rest among them */
        link_lost(link, why);
    }
    if (link->ending != ENDING_NO && link->ending != ENDING_DONE && link->host.process.pid == 0) {
        link->ending = ENDING_DONE;
        loop_set_timer(link->ending_timer, INT64_MAX);
        link->done(link, link->done_userdata);
    }
    return 0;
}

/* The killed host is watched from another place, so that its successor need not wait for the kernel to reap it. */
static void child_move_to_dying(struct link *link)
{
    for (size_t i = 0; i < LINK_DYING_MAX; i++) {
        struct link_child *slot = &link->dying[i];
        if (slot->process.pid != 0)
            continue;
        *slot = link->host;
        if (slot->exited)
            sd_event_source_set_userdata(slot->exited, slot);
        link->host = (struct link_child){{0, -1}, NULL, link};
        return;
    }
    /* Four hosts that the kernel will not reap: stay with this one, its exit starts the next. */
}

static void socket_close(struct link *link)
{
    link->io = sd_event_source_disable_unref(link->io);
    link->writing = false;
    if (link->fd >= 0)
        close(link->fd);
    link->fd = -1;
    link->queued = 0;
}

/* The next start: at once after a healthy life, else with growing delay. */
static void schedule_respawn(struct link *link)
{
    int64_t now = clock_monotonic_ns();
    if (now - link->spawned_ns >= LINK_HEALTHY_NS)
        link->backoff_ns = 0;
    loop_set_timer(link->retry, now + link->backoff_ns);
    link->backoff_ns = link->backoff_ns == 0 ? LINK_BACKOFF_MIN_NS : link->backoff_ns * 2;
    if (link->backoff_ns > LINK_BACKOFF_MAX_NS)
        link->backoff_ns = LINK_BACKOFF_MAX_NS;
}

static void link_lost(struct link *link, const char *why)
{
    if (link->fd < 0)
        return;
    socket_close(link);
    link->restarts++;
    link->replacement = link->replacement || link->in_hand;
    link->in_hand = link->idle = false;
    if (link->ending == ENDING_NO) {
        spawned_kill(&link->host.process, SIGKILL);
        if (link->host.process.pid != 0)
            child_move_to_dying(link);
        schedule_respawn(link);
    }
    link->callbacks.gone(link, why, link->callbacks.userdata);
}

static int on_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    struct link *link = userdata;
    if (link->ending != ENDING_NO || link->fd >= 0)
        return 0;
    if (link->host.process.pid != 0 || link_spawn(link) < 0)
        schedule_respawn(link);
    return 0;
}

static int link_spawn(struct link *link)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -errno;
    struct spawned process = {0, -1};
    int r = spawn_host(link->settings.host_path, pair[1], &process);
    close(pair[1]);
    if (r < 0) {
        close(pair[0]);
        return r;
    }
    link->host = (struct link_child){process, NULL, link};
    link->fd = pair[0];
    link->config_next = 0;
    link->spawned_ns = link->window_ns = clock_monotonic_ns();
    link->in_window = link->news_in_window = link->logs_in_window = 0;
    r = loop_add_io(link->event, process.pidfd, EPOLLIN, LOOP_HOST, "host exit", on_exit_of_host, &link->host,
                    &link->host.exited);
    if (r == 0)
        r = loop_add_io(link->event, link->fd, EPOLLIN, LOOP_HOST, "host", on_socket, link, &link->io);
    if (r == 0)
        r = link_flush(link);
    if (r == -EPIPE || r == -ECONNRESET)
        r = 0; /* it is gone already: its end of file is read next and replaces it */
    if (r < 0) {
        socket_close(link);
        spawned_kill(&link->host.process, SIGKILL);
        if (link->host.exited)
            child_move_to_dying(link);
    }
    return r;
}

void link_replace(struct link *link, const char *why)
{
    link_lost(link, why);
}

void link_replace_idle(struct link *link, const char *why)
{
    const bool lives = link->fd >= 0; /* of one that is gone already nobody can vouch for anything */
    link_lost(link, why);
    link->idle = lives;
}

/* ---- ending ---- */

static int on_ending(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    struct link *link = userdata;
    if (link->host.process.pid == 0) {
        link->ending = ENDING_DONE;
        link->done(link, link->done_userdata);
        return 0;
    }
    if (link->ending == ENDING_TOLD) {
        link->ending = ENDING_TERM;
        spawned_kill(&link->host.process, SIGTERM);
        return loop_set_timer(link->ending_timer, clock_monotonic_ns() + LINK_TERM_NS);
    }
    link->ending = ENDING_KILL;
    spawned_kill(&link->host.process, SIGKILL);
    return 0;
}

void link_shutdown(struct link *link, void (*done)(struct link *link, void *userdata), void *userdata)
{
    if (link->ending != ENDING_NO)
        return;
    link->ending = ENDING_TOLD;
    link->done = done;
    link->done_userdata = userdata;
    loop_set_timer(link->retry, INT64_MAX);
    struct link_plain message;
    link_message_head(&message, LINK_SHUTDOWN, sizeof(message));
    if (link_send(link, &message) < 0)
        spawned_kill(&link->host.process, SIGTERM);
    int64_t wait_ns = link->host.process.pid != 0 ? LINK_SHUTDOWN_NS : 0;
    loop_set_timer(link->ending_timer, clock_monotonic_ns() + wait_ns);
}

/* ---- making ---- */

static int settings_copy(struct link_settings *to, const struct link_settings *from)
{
    *to = *from;
    to->host_path = strdup(from->host_path);
    to->plugin_path = strdup(from->plugin_path);
    to->state_dir = strdup(from->state_dir);
    to->canonical = strdup(from->canonical);
    return to->host_path && to->plugin_path && to->state_dir && to->canonical ? 0 : -ENOMEM;
}

/* What a message cannot carry is refused before anything is spawned. */
static int settings_fit(const struct link_settings *s)
{
    const struct link_config *config = NULL;
    if (strlen(s->canonical) >= sizeof(config->link) || strlen(s->plugin_path) >= sizeof(config->plugin_path) ||
        strlen(s->state_dir) >= sizeof(config->state_dir))
        return -ENAMETOOLONG;
    struct link_line line;
    for (size_t i = 0; i < s->n_lines; i++)
        if (link_line_pack(&line, &s->lines[i]) < 0)
            return -E2BIG;
    return 0;
}

int link_start(sd_event *event, const struct link_settings *settings, const struct link_callbacks *callbacks,
               struct link **out)
{
    int r = settings_fit(settings);
    if (r < 0)
        return r;
    struct link *link = calloc(1, sizeof(*link));
    if (!link)
        return -ENOMEM;
    link->event = sd_event_ref(event);
    link->callbacks = *callbacks;
    link->fd = -1;
    link->host = (struct link_child){{0, -1}, NULL, link};
    link->replacement = settings->open_reservation;
    r = settings_copy(&link->settings, settings);
    if (r == 0)
        r = loop_add_timer(event, INT64_MAX, LOOP_HOST, "host respawn", on_retry, link, &link->retry);
    if (r == 0)
        r = loop_add_timer(event, INT64_MAX, LOOP_DEADLINE, "host ending", on_ending, link, &link->ending_timer);
    if (r == 0)
        r = link_spawn(link);
    if (r < 0) {
        link_free(link);
        return r;
    }
    *out = link;
    return 0;
}

const char *link_name(const struct link *link)
{
    return link->settings.canonical;
}

int64_t link_pid(const struct link *link)
{
    return link->host.process.pid;
}

unsigned link_restarts(const struct link *link)
{
    return link->restarts;
}

static void child_free(struct link_child *child)
{
    sd_event_source_disable_unref(child->exited);
    if (child->process.pid != 0)
        spawned_close(&child->process);
}

void link_free(struct link *link)
{
    if (!link)
        return;
    socket_close(link); /* end of file: a host that still runs rests everything and exits */
    child_free(&link->host);
    for (size_t i = 0; i < LINK_DYING_MAX; i++)
        child_free(&link->dying[i]);
    sd_event_source_disable_unref(link->retry);
    sd_event_source_disable_unref(link->ending_timer);
    sd_event_unref(link->event);
    free((char *)link->settings.host_path);
    free((char *)link->settings.plugin_path);
    free((char *)link->settings.state_dir);
    free((char *)link->settings.canonical);
    free(link);
}
