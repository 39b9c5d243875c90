/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One look decides, whoever asks for it: does the name lead to us? A name that is taken away again and again is bound
 * ten times a second at most, so that a fight over it never takes the processor from supervision.
 */
#include "api/socket_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "link/loop.h"
#include "modality/log.h"
#include "supervise/alarm.h"

#define LOOK_NS (1 * NS_PER_S)
#define AGAIN_NS (100 * NS_PER_MS)
#define STOP_AFTER_NS (1 * NS_PER_S)
#define WATCHED (IN_DELETE | IN_MOVED_FROM | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF)

/* The directory may be another one than a second ago. A watch that stands already stays. */
static void directory_watch(const struct socket_watch *w)
{
    char directory[108];
    snprintf(directory, sizeof(directory), "%s", w->server->socket.path);
    char *slash = strrchr(directory, '/');
    slash[slash == directory ? 1 : 0] = 0;
    if (w->fd >= 0)
        (void)inotify_add_watch(w->fd, directory, WATCHED); /* without it the look once a second remains */
}

static void say_lost(const struct socket_watch *w)
{
    const struct api *api = w->server->api;
    char detail[200];
    snprintf(detail, sizeof(detail), "%s was deleted, renamed or replaced while the daemon serves it",
             w->server->socket.path);
    log_line(SD_WARNING, "modalityd: %s", detail);
    alarms_raise(sessions_alarms(api->settings.sessions), ALARM_KIND_socket_lost, NULL, NULL, detail, clock_wall_ms());
    (void)record_audit(api->settings.record, "socket.lost", NULL, NULL,
                       json_pack("{s:s}", "path", w->server->socket.path));
}

static void say_back(const struct socket_watch *w)
{
    const struct api *api = w->server->api;
    log_line(SD_NOTICE, "modalityd: %s is bound again", w->server->socket.path);
    alarms_condition_over(sessions_alarms(api->settings.sessions), ALARM_KIND_socket_lost, NULL, NULL, clock_wall_ms());
    (void)record_audit(api->settings.record, "socket.bound", NULL, NULL,
                       json_pack("{s:s, s:I}", "path", w->server->socket.path, "lost_ms",
                                 (json_int_t)((clock_monotonic_ns() - w->lost_ns) / NS_PER_MS)));
}

/* 1 = not yet; negative: the loop does not take the new socket, the daemon ends and every output with it. */
static int bind_again(struct socket_watch *w, int64_t now_ns)
{
    char why[256] = "";
    int old = -1;
    w->next_ns = now_ns + AGAIN_NS;
    if (socket_rebind(&w->server->socket, &old, why, sizeof(why)) == 0)
        return server_listen(w->server, old);
    w->next_ns = now_ns + LOOK_NS;
    if (now_ns - w->lost_ns >= STOP_AFTER_NS) {
        const struct session_time now = api_now();
        session_stop_now(w->server->api->settings.sessions, NULL, &now);
        log_line(SD_ERR, "modalityd: nobody new can stop, so everything is stopped: %s", why);
    }
    return 1;
}

static int look(struct socket_watch *w)
{
    const int64_t now_ns = clock_monotonic_ns();
    int r = 0;
    directory_watch(w); /* first: what changes after the look is seen */
    if (!socket_is_ours(&w->server->socket)) {
        if (w->lost_ns == 0) {
            w->lost_ns = now_ns;
            say_lost(w);
        }
        r = now_ns >= w->next_ns ? bind_again(w, now_ns) : 1;
    }
    if (r < 0)
        return r;
    if (r == 0 && w->lost_ns != 0) {
        say_back(w);
        w->lost_ns = 0;
    }
    return loop_set_timer(w->timer, r == 0 ? now_ns + LOOK_NS : w->next_ns);
}

static int on_change(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
    char changes[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
    (void)source;
    (void)events;
    /* Which name changed does not matter, nor whether some were lost: the look decides. */
    (void)!read(fd, changes, sizeof(changes));
    return look(userdata);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata)
{
    (void)source;
    (void)usec;
    return look(userdata);
}

int socket_watch_start(struct socket_watch *w, struct server *s)
{
    sd_event *event = s->api->settings.event;
    *w = (struct socket_watch){.server = s, .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
    int r =
        loop_add_timer(event, clock_monotonic_ns() + LOOK_NS, LOOP_DEADLINE, "socket's name", on_time, w, &w->timer);
    if (r >= 0 && w->fd >= 0)
        r = loop_add_io(event, w->fd, EPOLLIN, LOOP_DEADLINE, "socket's directory", on_change, w, &w->io);
    directory_watch(w);
    return r < 0 ? r : 0;
}

void socket_watch_stop(struct socket_watch *w)
{
    w->io = sd_event_source_disable_unref(w->io);
    w->timer = sd_event_source_disable_unref(w->timer);
    if (w->server != NULL && w->fd >= 0)
        close(w->fd);
    w->fd = -1;
}
